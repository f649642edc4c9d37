@testable import DensityEstimation
import Autodiff
import FileTestSupport
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Runs
import TestSupport
import Tensors
import Testing

/// Training: a resumed run is the run that never stopped, with every kind of state.
@Suite struct DensityTrainerTests {
  let directory = try! TemporaryDirectory()

  /// Does nothing.
  private final class Silent: DensityTrainingObserver {
    func didTakeStep(_ record: DensityRecord, _ state: DensityState) {}
    func didFinishEpoch(_ training: DensityRecord, _ validation: DensityRecord?, isBest: Bool, _ state: DensityState) {}
  }

  /// A small configuration of points, with a change.
  private static func points(_ change: (inout DensityConfiguration) -> Void) -> DensityConfiguration {
    var configuration = DensityConfiguration()
    configuration.dataset = "moons"
    (configuration.hidden, configuration.batchSize, configuration.steps) = ([8], 20, 12)
    (configuration.validationInterval, configuration.limitValidation, configuration.blocks) = (4, 50, 2)
    (configuration.tolerance, configuration.relativeTolerance) = (1e-3, 1e-3)
    change(&configuration)
    return configuration
  }

  private static let configurations: [DensityConfiguration] = [
    points { $0.hasBatchNormalization = true },
    points { $0.polynomial.weight = 1 },
    points { ($0.divergence, $0.regularization.kineticEnergy) = (.gaussian, 0.1) },
    points { $0.flows = [.realNVP] },
    points { ($0.flows, $0.hasBatchNormalization) = ([.realNVP, .ffjord], true) },
    points { $0.flows = [.glow] },
    points { $0.flows = [.nice] },
    points { ($0.flows, $0.hasBatchNormalization) = ([.maf], true) },
    points { $0.flows = [.deepSigmoidal, .deepDenseSigmoidal] },
    points { ($0.flows, $0.hidden) = ([.tan], [6, 8]) },
    points { ($0.learningRateWarmup, $0.clipNorm, $0.patience) = (6, 0.5, 3) },
    // Two and a half steps a pass through the rows, in an order of its own.
    points { ($0.dataset, $0.flows, $0.hasBatchNormalization) = ("table.csv", [.maf], true) },
    points { ($0.dataset, $0.flows, $0.divergence) = ("table.csv", [.ffjord], .gaussian) },
    images { $0.flows = [.glow] },
    images { ($0.flows, $0.gradient, $0.divergence) = ([.ffjord], .checkpointed, .rademacher) },
  ]

  /// A small configuration of images, with a change.
  private static func images(_ change: (inout DensityConfiguration) -> Void) -> DensityConfiguration {
    points {
      ($0.dataset, $0.isMultiscale, $0.hidden, $0.blocks) = ("pictures", true, [4], 1)
      ($0.activation, $0.timeDependence, $0.limitValidation) = (.softplus, .concat, 2)
      change(&$0)
    }
  }

  /// Moons, or a table of 50 rows, or 30 pictures of 8x8.
  private func data(_ name: String = "moons") throws -> DensityDataset {
    let file = directory.file(name)
    if !FileManager.default.fileExists(atPath: file.path) {
      switch name {
      case "table.csv":
        let rows = (0..<63).map { row in (0..<3).map { "\((row * 7 + 13 * $0) % (23 + $0))" }.joined(separator: ",") }
        try Data(rows.joined(separator: "\n").utf8).write(to: file)
      case "pictures":
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        for number in 0..<40 {
          let pixels = (0..<64).map { UInt8(($0 * 5 + number * 11) % 256) }
          try PNGImage(height: 8, width: 8, pixels: pixels).write(to: file.appending(path: "\(number).png"))
        }
      default: return try DensityDataset.load(name, locator: DatasetLocator(environment: [:]))
      }
    }
    return try DensityDataset.load(file.path, locator: DatasetLocator(environment: [:]))
  }

  private func train(_ configuration: DensityConfiguration, in name: String, stoppingAfter steps: Int? = nil) throws {
    let run = RunDirectory(directory.path(name))
    let lock = try run.create(isReplacing: false)
    var trainer = try DensityTrainer(configuration, data: try data(configuration.dataset), directory: run)
    var taken = 0
    _ = try withExtendedLifetime(lock) {
      try trainer.run(observer: Silent()) {
        taken += 1
        return taken == steps
      }
    }
  }

  private func resume(_ name: String) throws {
    let run = RunDirectory(directory.path(name))
    let lock = try run.lock()
    guard case .state(let model, let state) = try DensityRun.continuation(in: run).0 else {
      Issue.record("\(name) has no state")
      return
    }
    var trainer = try DensityTrainer(
      resuming: state, model, data: try data(state.configuration.dataset), directory: run)
    _ = try withExtendedLifetime(lock) { try trainer.run(observer: Silent()) { false } }
  }

  private func state(_ name: String) throws -> DensityState {
    try DensityCheckpoint.read(directory.file("\(name)/last.safetensors.zst"), includingOptimizer: true).state
  }

  @Test(arguments: configurations.indices) func aResumedRunEndsWithTheSameBits(_ index: Int) throws {
    let configuration = Self.configurations[index]
    try train(configuration, in: "whole")
    // Within an epoch, at its end, and before the first.
    for steps in [6, 8, 1] {
      let name = "stopped-\(steps)"
      try train(configuration, in: name, stoppingAfter: steps)
      #expect(try state(name).progress.step == steps)
      try resume(name)
      let (whole, resumed) = (try state("whole"), try state(name))
      #expect(resumed.progress.step == 12)
      func numbers(_ state: DensityState) -> [[Float]] {
        (state.parameters.tensors + state.buffers.tensors + state.optimizer.firstMoments
          + state.optimizer.secondMoments).map { $0.floats() }
      }
      #expect(numbers(resumed) == numbers(whole), "\(configuration.modelSummary), after \(steps) steps")
      #expect(resumed.progress.bestNegativeLogLikelihood == whole.progress.bestNegativeLogLikelihood)
      #expect(resumed.progress.solverStates == whole.progress.solverStates)
      let lines = try [name, "whole"].map { name in
        try String(contentsOf: directory.file("\(name)/metrics.jsonl"), encoding: .utf8).split(separator: "\n").count
      }
      #expect(lines[0] == lines[1])
    }
  }

  @Test func aLongEpochIsSavedInItsMidst() throws {
    let configuration = Self.points { $0.hasBatchNormalization = true }
    let run = RunDirectory(directory.path("run"))
    let lock = try run.create(isReplacing: false)
    var trainer = try DensityTrainer(configuration, data: try data(), directory: run)
    trainer.savingTimer.interval = .zero
    var saved: [Int?] = []
    _ = try withExtendedLifetime(lock) {
      try trainer.run(observer: Silent()) {
        saved.append(try? DensityCheckpoint.header(of: run.last).progress.step)
        // What a process leaves that is killed between two validations.
        if saved.count == 6 {
          try? FileManager.default.copyItem(at: run.url, to: directory.file("killed"))
        }
        return false
      }
    }
    #expect(saved == Array(1...12))
    #expect(try state("killed").progress.step == 6)
    try resume("killed")
    let (whole, resumed) = (try state("run"), try state("killed"))
    #expect(resumed.parameters.tensors.map { $0.floats() } == whole.parameters.tensors.map { $0.floats() })
    #expect(resumed.progress.bestNegativeLogLikelihood == whole.progress.bestNegativeLogLikelihood)
  }

  @Test func trainingLowersTheNegativeLogLikelihood() throws {
    try train(Self.points { ($0.steps, $0.learningRate, $0.flows) = (200, 5e-3, [.realNVP]) }, in: "run")
    let summary = try DensityRunSummary(RunDirectory(directory.path("run")))
    let figures = summary.epochs.map(\.validation.negativeLogLikelihood)
    #expect(figures.count == 50)
    #expect(try #require(figures.last) < figures[0] - 0.3)
    #expect(summary.parameterCount == (try state("run").parameters.count))
    #expect(summary.best?.negativeLogLikelihood == figures.min())
  }

  @Test func theLearningRateDropsAsPublished() {
    var state = DensityState(
      Self.points { ($0.patience, $0.learningRate) = (30, 1e-3) }, ParameterSet(), buffers: ParameterSet())
    var rates: [Double] = []
    state.progress.bestEpoch = 1
    for epoch in 1...31 {
      state.progress.epoch = epoch
      state.dropLearningRate()
      rates.append(state.learningRate)
    }
    // Ten validations without gain are tolerated at the first rate, and ten more at a tenth of it.
    #expect(rates.firstIndex { $0 < 5e-4 } == 11)
    #expect(rates.firstIndex { $0 < 5e-5 } == 21)
    #expect(abs(rates[0] - 1e-3) < 1e-12 && abs(rates[30] - 1e-5) < 1e-12)
    // A gain brings back no rate.
    state.progress.bestEpoch = 31
    state.dropLearningRate()
    #expect(abs(state.learningRate - 1e-5) < 1e-12)
  }

  @Test func earlyStoppingWaitsForThePatience() throws {
    // The validation figure never improves at a learning rate of almost zero but for rounding.
    try train(
      Self.points {
        ($0.steps, $0.learningRate, $0.patience, $0.flows) = (1000, 1e-30, 3, [.realNVP])
      }, in: "run")
    let progress = try state("run").progress
    #expect(progress.bestEpoch == 1 && progress.epoch == 5)
  }

  @Test func otherDataThanTheRunBeganWithAreNoticed() throws {
    try train(Self.points { $0.flows = [.realNVP] }, in: "run", stoppingAfter: 2)
    let run = RunDirectory(directory.path("run"))
    guard case .state(let model, let state) = try DensityRun.continuation(in: run).0 else { return }
    let other = try DensityDataset.load("circles", locator: DatasetLocator(environment: [:]))
    #expect(throws: RunError.self) {
      _ = try DensityTrainer(resuming: state, model, data: other, directory: run)
    }
    _ = try DensityTrainer(resuming: state, model, data: other, directory: run, allowingChangedData: true)
  }

  @Test func aValidationSampleWithoutDensityIsNoGain() throws {
    let configuration = Self.points { ($0.flows, $0.patience) = ([.realNVP], 1) }
    try train(configuration, in: "run", stoppingAfter: 4)
    #expect(try state("run").progress.bestEpoch == 1)
    // A point so far away that its density is zero in single precision.
    let points = try data()
    let far = DensityDataset(
      name: "moons", kind: .points, source: points.source, validation: Tensor([1e30, 1e30] as [Float], shape: [1, 2]),
      test: points.test)
    let run = RunDirectory(directory.path("run"))
    guard case .state(let model, let before) = try DensityRun.continuation(in: run).0 else { return }
    var trainer = try DensityTrainer(
      resuming: before, model, data: far, directory: run, allowingChangedData: true)
    let ending = try trainer.run(observer: Silent()) { false }
    #expect(ending == .stoppedEarly(bestEpoch: 1))
    #expect(trainer.state.progress.epoch == 3)
    #expect(try DensityRunSummary(run).epochs.count == 1)
    let rows = Tensor([0, 0, 1e30, 1e30] as [Float], shape: [2, 2])
    let undefined = #expect(throws: RunError.self) { _ = try DensityEvaluator(model, before).logDensities(rows) }
    #expect(undefined?.description.hasPrefix("the density of sample 2 is zero") == true)
    // Before there is a best one, there is nothing to go back to.
    let other = RunDirectory(directory.path("other"))
    let lock = try other.create(isReplacing: false)
    defer { withExtendedLifetime(lock) {} }
    var first = try DensityTrainer(configuration, data: far, directory: other)
    let error = #expect(throws: RunError.self) { _ = try first.run(observer: Silent()) { false } }
    guard case .diverged(4, _, nil)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: DensityFlowKind.allCases) func aTrainedFlowIsInvertedInSinglePrecision(_ kind: DensityFlowKind)
    throws
  {
    let configuration = Self.points {
      ($0.flows, $0.hidden, $0.blocks) = ([kind], kind == .tan ? [16, 16] : [32, 32], 3)
      ($0.steps, $0.validationInterval, $0.learningRate) = (300, 300, 5e-3)
      ($0.batchSize, $0.tolerance, $0.relativeTolerance) = (50, 1e-7, 1e-7)
    }
    try train(configuration, in: "run")
    let (model, state) = try DensityCheckpoint.read(
      directory.file("run/last.safetensors.zst"), includingOptimizer: false)
    let pass = DensityPass(state.parameters.constants, buffers: state.buffers)
    let x = try data().test.sliced(axis: 0, start: 0, length: 500)
    let z = try model.layers.forward(Variable(x), pass).z
    #expect(largestDifference(z.value, x.doubles()) > 0.3)
    let error = largestDifference(try model.layers.inverse(z, pass).value, x.doubles())
    #expect(error < 1e-5, "\(kind): \(error)")
  }
}
