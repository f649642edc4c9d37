import ArgumentParser
import Files
import Foundation
import ImageDatasets
import Inference
import Runs
import SVGCharts
import VariationalAutoencoder

struct Trajectory: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws the flow at work: how the posterior of an image changes from z0 to zT.",
    discussion: """
      A row for each image, between the image and its reconstruction: panels at times from 0 to the end of the last block, \
      with samples of the posterior and their paths. With two latent dimensions, blue regions are its exact \
      density; with more, the samples are seen along their two principal components. Works only with --flow ffjord.

        ffjord-vae trajectory Checkpoints/first --output flow.svg
        ffjord-vae trajectory omniglot --images 0,17 --times 8 --output flow.svg
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var drawing: DrawingOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// What is drawn.
  struct DrawingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("SVG to write", valueName: "file"), completion: .file(extensions: ["svg"]))
    var output: String

    @Option(help: ArgumentHelp("Images, counted from 0", .indices))
    var images: ImageIndices?

    @Option(help: ArgumentHelp("Number of images, without --images", .count))
    var count = 3

    @Option(help: ArgumentHelp("Panels per image", .count))
    var times = 6

    @Option(help: ArgumentHelp("Samples of the posterior", .count))
    var particles = 100

    @OptionGroup var random: SeedOptions

    func validate() throws {
      try check("--count", count, in: 1...20)
      try check("--times", times, in: 2...20)
      try check("--particles", particles, in: 1...2000)
      if let images, images.indices.count > 20 {
        throw ValidationError("--images", mustBe: "at most 20 indices", got: images.indices.count)
      }
    }
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      try checkOutput(drawing.output, endingIn: [".svg"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let model = trained.configuration.model
      guard model.flow.posterior.isSolved else {
        throw RunError.invalidConfiguration(
          "trajectory draws continuous flows, and the posterior of \(checkpoint) is \(model.flow.rawValue). 'ffjord-vae "
            + "train --flow ffjord' trains a continuous one; 'ffjord-vae encode' writes z0 and zT of any.")
      }
      guard model.latent > 1 else {
        throw RunError.invalidConfiguration(
          "trajectory draws a plane, and \(checkpoint) has one latent dimension. 'ffjord-vae encode' writes its codes.")
      }
      var places: [Int] = []
      let chosen = try input.images(for: trained.state, seed: drawing.random.seed) { total in
        let count = min(drawing.count, total)
        places = try drawing.images?.checked(total, option: "--images") ?? (0..<count).map { $0 * total / count }
        return places
      }
      try checkOutput(drawing.output, isApartFrom: [chosen.place])
      let picture = try TrajectoryPicture(
        of: chosen, names: places.map { "image \($0)" }, times: drawing.times, particles: drawing.particles,
        by: trained.evaluator(seed: drawing.random.seed), title: checkpoint.visible())
      try AtomicFile.write(to: URL(filePath: drawing.output)) { try $0.write(Data(picture.chart.svg().utf8)) }
      Terminal.logger.info(
        """
        \(drawing.output): \(Terminal.count(drawing.particles, "sample")) of each posterior of \
        \(Terminal.count(places.count, "image")), on \(picture.way)
        """)
    }
  }
}
