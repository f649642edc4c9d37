import FileTestSupport
import Foundation
import NeuralNetworks
import Testing

@testable import Inference
@testable import Runs
@testable import Training

/// TensorBoard's own reader finds a run's metrics and pictures, once each.
@Suite struct EventLogTests {
  let directory = try! TemporaryDirectory()

  /// Every number of `metrics.jsonl` by folder and tag, in single precision.
  private func expected(_ run: String) throws -> [String: [TensorBoardReader.Scalar]] {
    let text = try String(contentsOf: RunDirectory(run).metrics, encoding: .utf8).replacing(
      "\"nfe_", with: "\"evaluations_")
    return try text.split(separator: "\n").reduce(into: [:]) { scalars, line in
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let (split, step) = (try #require(object["split"] as? String), try #require(object["step"] as? Int))
      for (name, value) in object where !["step", "epoch", "split"].contains(name) {
        let scalar = TensorBoardReader.Scalar(step: step, value: Double(Float(try #require(value as? Double))))
        scalars[split == "step" ? ".:step/\(name)" : "\(split):epoch/\(name)", default: []].append(scalar)
        if split == "validation", ["negative_elbo", "bits_per_dimension"].contains(name) {
          scalars[".:validation/\(name)", default: []].append(scalar)
        }
      }
    }
  }

  /// The event files of a run, in its directory or in that of a split.
  private func eventFiles(_ run: String, _ folder: String = ".") throws -> [URL] {
    let url = RunDirectory(run).url.appending(path: folder)
    return try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasPrefix("events.out.tfevents.") }
      .sorted().map { url.appending(path: $0) }
  }

  @Test(.enabled(if: TensorBoardReader.python.isHere, "\(TensorBoardReader.python.lack)"))
  func `TensorBoard finds what metrics say, and each epoch's pictures`() throws {
    let run = directory.path("run")
    try TinyRun.train(TinyRun.configuration { $0.epochs = 2 }, in: run)
    let found = try TensorBoardReader.contents(of: run)
    #expect(found.scalars == (try expected(run)))
    #expect(found.runs["."]?.scalars["step/negative_elbo"]?.map(\.step) == [1, 2, 3, 4, 5, 6])
    // One tag in two folders is two curves of one chart.
    for split in ["train", "validation"] {
      #expect(found.runs[split]?.scalars["epoch/negative_elbo"]?.map(\.step) == [3, 6])
      #expect(found.runs[split]?.scalars.keys.allSatisfy { $0.hasPrefix("epoch/") } == true)
    }
    let images = try #require(found.runs["."]?.images)
    #expect(Set(images.keys) == ["reconstructions", "samples"])
    for (tag, shown) in images {
      #expect(shown.map(\.step) == [3, 6], "\(tag)")
      #expect(shown.allSatisfy { $0.height > 0 && $0.width > 0 })
    }
    for (image, epoch) in zip(try #require(images["reconstructions"]), 1...) {
      #expect(try image.bytes == Data(contentsOf: RunDirectory(run).picture(epoch: epoch)).count)
    }
  }

  @Test(.enabled(if: TensorBoardReader.python.isHere, "\(TensorBoardReader.python.lack)"))
  func `steps that are taken again after a crash count once`() throws {
    let run = directory.path("run")
    try TinyRun.train(TinyRun.configuration { $0.steps = 3 }, in: run)
    let early = try Data(contentsOf: RunDirectory(run).last)
    try TinyRun.resume(in: run) { $0.steps = 9 }
    #expect(try TensorBoardReader.contents(of: run).scalars[".:step/kl"]?.count == 9)
    // As if the program had been killed, with a record half written, before it could save again.
    let newest = try #require(try eventFiles(run).last)
    try Data(contentsOf: newest).dropLast(5).write(to: newest)
    try early.write(to: RunDirectory(run).last)
    // No epoch ends: that those of before do not count is said in their folders all the same.
    try TinyRun.resume(in: run) { $0.steps = 5 }
    #expect(try eventFiles(run).count == 3)
    let found = try TensorBoardReader.contents(of: run)
    #expect(found.scalars == (try expected(run)))
    #expect(found.scalars[".:step/kl"]?.map(\.step) == [1, 2, 3, 4, 5])
    #expect(found.scalars["validation:epoch/kl"]?.map(\.step) == [3])
    for tag in ["reconstructions", "samples"] { #expect(found.runs["."]?.images[tag]?.map(\.step) == [3], "\(tag)") }
    #expect(found.runs["."]?.texts["configuration"]?.map(\.step) == [1, 4])
  }

  @Test(.enabled(if: TensorBoardReader.python.isHere, "\(TensorBoardReader.python.lack)"))
  func `curves of a run that an older program began are whole`() throws {
    let run = directory.path("run")
    try TinyRun.train(TinyRun.configuration { $0.epochs = 2 }, in: run)
    // It wrote no event files in folders, and called evaluations of the velocity nfe.
    let metrics = RunDirectory(run).metrics
    try Data(String(contentsOf: metrics, encoding: .utf8).replacing("\"evaluations_", with: "\"nfe_").utf8).write(
      to: metrics)
    for folder in EventFiles.folders {
      try FileManager.default.removeItem(at: RunDirectory(run).url.appending(path: folder))
    }
    try TinyRun.resume(in: run) { $0.epochs = 4 }
    #expect(try TensorBoardReader.contents(of: run).scalars == expected(run))
    try TinyRun.resume(in: run) { $0.epochs = 5 }
    let found = try TensorBoardReader.contents(of: run)
    #expect(found.scalars == (try expected(run)))
    #expect(found.scalars["train:epoch/kl"]?.map(\.step) == [3, 6, 9, 12, 15])
  }

  @Test func `a run leaves one event file in each place each time it goes on, and none where there is nothing to do`()
    throws
  {
    let run = directory.path("run")
    func expectCount(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
      for folder in ["."] + EventFiles.folders {
        #expect(try eventFiles(run, folder).count == count, sourceLocation: sourceLocation)
      }
    }
    try TinyRun.train(TinyRun.configuration { $0.steps = 2 }, in: run)
    try expectCount(1)
    try TinyRun.resume(in: run) { $0.steps = 2 }
    try expectCount(1)
    try TinyRun.resume(in: run) { $0.steps = 3 }
    try expectCount(2)
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
