import FileTestSupport
import Foundation
import Safetensors
import Testing

@testable import Inference
@testable import Runs

/// From what a run goes on, and which checkpoint is used, where files are missing, damaged or of another run.
@Suite struct RunContinuationTests {
  let directory = try! TemporaryDirectory()
  let run: RunDirectory
  let trained: TrainingState

  /// A run whose best epoch is not its last: five epochs and a step; made once.
  private static let example: Result<(path: String, state: TrainingState), any Error> = Result {
    let url = try TemporaryDirectory.shared()
    let configuration = TinyRun.configuration {
      $0.epochs = 6
      $0.steps = 16
      $0.learningRate = 0.03
      $0.model.flow = .none
    }
    return (url.path, try TinyRun.train(configuration, in: url.path).state)
  }

  init() throws {
    let example = try Self.example.get()
    trained = example.state
    try #require(trained.progress.epoch == 5 && trained.progress.bestEpoch ?? 5 < 5)
    run = RunDirectory(directory.path("run"))
    try FileManager.default.copyItem(atPath: example.path, toPath: run.url.path)
  }

  private func remove(_ file: URL) throws { try FileManager.default.removeItem(at: file) }

  private func damage(_ file: URL) throws {
    // Removed first: it may be one file with another.
    var data = try Data(contentsOf: file)
    data[data.count / 2] ^= 0x10
    try remove(file)
    try data.write(to: file)
  }

  private func empty(_ file: URL) throws {
    try remove(file)
    try Data().write(to: file)
  }

  /// The step that the run goes on after, and the remarks.
  private func continuation(_ file: URL? = nil) throws -> (step: Int, remarks: String) {
    let (continuation, remarks) = try run.continuation(from: file)
    guard case .state(_, let state) = continuation else { return (0, remarks.joined(separator: "\n")) }
    return (state.progress.step, remarks.joined(separator: "\n"))
  }

  private func error(_ body: () throws -> Void) throws -> (category: RunError.Category, text: String) {
    let thrown = runError(body)
    let error = try #require(thrown)
    return (error.category, error.description)
  }

  @Test func `whole files need no word`() throws {
    #expect(try continuation() == (16, ""))
    let model = try TrainedModel(at: run.url.path)
    #expect(model.state.progress.epoch == trained.progress.bestEpoch && model.remarks == [])
  }

  @Test(arguments: ["missing", "empty", "damaged"])
  func `a run goes on from the best checkpoint where the last one is not whole`(what: String) throws {
    let step = try Checkpoint.summary(of: run.best).progress.step
    switch what {
    case "missing": try remove(run.last)
    case "empty": try empty(run.last)
    default: try damage(run.last)
    }
    let (found, remarks) = try continuation()
    #expect(found == step)
    for word in [Checkpoint.lastName, "going on from", Checkpoint.bestName, "step \(step)"] {
      #expect(remarks.contains(word), "\(remarks)")
    }
    #expect(try TrainedModel(at: run.url.path).url.lastPathComponent == Checkpoint.bestName)
    if what != "missing" {
      let (category, text) = try error { _ = try TrainedModel(at: run.last.path) }
      #expect(category == .badData && text.contains("\(Checkpoint.bestName), of epoch") && text.contains("is whole"))
      #expect(try error { _ = try run.continuation(from: run.last) }.text.contains("is whole"))
    }
    // And named by itself.
    #expect(try continuation(run.best).step == step)
  }

  @Test(arguments: ["missing", "empty", "damaged"])
  func `the last checkpoint is used where the best one is not whole, and that is said`(what: String) throws {
    switch what {
    case "missing": try remove(run.best)
    case "empty": try empty(run.best)
    default: try damage(run.best)
    }
    let model = try TrainedModel(at: run.url.path)
    #expect(model.url.lastPathComponent == Checkpoint.lastName)
    let remarks = model.remarks.joined(separator: "\n")
    for word in [Checkpoint.bestName, "using", Checkpoint.lastName, "epoch 5, step 16"] {
      #expect(remarks.contains(word), "\(remarks)")
    }
    let (step, said) = try continuation()
    #expect(step == 16)
    // Damage in the middle is found by those who read the file.
    if what != "damaged" {
      #expect(said.contains(Checkpoint.bestName) && said.contains(what == "empty" ? "damaged" : what))
    }
  }

  @Test func `where none is whole, both are named`() throws {
    try damage(run.last)
    try empty(run.best)
    let uses: [() throws -> Void] = [
      { _ = try TrainedModel(at: run.url.path) }, { _ = try run.continuation() },
    ]
    for body in uses {
      let (category, text) = try error(body)
      #expect(category == .badData && text.contains(Checkpoint.lastName) && text.contains(Checkpoint.bestName))
    }
    try remove(run.best)
    #expect(try error { _ = try run.continuation() }.category == .badData)
  }

  @Test func `metrics of epochs whose checkpoints are gone are no beginning`() throws {
    try remove(run.last)
    try remove(run.best)
    let metrics = try Data(contentsOf: run.metrics)
    let uses: [() throws -> Void] = [{ _ = try run.continuation() }, { _ = try run.create(isReplacing: false) }]
    for body in uses {
      let (category, text) = try error(body)
      #expect(category == .missingInput && text.contains("checkpoints are gone"))
    }
    #expect(try Data(contentsOf: run.metrics) == metrics)
    #expect(runError { _ = try TrainedModel(at: run.url.path) }?.category == .missingInput)
  }

  @Test func `a run without a checkpoint yet is begun anew, by either way`() throws {
    let young = RunDirectory(directory.path("young"))
    let configuration = TinyRun.configuration()
    func leaveYoungRun() throws {
      try young.create(isReplacing: false)
      try young.write(configuration, run: "a")
      try young.append([MetricsRecord(step: 1, epoch: 1, split: "step", Metrics(), seconds: 1)])
    }
    try leaveYoungRun()
    guard case (.beginning(let found), let remarks) = try young.continuation() else {
      Issue.record("it goes on from nothing")
      return
    }
    #expect(found == configuration && remarks.joined().contains("no checkpoint yet"))
    try young.create(isReplacing: false)
    #expect(try FileManager.default.contentsOfDirectory(atPath: young.url.path) == [])
    try leaveYoungRun()
    let whole = try TinyRun.train(configuration, in: directory.path("whole")).state
    let state = try TinyRun.train(configuration, in: young.url.path).state
    #expect(state.differences(from: whole) == [])
    #expect(try TinyRun.metrics(in: young.url.path) == TinyRun.metrics(in: directory.path("whole")))
  }

  @Test func `a checkpoint that is not the run's own is refused, and nothing is changed`() throws {
    let other = run.url.appending(path: "other.safetensors.zst")
    try FileManager.default.copyItem(at: run.last, to: other)
    let before = try Data(contentsOf: run.metrics)
    func expectRefusal(_ file: URL?, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let (category, text) = try error { _ = try run.continuation(from: file) }
      #expect(
        category == .usage && text.contains(words), "\(text)", sourceLocation: sourceLocation)
      #expect(try Data(contentsOf: run.metrics) == before, sourceLocation: sourceLocation)
    }
    try expectRefusal(other, Checkpoint.lastName)
    // The last one is further.
    try expectRefusal(run.best, "what came after would be lost, up to epoch 5")
    let state = try Checkpoint.read(run.last, includingOptimizer: true).state
    for (name, identifier) in [("it is an imported model", nil), ("of another run", "another")] {
      var changed = state
      changed.run = identifier
      try Checkpoint.write(changed, to: run.last)
      try expectRefusal(nil, name)
      try expectRefusal(run.last, name)
    }
    // As it is for a new run elsewhere.
    let (_, begun, remarks) = try run.state(of: other)
    #expect(begun.progress == state.progress && remarks == [])
  }

  @Test func `a best checkpoint of another run is not used`() throws {
    var (_, state) = try Checkpoint.read(run.best, includingOptimizer: true)
    state.run = "another"
    try Checkpoint.write(state, to: run.best)
    let model = try TrainedModel(at: run.url.path)
    #expect(model.url.lastPathComponent == Checkpoint.lastName)
    #expect(model.remarks.joined().contains("another run"))
    #expect(try continuation().remarks.contains("another run"))
  }

  @Test func `a checkpoint of an older program, which names no run, goes on and gets a name`() throws {
    let file = try SafetensorsFile(run.last)
    let tensors = try file.load().values.map { tensor in
      SafetensorsTensor(name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape) {
        try tensor.bytes.withUnsafeBytes($0)
      }
    }
    let metadata = file.metadata.filter { $0.key != "run" && $0.key != "role" }
    try SafetensorsWriter.write(to: run.last, tensors: tensors, metadata: metadata)
    #expect(try continuation().step == 16)
    let state = try TinyRun.resume(in: run.url.path) { $0.steps = 17 }.state
    #expect(state.progress.step == 17)
    #expect(try Checkpoint.summary(of: run.last).run != nil)
    #expect(try Checkpoint.summary(of: run.last).run == run.run)
  }
}
