import DifferentialEquations
import FileTestSupport
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Testing

@testable import Runs
@testable import Training

/// A run that was stopped and resumed is the run that was not: tensor for tensor, bit for bit, line for line.
@Suite struct ResumptionTests {
  let directory = try! TemporaryDirectory()

  private func expectSame(
    _ whole: TrainingState, _ resumed: TrainingState, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(resumed.differences(from: whole) == [], sourceLocation: sourceLocation)
    #expect(resumed.timelessProgress == whole.timelessProgress, sourceLocation: sourceLocation)
    #expect(
      try TinyRun.metrics(in: directory.path("resumed")) == TinyRun.metrics(in: directory.path("whole")),
      sourceLocation: sourceLocation)
  }

  /// Stops after `k` of the eight steps of a run whose epochs have three, and goes on.
  private func stopAndResume(after k: Int, _ configuration: TrainingConfiguration) throws {
    var all = configuration
    all.steps = 8
    let whole = try TinyRun.train(all, in: directory.path("whole"))
    var part = configuration
    part.steps = k
    let stopped = try TinyRun.train(part, in: directory.path("resumed"))
    #expect(stopped.state.progress.step == k)
    #expect(stopped.ending == .complete)
    #expect(!stopped.state.differences(from: whole.state).isEmpty)
    let resumed = try TinyRun.resume(in: directory.path("resumed")) { $0.steps = 8 }
    #expect(resumed.state.progress.step == 8)
    try expectSame(whole.state, resumed.state)
  }

  @Test(arguments: [1, 2, 3, 4, 6, 7])
  func `stopping anywhere in an epoch or at its end changes nothing`(k: Int) throws {
    try stopAndResume(after: k, TinyRun.configuration())
  }

  @Test(arguments: AdjointMethod.allCases)
  func `stopping changes nothing with any gradient of a solve`(gradient: AdjointMethod) throws {
    try stopAndResume(after: 4, TinyRun.configuration { $0.gradient = gradient })
  }

  @Test(arguments: Divergence.allCases)
  func `stopping changes nothing with any divergence`(divergence: Divergence) throws {
    try stopAndResume(after: 4, TinyRun.configuration { $0.divergence = divergence })
  }

  @Test(arguments: Precision.allCases, [true, false])
  func `stopping changes nothing in any precision, with and without a warm start`(
    precision: Precision, warmStart: Bool
  ) throws {
    try stopAndResume(
      after: 4,
      TinyRun.configuration {
        $0.precision = precision
        $0.warmStart = warmStart
        $0.model.blocks = 2
        $0.tolerance = 1e-6
      })
  }

  @Test func `stopping changes nothing without a flow and with a solver of fixed steps`() throws {
    try stopAndResume(after: 4, TinyRun.configuration { $0.model.flow = .none })
    let other = ResumptionTests()
    try other.stopAndResume(
      after: 4,
      TinyRun.configuration {
        $0.solver = "rk4"
        $0.solverSteps = 3
      })
  }

  /// A control of the optimization, switched on.
  struct Control: Sendable, CustomTestStringConvertible {
    let name: String
    let change: @Sendable (inout TrainingConfiguration) -> Void

    var testDescription: String { name }
  }

  static let controls: [Control] = [
    Control(name: "Adam") { $0.optimizer = .adam },
    Control(name: "average") { $0.average = 0.8 },
    Control(name: "Adam and average") { ($0.optimizer, $0.average) = (.adam, 0.8) },
    Control(name: "warm-up") { $0.learningRateWarmup = 7 },
    Control(name: "cosine") { ($0.schedule, $0.finalLearningRate) = (.cosine, 1e-4) },
    Control(name: "plateau") { ($0.schedule, $0.plateauPatience, $0.learningRate) = (.plateau, 0, 0.01) },
    Control(name: "clipping") { $0.clipNorm = 1 },
    Control(name: "weight decay") { $0.weightDecay = 0.1 },
    Control(name: "training tolerance") { $0.trainingTolerance = 1e-8 },
    Control(name: "path gradient") { $0.gradientEstimator = .path },
    Control(name: "generated images") { $0.generatedWeight = 0.5 },
    Control(name: "random shift") { $0.randomShift = 1 },
  ]

  @Test(arguments: controls, [2, 4])
  func `stopping changes nothing with any control, and each control changes the run`(_ control: Control, k: Int) throws
  {
    let configuration = TinyRun.configuration {
      $0.epochs = 3
      control.change(&$0)
    }
    let whole = try TinyRun.train(configuration, in: directory.path("whole"))
    let plain = try TinyRun.train(TinyRun.configuration { $0.epochs = 3 }, in: directory.path("plain"))
    #expect(!whole.state.differences(from: plain.state).isEmpty)
    var asked = 0
    let stopped = try TinyRun.train(configuration, in: directory.path("resumed")) {
      asked += 1
      return asked == k
    }
    #expect(stopped.ending == .interrupted && stopped.state.progress.step == k)
    let resumed = try TinyRun.resume(in: directory.path("resumed")) { _ in }
    try expectSame(whole.state, resumed.state)
  }

  @Test(arguments: 1...4)
  func `a run that is asked to stop finishes its step and goes on as if it had not been`(k: Int) throws {
    let configuration = TinyRun.configuration { $0.epochs = 2 }
    let whole = try TinyRun.train(configuration, in: directory.path("whole"))
    var asked = 0
    let stopped = try TinyRun.train(configuration, in: directory.path("resumed")) {
      asked += 1
      return asked == k
    }
    #expect(stopped.ending == .interrupted)
    #expect(stopped.state.progress.step == k)
    let resumed = try TinyRun.resume(in: directory.path("resumed")) { _ in }
    #expect(resumed.ending == .complete)
    try expectSame(whole.state, resumed.state)
  }

  @Test func `a long epoch is saved in its midst, and goes on as if the program had not been killed`() throws {
    let run = RunDirectory(directory.path("whole"))
    let lock = try run.create(isReplacing: false)
    var trainer = try Trainer(TinyRun.configuration(), dataset: TinyRun.dataset(), directory: run)
    trainer.savingTimer.interval = .zero
    var saved: [Int?] = []
    _ = try withExtendedLifetime(lock) {
      try trainer.run(observer: SilentObserver()) {
        saved.append(try? Checkpoint.summary(of: run.last).progress.step)
        if saved.count == 5 {
          try? FileManager.default.copyItem(at: run.url, to: directory.file("resumed"))
        }
        return false
      }
    }
    #expect(saved == Array(1...9))
    let resumed = try TinyRun.resume(in: directory.path("resumed")) { _ in }
    try expectSame(trainer.state, resumed.state)
  }

  @Test func `a run that was killed takes the steps after its last checkpoint again, and its metrics too`()
    throws
  {
    let configuration = TinyRun.configuration { $0.epochs = 2 }
    let whole = try TinyRun.train(configuration, in: directory.path("whole"))
    let part = TinyRun.configuration { $0.epochs = 1 }
    try TinyRun.train(part, in: directory.path("resumed"))
    // Two lines of steps whose checkpoint was never written, the second one cut off.
    let file = RunDirectory(directory.path("resumed")).url.appending(path: "metrics.jsonl")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let lost = lines[0].replacingOccurrences(of: "\"step\":1}", with: "\"step\":4}")
    #expect(lost != lines[0])
    try Data((lines.joined(separator: "\n") + "\n\(lost)\n\(lost.prefix(20))").utf8).write(to: file)
    let resumed = try TinyRun.resume(in: directory.path("resumed")) { $0.epochs = 2 }
    try expectSame(whole.state, resumed.state)
  }

  @Test func `a run that is done stays as it is`() throws {
    let configuration = TinyRun.configuration { $0.epochs = 1 }
    let done = try TinyRun.train(configuration, in: directory.path("whole"))
    let before = try TinyRun.metrics(in: directory.path("whole"))
    let again = try TinyRun.resume(in: directory.path("whole")) { _ in }
    #expect(again.ending == .complete)
    #expect(again.state.differences(from: done.state) == [])
    #expect(try TinyRun.metrics(in: directory.path("whole")) == before)
  }

  @Test func `other seeds are other runs`() throws {
    let a = try TinyRun.train(TinyRun.configuration { $0.steps = 2 }, in: directory.path("a"))
    let b = try TinyRun.train(
      TinyRun.configuration {
        $0.steps = 2
        $0.seed = 2
      }, in: directory.path("b"))
    #expect(b.state.differences(from: a.state).contains("q_z_mean.weight"))
  }

  @Test func `images of another size than the run's are refused`() throws {
    try TinyRun.train(TinyRun.configuration { $0.steps = 1 }, in: directory.path("run"))
    let (model, state) = try Checkpoint.read(
      RunDirectory(directory.path("run")).last, includingOptimizer: true)
    let other = try DatasetLoader.load(name: "glyphs")
    let error = runError {
      _ = try Trainer(
        resuming: state, model, dataset: other, directory: RunDirectory(directory.path("run")))
    }
    #expect(error?.category == .usage)
    #expect(error?.description.contains("8x8") == true && error?.description.contains("28x28") == true)
  }
}
