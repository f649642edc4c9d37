import FileTestSupport
import Files
import Foundation
import ImageDatasets
import Testing

@testable import Inference
@testable import Runs
@testable import Training

/// A program that is killed before any system call of a save: what is there is whole and agrees with what it says of itself,
/// and the run goes on as if nothing had been.
@Suite struct SaveInterruptionTests {
  let directory = try! TemporaryDirectory()

  /// A moment in a save. How many calls write differs a little with the seconds that are written, so that a call's place is
  /// counted from the last one that does not write.
  private struct Moment: Hashable, Comparable, CustomStringConvertible {
    /// Calls before it that do not write.
    var others = 0
    /// Writes since the last of them.
    var writes = 0

    var description: String { "after \(others) calls and \(writes) writes" }

    mutating func pass(_ call: DiskCall) {
      if call == .write { writes += 1 } else { (others, writes) = (others + 1, 0) }
    }

    static func < (left: Moment, right: Moment) -> Bool { (left.others, left.writes) < (right.others, right.writes) }
  }

  /// Lets calls pass until a moment, and none after, as if the program were no more.
  private final class Killer {
    private let moment: Moment
    private var now = Moment()
    private(set) var hasStruck = false

    init(at moment: Moment) { self.moment = moment }

    func mayPass(_ call: DiskCall) -> Bool {
      if now >= moment { hasStruck = true }
      if !hasStruck { now.pass(call) }
      return !hasStruck
    }
  }

  /// Runs `body` until it is killed before the call at a moment, or the next one; false if it comes to its end before.
  private func isKilled(at moment: Moment?, _ body: () throws -> Void) throws -> Bool {
    guard let moment else {
      try body()
      return false
    }
    let killer = Killer(at: moment)
    do {
      try DiskCall.gated(by: killer.mayPass, body)
    } catch {
      guard killer.hasStruck else { throw error }
    }
    return killer.hasStruck
  }

  /// Epochs of which some are the best so far, and some are not.
  private static let configuration = TinyRun.configuration {
    // One step an epoch: the calls of a save are what matters.
    $0.epochs = 3
    $0.batchSize = 10
    $0.learningRate = 0.03
    $0.model.flow = .none
  }

  private func files(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path(name)).sorted()
      .filter { !$0.hasPrefix("events.out") }
  }

  /// How many event files a run has in its directory, and in each of its folders.
  private func eventCounts(_ name: String) -> [Int] {
    let names = EventFiles.names(in: URL(filePath: directory.path(name)))
    return ([""] + EventFiles.folders.map { "\($0)/" }).map { folder in
      names.count { $0.hasPrefix("\(folder)events") }
    }
  }

  /// The moments to be killed at: before every call that does not write, and of those that write one thing after another
  /// before the first, one in the middle and the last. All of them take minutes: `FFJORD_VAE_EVERY_CALL=1`.
  private func moments(_ body: () throws -> Void) rethrows -> [Moment] {
    var now = Moment()
    var moments: [Moment] = []
    try DiskCall.gated(
      by: {
        moments.append(now)
        now.pass($0)
        return true
      }, body)
    if ProcessInfo.processInfo.environment["FFJORD_VAE_EVERY_CALL"] != nil { return moments }
    let groups = Dictionary(grouping: moments, by: \.others).values
    return groups.flatMap { group in
      Set([0, group.count / 2, max(0, group.count - 2), group.count - 1].map { group[$0] })
    }.sorted()
  }

  /// Goes on as `train --resume` does.
  private func goOn(in name: String, _ configuration: TrainingConfiguration) throws -> TrainingState {
    let run = RunDirectory(directory.path(name))
    guard FileManager.default.fileExists(atPath: run.configuration.path) else {
      return try TinyRun.train(configuration, in: run.url.path).state
    }
    let lock = try run.lock()
    var trainer: Trainer
    switch try run.continuation().0 {
    case .beginning(let found):
      // What is compared is what a person asked for, which the digest of the data is not.
      var asked = found
      asked.dataDigest = nil
      #expect(asked == configuration)
      trainer = try Trainer(found, dataset: TinyRun.dataset(), directory: run)
    case .state(let model, let state):
      trainer = try Trainer(resuming: state, model, dataset: TinyRun.dataset(), directory: run)
    }
    _ = try withExtendedLifetime(lock) { try trainer.run(observer: SilentObserver()) { false } }
    return trainer.state
  }

  /// Expects that the best checkpoint of a directory is what its last one says that it is.
  private func expectAgreement(_ name: String, _ moment: Comment) throws {
    let path = directory.path(name)
    guard (try? Checkpoint.file(at: path)) != nil else { return }
    let chosen = try TrainedModel(at: path)
    #expect(chosen.remarks == [], moment)
    let last = try? Checkpoint.summary(of: RunDirectory(path).last)
    if let best = last?.progress.bestEpoch { #expect(chosen.state.progress.epoch == best, moment) }
  }

  @Test func `a run that is killed before any call of its saves goes on to the same bits`() throws {
    var ended: TrainingState?
    let moments = try moments { ended = try TinyRun.train(Self.configuration, in: directory.path("whole")).state }
    let whole = try #require(ended)
    let best = try Checkpoint.read(RunDirectory(directory.path("whole")).best, includingOptimizer: true).state
    let bestEpoch = try #require(whole.progress.bestEpoch)
    for time in moments {
      let name = "killed-\(time.others)-\(time.writes)"
      let moment: Comment = "\(time)"
      guard try isKilled(at: time, { try TinyRun.train(Self.configuration, in: directory.path(name)) }) else {
        // The last writes of all are the only ones that a run may do without.
        #expect(time.others == moments.last?.others && time.writes > 0, moment)
        continue
      }
      try expectAgreement(name, moment)
      let state = try goOn(in: name, Self.configuration)
      #expect(state.differences(from: whole) == [], moment)
      #expect(state.timelessProgress == whole.timelessProgress, moment)
      #expect(try TinyRun.metrics(in: directory.path(name)) == TinyRun.metrics(in: directory.path("whole")), moment)
      let kept = try Checkpoint.read(RunDirectory(directory.path(name)).best, includingOptimizer: true).state
      #expect(kept.differences(from: best) == [] && kept.progress.epoch == bestEpoch, moment)
      #expect(try files(name) == files("whole"), moment)
      try FileManager.default.removeItem(atPath: directory.path(name))
    }
    // In each epoch metrics are appended twice, and a checkpoint is made, written, synced, renamed, and synced again.
    #expect(moments.count > 3 * (2 + 5), "\(moments.count) calls: the save passes some by")
  }

  @Test func `a run is replaced whole or not at all, whenever the new one is killed`() throws {
    let old = try TinyRun.train(
      TinyRun.configuration {
        $0.seed = 7
        $0.epochs = 2
        $0.batchSize = 10
      }, in: directory.path("old")
    ).state
    let new = Self.configuration
    let whole = try TinyRun.train(new, in: directory.path("whole")).state
    let oldFiles = try files("old")
    var outcomes: Set<String> = []
    let run = RunDirectory(directory.path("run"))
    func copyOld() throws {
      try FileManager.default.copyItem(atPath: directory.path("old"), toPath: directory.path("run"))
      try Data("mine".utf8).write(to: run.url.appending(path: "notes.txt"))
    }
    func replace() throws {
      let lock = try run.create(isReplacing: true)
      var trainer = try Trainer(new, dataset: TinyRun.dataset(), directory: run)
      let observer = EpochObserver()
      _ = try withExtendedLifetime(lock) { try trainer.run(observer: observer) { !observer.states.isEmpty } }
    }
    try copyOld()
    let moments = try moments(replace)
    try FileManager.default.removeItem(at: run.url)
    // And not at all.
    var killed = 0
    for time in moments as [Moment?] + [nil] {
      let moment: Comment = "\(time.map(String.init(describing:)) ?? "not killed")"
      try copyOld()
      if try isKilled(at: time, replace) { killed += 1 }
      try expectAgreement("run", moment)
      _ = try run.continuation()
      let seed = try Checkpoint.summary(of: run.last).configuration.seed
      if seed == old.configuration.seed {
        outcomes.insert("old")
        #expect(try files("run") == (oldFiles + ["notes.txt"]).sorted(), moment)
        #expect(eventCounts("run") == eventCounts("old"), moment)
        #expect(try Checkpoint.read(run.last, includingOptimizer: true).state.differences(from: old) == [], moment)
        #expect(try TinyRun.metrics(in: run.url.path) == TinyRun.metrics(in: directory.path("old")), moment)
      } else {
        outcomes.insert("new")
        let counts = eventCounts("run")
        #expect(counts == [1, 1, 1], moment)
        #expect(try goOn(in: "run", new).differences(from: whole) == [], moment)
        #expect(try files("run") == (files("whole") + ["notes.txt"]).sorted(), moment)
        #expect(try TinyRun.metrics(in: run.url.path) == TinyRun.metrics(in: directory.path("whole")), moment)
      }
      try FileManager.default.removeItem(at: run.url)
    }
    #expect(outcomes == ["old", "new"] && killed > 10 && killed >= moments.count - 2, "\(killed) of \(moments.count)")
  }

  @Test func `a new run that fails before its first checkpoint leaves the old one`() throws {
    try TinyRun.train(TinyRun.configuration { $0.epochs = 1 }, in: directory.path("run"))
    let run = RunDirectory(directory.path("run"))
    let before = try (files("run"), Data(contentsOf: run.last), Data(contentsOf: run.metrics))
    let lock = try run.create(isReplacing: true)
    let diverging = TinyRun.configuration { $0.learningRate = 1e20 }
    var trainer = try Trainer(diverging, dataset: TinyRun.dataset(), directory: run)
    let error = runError {
      _ = try withExtendedLifetime(lock) { try trainer.run(observer: SilentObserver()) { false } }
    }
    #expect(error?.category == .numerical)
    #expect(try (files("run"), Data(contentsOf: run.last), Data(contentsOf: run.metrics)) == before)
  }

  @Test func `temporary files of killed programs are removed, and no others`() throws {
    let run = RunDirectory(directory.path("run"))
    try TinyRun.train(TinyRun.configuration { $0.epochs = 1 }, in: run.url.path)
    let names = [".last.safetensors.zst.1z2y3x.partial", ".metrics.jsonl.abc.partial"]
    let others = [".mine.partial", ".codes.npy.1z2y.partial", "last.safetensors.zst.partial"]
    for name in names + others { try Data([1]).write(to: run.url.appending(path: name)) }
    _ = try run.continuation()
    let left = try FileManager.default.contentsOfDirectory(atPath: run.url.path)
    #expect(Set(left).isDisjoint(with: names) && Set(left).isSuperset(of: others))
  }
}
