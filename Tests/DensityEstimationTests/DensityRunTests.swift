import FileTestSupport
import Foundation
import NeuralNetworks
import Runs
import TestSupport
import Testing

@testable import DensityEstimation

/// From which checkpoint a run goes on, and which one is used as its model.
@Suite struct DensityRunTests {
  let directory = try! TemporaryDirectory()

  private var run: RunDirectory { RunDirectory(directory.path("run")) }

  /// Saves a state after a number of epochs of ten steps, as the best or not.
  private func save(_ epoch: Int, bestEpoch: Int, run identifier: String = "mine") throws {
    var configuration = DensityConfiguration()
    (configuration.dimensions, configuration.hidden) = (2, [4])
    let made = try DensityModel.make(configuration, in: DensityBuilder(seed: 1))
    var state = DensityState(configuration, made.parameters, buffers: made.buffers)
    (state.progress.step, state.progress.epoch, state.run) = (10 * epoch, epoch, identifier)
    (state.progress.bestEpoch, state.progress.bestNegativeLogLikelihood) = (bestEpoch, 2)
    try run.save(isBest: epoch == bestEpoch) { try DensityCheckpoint.write(state, to: $0) }
    try run.write(anyConfiguration: configuration, run: "mine")
  }

  private func step(_ file: URL? = nil) throws -> (step: Int, remarks: String) {
    guard case (.state(_, let state), let remarks) = try DensityRun.continuation(in: run, from: file) else {
      Issue.record("it has no state")
      return (0, "")
    }
    return (state.progress.step, remarks.joined(separator: "\n"))
  }

  private func damage(_ file: URL) throws {
    try FileManager.default.removeItem(at: file)
    try Data("nothing".utf8).write(to: file)
  }

  private func error(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    Issue.record("nothing was thrown")
    return ""
  }

  init() throws { try FileManager.default.createDirectory(at: run.url, withIntermediateDirectories: true) }

  @Test func aDamagedCheckpointIsReplacedByTheOther() throws {
    try save(1, bestEpoch: 1)
    try save(2, bestEpoch: 1)
    #expect(try step() == (20, ""))
    #expect(try DensityRun.model(at: run.url.path).state.progress.step == 10)
    let whole = try Data(contentsOf: run.best)
    try damage(run.best)
    #expect(try DensityRun.model(at: run.url.path).state.progress.step == 20)
    #expect(try step().remarks.contains("is damaged; the next epoch"))
    try whole.write(to: run.best)
    try damage(run.last)
    let (found, remarks) = try step()
    #expect(found == 10 && remarks.contains("going on from") && remarks.contains("epoch 1, step 10"))
    try damage(run.best)
    let both = error { _ = try step() }
    #expect(both.contains(Checkpoint.lastName) && both.contains(Checkpoint.bestName))
  }

  @Test func aRunWithADamagedConfigurationIsKnownByItsCheckpoint() throws {
    try save(1, bestEpoch: 1)
    #expect(DensityRun.isOne(run))
    try Data("{\"kind\": \"dens".utf8).write(to: run.configuration)
    #expect(DensityRun.isOne(run))
    try Data("{\"latent\": 4}".utf8).write(to: run.configuration)
    #expect(!DensityRun.isOne(run))
  }

  @Test func aBestCheckpointThatWasNotLinkedIs() throws {
    try save(1, bestEpoch: 1)
    let old = try Data(contentsOf: run.best)
    try save(2, bestEpoch: 2)
    // As if the program had been killed before the link.
    try FileManager.default.removeItem(at: run.best)
    try old.write(to: run.best)
    #expect(try DensityRun.model(at: run.url.path).state.progress.step == 20)
    #expect(try step() == (20, ""))
    #expect(try Data(contentsOf: run.best) == Data(contentsOf: run.last))
  }

  @Test func aRunGoesOnFromItsOwnCheckpointsAlone() throws {
    try save(1, bestEpoch: 1)
    try save(2, bestEpoch: 1)
    #expect(try step(run.last).step == 20)
    #expect(error { _ = try step(run.best) }.contains("what came after would be lost, up to epoch 2, step 20"))
    let other = run.url.appending(path: "other.safetensors.zst")
    try FileManager.default.copyItem(at: run.last, to: other)
    #expect(error { _ = try step(other) }.contains(Checkpoint.lastName))
    try FileManager.default.removeItem(at: run.last)
    #expect(try step(run.best).step == 10)
    try save(3, bestEpoch: 1, run: "another")
    #expect(error { _ = try step() }.contains("of another run"))
  }

  @Test func aBestCheckpointOfAnotherRunIsNotItsModel() throws {
    try save(1, bestEpoch: 1, run: "another")
    try save(2, bestEpoch: 1)
    let (_, state, _, remarks) = try DensityRun.model(at: run.url.path)
    #expect(state.progress.step == 20 && remarks.joined().contains("of another run"))
  }
}
