import FileTestSupport
import Foundation
import Testing

@testable import Runs

/// What is read from a run's directory, made up here with known figures.
@Suite struct RunSummaryTests {
  let directory = try! TemporaryDirectory()
  let run: RunDirectory

  init() throws {
    run = RunDirectory(directory.path("run"))
    try run.create(isReplacing: false)
  }

  private func metrics(_ elbo: Double) -> Metrics {
    var metrics = Metrics()
    metrics.negativeELBO = elbo
    metrics.evaluationsForward = 40
    metrics.evaluationsBackward = 36
    return metrics
  }

  /// Three epochs of two steps; the second is the best, the third slow.
  private func writeRun(dataset: String = "omniglot") throws {
    try run.write(TinyRun.configuration { $0.dataset = dataset })
    for (epoch, (validation, seconds)) in [(120.0, 10.0), (100, 12), (110, 60)].enumerated() {
      let step = 2 * epoch + 2
      for step in step - 1...step {
        try run.append([MetricsRecord(step: step, epoch: epoch + 1, split: "step", metrics(150), seconds: 5)])
      }
      try run.append([
        MetricsRecord(step: step, epoch: epoch + 1, split: "train", metrics(validation - 5), seconds: seconds),
        MetricsRecord(step: step, epoch: epoch + 1, split: "validation", metrics(validation), seconds: 1),
      ])
    }
  }

  private func evaluation(
    _ elbo: Double, images: Int = 10, nll: Double? = nil, dataset: String = "omniglot", split: String = "test"
  ) throws -> EvaluationRecord {
    let nll = nll.map { "\"nll\":\($0),\"nll_standard_error\":0.2," } ?? ""
    let json = """
      {"dataset":"\(dataset)","split":"\(split)","images":\(images),"images_in_split":10,"negative_elbo":\(elbo),
      "standard_error":0.5,"reconstruction":90,"kl":20,\(nll)"importance_samples":5,"divergence":"exact","evaluations":40,
      "seed":1,"seconds":2,"checkpoint":"best.safetensors.zst","step":4,"epoch":2,"date":"2020-01-01T00:00:00Z"}
      """
    return try JSONDecoder().decode(EvaluationRecord.self, from: Data(json.utf8))
  }

  @Test func `epochs, the best of them and the time they take are those of the metrics`() throws {
    try writeRun()
    let summary = try RunSummary(run)
    #expect(summary.epochs.map(\.epoch) == [1, 2, 3] && summary.epochs.map(\.step) == [2, 4, 6])
    #expect(summary.epochs.map(\.validation.negativeELBO) == [120, 100, 110])
    #expect(summary.epochs.map(\.training.negativeELBO) == [115, 95, 105])
    #expect(summary.epochs.map(\.elapsedSeconds) == [11, 24, 85])
    #expect(summary.epochCount == 3 && summary.secondsPerEpoch == 12)
    #expect(try #require(summary.best) == (100, 2))
    #expect(try #require(summary.evaluationsPerBatch) == (40, 36))
    #expect(summary.parameterCount == nil && summary.testEvaluation == nil)
    #expect(summary.publishedNegativeELBO == 98.33 && summary.figure(nats: 7) == 7)
  }

  @Test func `files of older programs, which called evaluations of the velocity nfe, are read`() throws {
    try run.create(isReplacing: false)
    try run.write(TrainingConfiguration())
    for (file, name) in [(run.metrics, "metrics"), (run.evaluations, "evaluations")] {
      let former = PackageDirectory.file("Tests/ReaderCorpus/\(name)/former.jsonl")
      #expect(try String(contentsOf: former, encoding: .utf8).contains("\"nfe"))
      try FileManager.default.copyItem(at: former, to: file)
    }
    let summary = try RunSummary(run)
    #expect(try #require(summary.evaluationsPerBatch) == (7, 6))
    #expect(summary.epochs.map(\.validation.evaluationsForward) == [10.5])
    #expect(summary.evaluations.map(\.evaluations) == [14])
    // What a resumed run keeps of them.
    try run.rewindMetrics(to: 4)
    #expect(try String(contentsOf: run.metrics, encoding: .utf8).split(separator: "\n").count == 3)
    try run.rewindMetrics(to: 3)
    #expect(try String(contentsOf: run.metrics, encoding: .utf8).split(separator: "\n").count == 1)
  }

  @Test func `a last line that is being written is passed over, and a damaged one is named`() throws {
    try writeRun()
    let whole = try Data(contentsOf: run.metrics)
    for missing in [1, 20, 100] {
      try whole.dropLast(missing).write(to: run.metrics)
      #expect(try RunSummary(run).epochs.map(\.epoch) == [1, 2])
    }
    // The line of epoch 1's training.
    let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n")
    let damaged = lines[..<2] + [lines[2].dropLast(9)] + lines[3...]
    try Data(damaged.map { $0 + "\n" }.joined().utf8).write(to: run.metrics)
    let error = runError { _ = try RunSummary(run) }
    #expect(error?.category == .badData)
    #expect(error?.description.contains("metrics.jsonl") == true && error?.description.contains("line 3") == true)
  }

  @Test func `damage may be accepted, and is left out`() throws {
    try writeRun()
    try run.append(evaluation(110))
    try run.append(evaluation(111))
    let lines = try String(contentsOf: run.metrics, encoding: .utf8).split(separator: "\n")
    // The training of epoch 2.
    try Data((lines[..<6] + ["{"] + lines[7...]).map { $0 + "\n" }.joined().utf8).write(to: run.metrics)
    let records = try String(contentsOf: run.evaluations, encoding: .utf8)
    try Data(("no record\n" + records).utf8).write(to: run.evaluations)
    try Data("none".utf8).write(to: run.last)
    var damage: [String] = []
    let summary = try RunSummary(run) { damage.append("\($0)") }
    #expect(damage.count == 3 && damage[0].contains(Checkpoint.lastName))
    #expect(damage[1].contains("metrics.jsonl") && damage[1].contains("line 7"))
    #expect(damage[2].contains("evaluations.jsonl") && damage[2].contains("line 1"))
    #expect(summary.epochs.map(\.epoch) == [1, 3] && summary.evaluations.map(\.negativeELBO) == [110, 111])
    #expect(summary.progress == nil && summary.parameterCount == nil)
    // Without any configuration there is no run.
    try Data("{".utf8).write(to: run.configuration)
    damage = []
    #expect(runError { _ = try RunSummary(run) { damage.append("\($0)") } }?.category == .missingInput)
    #expect(damage.count == 2 && damage[1].contains("config.json"))
  }

  @Test func `a directory with a checkpoint alone has what the checkpoint says`() throws {
    let trained = try TinyRun.train(TinyRun.configuration { $0.epochs = 2 }, in: directory.path("trained")).state
    for name in ["metrics.jsonl", "config.json", Checkpoint.lastName] {
      try FileManager.default.removeItem(at: directory.url.appending(path: "trained/\(name)"))
    }
    let summary = try RunSummary(RunDirectory(directory.path("trained")))
    #expect(summary.configuration == trained.configuration && summary.epochs.isEmpty)
    #expect(summary.parameterCount == trained.parameters.count)
    #expect(summary.best?.negativeELBO == trained.progress.bestNegativeELBO)
    #expect(summary.epochCount == trained.progress.bestEpoch)
    #expect(summary.evaluationsPerBatch != nil && summary.secondsPerEpoch == nil)
  }

  @Test func `the latest evaluation of the whole test split counts, else that of the most images`() throws {
    try writeRun()
    let wrong = [try evaluation(1, dataset: "mnist"), try evaluation(2, split: "validation")]
    for record in wrong { try run.append(record) }
    #expect(try RunSummary(run).testEvaluation == nil)
    for record in [
      try evaluation(110, images: 5, nll: 99), try evaluation(111, images: 5), try evaluation(112, images: 4),
    ] { try run.append(record) }
    #expect(try RunSummary(run).testEvaluation?.negativeELBO == 111)
    for record in [try evaluation(120), try evaluation(121, nll: 98), try evaluation(122), wrong[0]] {
      try run.append(record)
    }
    let summary = try RunSummary(run)
    #expect(summary.testEvaluation?.negativeELBO == 122 && summary.testEvaluation?.isWhole == true)
    #expect(summary.likelihoodEvaluation?.nll == 98)
    #expect(summary.evaluations.count == 9)
  }

  @Test func `grey images are measured in bits a dimension`() throws {
    try run.write(
      TinyRun.configuration {
        $0.dataset = "freyfaces:321"
        $0.model.likelihood = .categorical
      })
    let summary = try RunSummary(run)
    #expect(summary.unit == .bitsPerDimension && summary.publishedNegativeELBO == 4.39)
    #expect(abs(summary.figure(nats: 64 * log(2)) - 1) < 1e-12)
    #expect(summary.epochs.isEmpty && summary.best == nil && summary.epochCount == 0)
  }

  @Test func `what is no run is an error that says so`() throws {
    for (path, category, word) in [
      (directory.path("nowhere"), RunError.Category.missingInput, "nothing of that name"),
      (run.url.path, .missingInput, "config.json"),
    ] {
      let error = runError { _ = try RunSummary(RunDirectory(path)) }
      #expect(error?.category == category && error?.description.contains(word) == true)
    }
    try Data("{}".utf8).write(to: run.configuration)
    for path in [run.url.path, run.configuration.path] {
      #expect(runError { _ = try RunSummary(RunDirectory(path)) }?.category == .badData)
    }
  }
}

/// Names that tell runs apart.
@Suite struct RunNamesTests {
  @Test(arguments: [
    (["a"], ["a"]), (["x/run", "y/run/"], ["x/run", "y/run"]), (["runs/a", "runs/b"], ["a", "b"]),
    (["r", "r", "./r"], ["r", "r (2)", "r (3)"]), (["p/x/r", "q/x/r", "q/s"], ["p/x/r", "q/x/r", "s"]),
    (["/x", "/y/x"], ["x", "y/x"]), (["/"], ["/"]),
  ])
  func `they are as short as can be, and distinct`(paths: [String], names: [String]) {
    #expect(RunNames.distinct(paths) == names)
  }
}

/// The published table.
@Suite struct PublishedResultsTests {
  @Test(arguments: ["mnist", "omniglot", "freyfaces", "caltech101"])
  func `FFJORD's figure is the best of a whole row`(dataset: String) throws {
    let row = try PublishedResults.Method.allCases.map {
      try #require(PublishedResults.negativeELBO($0, on: dataset))
    }
    #expect(row.min() == PublishedResults.negativeELBO(.ffjord, on: dataset))
    #expect(PublishedResults.negativeELBO(.ffjord, on: "glyphs") == nil)
  }
}
