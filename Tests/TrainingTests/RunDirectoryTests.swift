import FileTestSupport
import Foundation
import Testing

@testable import Runs
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

  @Test(arguments: [Checkpoint.lastName, Checkpoint.bestName])
  func `a directory that holds a run is refused, unless it is to be replaced`(name: String) throws {
    let path = directory.path("run")
    let run = RunDirectory(path)
    try run.create(isReplacing: false)
    try Data("a run".utf8).write(to: run.url.appending(path: name))
    try Data("a person's".utf8).write(to: run.url.appending(path: "notes.txt"))
    let error = runError { try run.create(isReplacing: false) }
    #expect(error?.category == .usage)
    for word in [path, "already holds a run", "Resume it", "replace it"] {
      #expect(error?.description.contains(word) == true)
    }
    #expect(try names(path) == [name, "notes.txt"].sorted())
  }

  @Test func `a run is replaced with the first checkpoint of the new one, and leaves nothing behind`() throws {
    let run = RunDirectory(directory.path("run"))
    try TinyRun.train(TinyRun.configuration { $0.epochs = 3 }, in: run.url.path)
    try Data("a person's".utf8).write(to: run.url.appending(path: "notes.txt"))
    try Data("{}\n".utf8).write(to: run.url.appending(path: "evaluations.jsonl"))
    let before = try names(run.url.path)
    #expect(before.contains("reconstructions-0003.png") && before.contains { $0.hasPrefix("events.out.tfevents.") })
    #expect(before.contains("train") && before.contains("validation"))
    let lock = try run.create(isReplacing: true)
    let configuration = TinyRun.configuration { $0.steps = 2 }
    let (_, state) = try TinyRun.state(configuration)
    try run.write(configuration, run: "new")
    try run.append([MetricsRecord(step: 1, epoch: 1, split: "step", Metrics(), seconds: 0)])
    #expect(try names(run.url.path).filter { !$0.hasPrefix(".") } == before)
    #expect(try TinyRun.metrics(in: run.url.path).count == 15 && run.run != "new")
    try withExtendedLifetime(lock) { try run.save(state, isBest: false) }
    #expect(try names(run.url.path) == ["config.json", Checkpoint.lastName, "metrics.jsonl", "notes.txt"])
    #expect(try TinyRun.metrics(in: run.url.path).count == 1 && run.run == "new")
  }

  @Test func `of the folders with event files, only those files are the run's`() throws {
    let run = RunDirectory(directory.path("run"))
    try TinyRun.train(TinyRun.configuration { $0.epochs = 1 }, in: run.url.path)
    let mine = run.url.appending(path: "train/mine.png")
    try Data([1]).write(to: mine)
    func events() throws -> [Data] {
      try names(run.url.path + "/validation").map { try Data(contentsOf: run.url.appending(path: "validation/\($0)")) }
    }
    let old = try events()
    let lock = try run.create(isReplacing: true)
    var trainer = try Trainer(TinyRun.configuration { $0.epochs = 2 }, dataset: TinyRun.dataset(), directory: run)
    _ = try withExtendedLifetime(lock) { try trainer.run(observer: SilentObserver()) { false } }
    #expect(try Data(contentsOf: mine) == Data([1]))
    #expect(try names(run.url.path + "/train").count == 2)
    // Their names, which have the second, may be the same.
    let new = try names(run.url.path + "/validation")
    #expect(try new.count == 1 && events() != old)
    for name in ["train", "TRAIN", new[0]] { #expect(run.owns(name), "\(name)") }
    let folder = RunDirectory(run.url.path + "/train")
    #expect(folder.owns(new[0]) && !folder.owns("mine.png") && !RunDirectory(run.url.path + "/other").owns(new[0]))
  }

  @Test func `a parent that is a file is an error that names the directory`() throws {
    try Data([1]).write(to: directory.url.appending(path: "file"))
    let error = runError { try RunDirectory(directory.path("file/run")).create(isReplacing: false) }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.contains(directory.path("file/run")) == true)
    let itself = runError { try RunDirectory(directory.path("file")).create(isReplacing: true) }
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
    let error = runError { try run.append([]) }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.contains("metrics.jsonl") == true)
  }

  @Test(arguments: ["{\"step\":3,", "\u{FFFD}", "{}", "[1]"])
  func `what is left of a line is cut, and a line that lacks its end gets it`(rest: String) throws {
    let run = RunDirectory(directory.path("run"))
    try run.create(isReplacing: false)
    func record(_ step: Int) -> MetricsRecord {
      MetricsRecord(step: step, epoch: 1, split: "step", Metrics(), seconds: 0)
    }
    try run.append([record(1)])
    let whole = try Data(contentsOf: run.metrics)
    // The first byte of the replacement character alone is no UTF-8; and more than is read at once.
    for rest in [Data(rest.utf8), Data(rest.utf8.prefix(1)), Data(rest.utf8) + Data(count: 200_000)] {
      try (whole + rest).write(to: run.metrics)
      try run.append([record(2)])
      let lines = try Data(contentsOf: run.metrics).split(separator: UInt8(ascii: "\n"))
      #expect(lines.count == (rest == Data("{}".utf8) ? 3 : 2))
      #expect(try lines.last.map { Data($0) } == Data(record(2).json().utf8))
      try (whole + rest).write(to: run.metrics)
      try run.rewindMetrics(to: 1)
      #expect(try Data(contentsOf: run.metrics) == whole)
    }
    try (whole + whole.dropLast()).write(to: run.metrics)
    try run.append([record(2)])
    #expect(try TinyRun.metrics(in: run.url.path).map(\.step) == [1, 1, 2])
    // A file that is nothing but the rest of a line.
    try Data("{\"st".utf8).write(to: run.metrics)
    try run.append([record(2)])
    #expect(try TinyRun.metrics(in: run.url.path).map(\.step) == [2])
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
