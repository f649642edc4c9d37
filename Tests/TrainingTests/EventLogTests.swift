import Foundation
import NeuralNetworks
import Testing

@testable import Training

private let python = ExternalProgram.python(importing: "tensorboard.backend.event_processing.event_accumulator")

private let isMissing: Comment =
  "needs Python with tensorboard: set FFJORD_VAE_PYTHON to an interpreter that has it"

/// TensorBoard's own reader finds a run's metrics and pictures, once each.
@Suite struct EventLogTests {
  let directory = try! TemporaryDirectory()

  /// What TensorBoard has of a run.
  private struct Contents: Decodable {
    struct Scalar: Decodable, Equatable {
      let step: Int
      let value: Double
    }
    struct Image: Decodable {
      let step, height, width, bytes: Int
    }
    let scalars: [String: [Scalar]]
    let images: [String: [Image]]
  }

  private static let script = """
    import json, sys
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    tags = events.Tags()
    print("contents:" + json.dumps({
      "scalars": {t: [{"step": e.step, "value": e.value} for e in events.Scalars(t)] for t in tags["scalars"]},
      "images": {t: [{"step": e.step, "height": e.height, "width": e.width, "bytes": len(e.encoded_image_string)}
                     for e in events.Images(t)] for t in tags["images"]}}))
    """

  private func contents(of run: String) throws -> Contents {
    let (status, text) = try ExternalProgram.output(of: try #require(python), ["-c", Self.script, run])
    #expect(status == 0, "\(text)")
    let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("contents:") }, "\(text)")
    return try JSONDecoder().decode(Contents.self, from: Data(line.dropFirst("contents:".count).utf8))
  }

  /// Every number of `metrics.jsonl` by tag, in single precision.
  private func expected(_ run: String) throws -> [String: [Contents.Scalar]] {
    let text = try String(contentsOf: RunDirectory(run).metrics, encoding: .utf8)
    return try text.split(separator: "\n").reduce(into: [:]) { scalars, line in
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let (split, step) = (try #require(object["split"] as? String), try #require(object["step"] as? Int))
      for (name, value) in object where !["step", "epoch", "split"].contains(name) {
        let number = try #require(value as? Double)
        scalars["\(split)/\(name)", default: []].append(.init(step: step, value: Double(Float(number))))
      }
    }
  }

  private func eventFiles(_ run: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(atPath: run).filter { $0.hasPrefix("events.out.tfevents.") }
      .sorted().map { RunDirectory(run).url.appending(path: $0) }
  }

  @Test(.enabled(if: python != nil, isMissing))
  func `TensorBoard finds what metrics say, and each epoch's pictures`() throws {
    let run = directory.path("run")
    try TinyRun.train(TinyRun.configuration { $0.epochs = 2 }, in: run)
    let found = try contents(of: run)
    let expected = try expected(run)
    #expect(found.scalars == expected)
    #expect(found.scalars["step/negative_elbo"]?.map(\.step) == [1, 2, 3, 4, 5, 6])
    #expect(found.scalars["validation/negative_elbo"]?.map(\.step) == [3, 6])
    #expect(Set(found.images.keys) == ["reconstructions", "samples"])
    for (tag, shown) in found.images {
      #expect(shown.map(\.step) == [3, 6], "\(tag)")
      #expect(shown.allSatisfy { $0.height > 0 && $0.width > 0 })
    }
    let images = try #require(found.images["reconstructions"])
    for (image, epoch) in zip(images, 1...) {
      let picture = RunDirectory(run).picture(epoch: epoch)
      #expect(try image.bytes == Data(contentsOf: picture).count)
    }
  }

  @Test(.enabled(if: python != nil, isMissing))
  func `steps that are taken again after a crash count once`() throws {
    let run = directory.path("run")
    try TinyRun.train(TinyRun.configuration { $0.steps = 3 }, in: run)
    let early = try Data(contentsOf: RunDirectory(run).last)
    try TinyRun.resume(in: run) { $0.steps = 9 }
    #expect(try contents(of: run).scalars["step/kl"]?.count == 9)
    // As if the program had been killed, with a record half written, before it could save again.
    let newest = try #require(try eventFiles(run).last)
    try Data(contentsOf: newest).dropLast(5).write(to: newest)
    try early.write(to: RunDirectory(run).last)
    try TinyRun.resume(in: run) { $0.steps = 5 }
    #expect(try eventFiles(run).count == 3)
    let found = try contents(of: run)
    #expect(found.scalars == (try expected(run)))
    #expect(found.scalars["step/kl"]?.map(\.step) == [1, 2, 3, 4, 5])
    for tag in ["reconstructions", "samples"] { #expect(found.images[tag]?.map(\.step) == [3], "\(tag)") }
  }

  @Test func `a run leaves one event file each time it goes on, and none where there is nothing to do`() throws {
    let run = directory.path("run")
    try TinyRun.train(TinyRun.configuration { $0.steps = 2 }, in: run)
    #expect(try eventFiles(run).count == 1)
    try TinyRun.resume(in: run) { $0.steps = 2 }
    #expect(try eventFiles(run).count == 1)
    try TinyRun.resume(in: run) { $0.steps = 3 }
    #expect(try eventFiles(run).count == 2)
  }

  @Test func `samples are of the same points of latent space in each epoch, by the averaged parameters`() throws {
    let configuration = TinyRun.configuration { ($0.average, $0.epochs) = (0.9, 1) }
    let model = try TinyRun.state(configuration).model
    let state = try TinyRun.train(configuration, in: directory.path("run")).state
    func samples(_ parameters: KeyPath<TrainingState, ParameterSet>) throws -> Data {
      let evaluator = Evaluator(
        model: model, parameters: state[keyPath: parameters], divergence: .gaussian, seed: state.configuration.seed)
      return try EpochPictures(evaluator: evaluator, polarity: .ink).samples().png
    }
    #expect(try samples(\.modelParameters) == samples(\.modelParameters))
    #expect(try samples(\.modelParameters) != samples(\.parameters))
  }
}
