import Files
import ImageDatasets
import Markup

/// What a run's model makes: pictures, the strangest images, and the map of codes.
struct ReportPictures {
  private let run: ReportedRun
  private let identifier: String

  init(_ run: ReportedRun, identifier: String) { (self.run, self.identifier) = (run, identifier) }

  var sections: [MarkupElement] {
    guard let model = run.model else { return [] }
    var sections: [MarkupElement] = []
    let title = run.name
    if let work = model.work {
      sections.append(
        ReportPage.section(
          "Reconstructions",
          [
            figure(
              work.reconstructions, "Images of \(title), each beside its reconstruction.",
              caption: "Images of \(images(work)), spread over the split, each with its reconstruction on the right.")
          ]))
    }
    sections.append(
      ReportPage.section(
        "Samples",
        [
          figure(
            model.samples, "Samples of \(title).",
            caption: "Codes drawn from the prior, decoded: what the model holds for typical.")
        ]))
    if let work = model.work {
      sections.append(
        ReportPage.section(
          "Interpolations",
          [
            figure(
              work.interpolations, "Rows of images of \(title), each changing from one image into another.",
              caption: "Straight lines in latent space between the images at the two ends of each row.")
          ]))
      sections.append(strangest(work))
      sections.append(ReportMap(work, title: title, identifier: "\(identifier)-map").section)
    }
    return sections
  }

  private func images(_ work: ReportedModel.Work) -> String { "\(work.images.dataset.visible()), \(work.split)" }

  private func figure(_ picture: PNGImage, _ alternative: String, caption: String) -> MarkupElement {
    .figure(Self.image(picture, alternative), caption: caption)
  }

  /// A picture as a part of the page; a picture that libpng cannot encode is replaced by its description.
  private static func image(_ picture: PNGImage, _ alternative: String) -> MarkupElement {
    guard let png = try? picture.encoded() else { return ReportPage.paragraph(alternative) }
    return .picture(png: png, width: picture.width, height: picture.height, alternative: alternative)
  }

  private func strangest(_ work: ReportedModel.Work) -> MarkupElement {
    let configuration = run.configuration
    let figures = work.strangest.map { index, picture in
      let name = ReportMap.name(of: index, work)
      let score = -work.scores.bounds[index]
      let words =
        configuration.model.bitsPerDimension(nats: score).map { "\($0.fixed(3)) bits per dimension" }
        ?? "\(score.fixed(1)) nats"
      return figure(picture, "\(name) beside its reconstruction", caption: "\(words), \(name)")
    }
    let all = work.images.images.count
    return ReportPage.section(
      "Strangest images",
      [
        ReportPage.paragraph(
          """
          The \(figures.count) images of the greatest negative ELBO among \(all) of \(images(work)), each beside its \
          reconstruction. The bound also grows with how much there is in an image: it is no measure of strangeness alone.
          """),
        MarkupElement("div", [("class", "tiles")], figures),
      ])
  }
}
