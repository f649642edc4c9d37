import Foundation
import Testing

@testable import Training

/// The directory of a run: made before time is spent, and never another run's by accident.
@Suite struct RunDirectoryTests {
  let directory = try! TemporaryDirectory()

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  @Test func `it is made with the directories above it, and left empty`() throws {
    let path = directory.path("a/b/c")
    try RunDirectory(path).create(isReplacing: false)
    #expect(try names(path) == [])
    // A second time is no harm while there is no run.
    try RunDirectory(path).create(isReplacing: false)
  }

  @Test(arguments: [Checkpoint.lastName, Checkpoint.bestName, "metrics.jsonl"])
  func `a directory that holds a run is refused, unless it is to be replaced`(name: String) throws {
    let path = directory.path("run")
    let run = RunDirectory(path)
    try run.create(isReplacing: false)
    try Data("a run".utf8).write(to: run.url.appending(path: name))
    try Data("a person's".utf8).write(to: run.url.appending(path: "notes.txt"))
    let error = trainingError { try run.create(isReplacing: false) }
    #expect(error?.category == .usage)
    for word in [path, "--resume", "--overwrite", "--output"] {
      #expect(error?.description.contains(word) == true)
    }
    #expect(try names(path) == [name, "notes.txt"].sorted())
    try run.create(isReplacing: true)
    #expect(try names(path) == ["notes.txt"])
  }

  @Test func `a run that is replaced leaves no pictures, events or evaluations behind`() throws {
    let run = RunDirectory(directory.path("run"))
    try TinyRun.train(TinyRun.configuration { $0.epochs = 3 }, in: run.url.path)
    #expect(try names(run.url.path).contains("reconstructions-0003.png"))
    #expect(try names(run.url.path).contains { $0.hasPrefix("events.out.tfevents.") })
    try Data("{}\n".utf8).write(to: run.url.appending(path: "evaluations.jsonl"))
    try run.create(isReplacing: true)
    #expect(try names(run.url.path).filter { $0 != "config.json" } == [])
  }

  @Test func `a parent that is a file is an error that names the directory`() throws {
    try Data([1]).write(to: directory.url.appending(path: "file"))
    let error = trainingError { try RunDirectory(directory.path("file/run")).create(isReplacing: false) }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.contains(directory.path("file/run")) == true)
    let itself = trainingError { try RunDirectory(directory.path("file")).create(isReplacing: true) }
    #expect(itself?.category == .inputOutput)
    #expect(try Data(contentsOf: directory.url.appending(path: "file")) == Data([1]))
  }

  @Test func `metrics are appended line by line and rewound to a step`() throws {
    let run = RunDirectory(directory.path("run"))
    try run.create(isReplacing: false)
    func record(_ step: Int, _ split: String = "step") -> MetricsRecord {
      MetricsRecord(step: step, epoch: 1, split: split, Metrics(), seconds: 0)
    }
    try run.append([record(1)])
    try run.append([record(2), record(2, "train"), record(2, "validation")])
    try run.append([record(3)])
    try run.rewindMetrics(to: 2)
    try run.append([record(3, "other")])
    #expect(
      try TinyRun.metrics(in: run.url.path).map { "\($0.step) \($0.split)" } == [
        "1 step", "2 step", "2 train", "2 validation", "3 other",
      ])
  }

  @Test func `metrics that cannot be written are an error`() throws {
    let run = RunDirectory(directory.path("run"))
    try run.create(isReplacing: false)
    try FileManager.default.createDirectory(
      at: run.url.appending(path: "metrics.jsonl"), withIntermediateDirectories: false)
    let error = trainingError { try run.append([]) }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.contains("metrics.jsonl") == true)
  }

  @Test func `the configuration is written for people to read`() throws {
    let run = RunDirectory(directory.path("run"))
    try run.create(isReplacing: false)
    let configuration = TinyRun.configuration()
    try run.write(configuration)
    let data = try Data(contentsOf: run.url.appending(path: "config.json"))
    #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: data) == configuration)
    #expect(String(decoding: data, as: UTF8.self).split(separator: "\n").count > 20)
  }
}
