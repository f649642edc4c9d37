import FileTestSupport
import Foundation
import Runs
import Safetensors
import Testing

/// Runs that train a tiny model on 40 glyphs: four steps of ten an epoch.
enum TinyRun {
  static let model = ["--latent", "4"] + dynamics
  private static let dynamics = ["--hidden", "8", "--blocks", "1", "--rank", "2", "--tolerance", "1e-3"]
  static let size = [
    "--preset", "small", "--limit-train", "40", "--limit-eval", "20", "--batch-size", "10",
    // The preset's schedule is one for a thousand steps: so few would hardly move the parameters.
    "--schedule", "constant", "--learning-rate", "1e-3", "--learning-rate-warmup", "0", "--average",
    "none",
  ]

  /// The arguments of a new run in a directory.
  static func train(_ output: String, _ more: String...) -> [String] { train(output, more) }

  /// The same; of the model's sizes and the tolerance those that `more` does not give, and that its posterior
  /// and its solver have.
  static func train(_ output: String, _ more: [String]) -> [String] {
    var sizes = ["--latent", "4"]
    for index in stride(from: 0, to: dynamics.count, by: 2)
    where !more.contains("--flow") && !more.contains(dynamics[index])
      && !(dynamics[index] == "--rank" && more.contains("--amortization"))
      && !(dynamics[index] == "--tolerance" && more.contains("--solver"))
    {
      sizes += dynamics[index...index + 1]
    }
    return ["train", "--output", output] + size + sizes + more
  }

  /// A run of two epochs that tests may read, and must not change; made once.
  static let shared: Result<URL, any Error> = Result {
    let url = try TemporaryDirectory.shared()
    try Program.succeed(train("run", "--epochs", "2"), in: url)
    return url.appending(path: "run")
  }

  /// The tensors of a checkpoint, the optimizer's too, and the progress without seconds.
  static func contents(of url: URL) throws -> (tensors: [String: [UInt8]], progress: TrainingProgress) {
    var progress = try Checkpoint.summary(of: url).progress
    progress.totalSeconds = 0
    progress.epochSeconds = 0
    return (try SafetensorsFile(url).load().mapValues(\.bytes), progress)
  }

  /// Expects that two runs are the same, but for the time they took.
  static func expectSame(_ a: URL, _ b: URL, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (mine, theirs) = (
      try contents(of: a.appending(path: Checkpoint.lastName)),
      try contents(of: b.appending(path: Checkpoint.lastName))
    )
    #expect(mine.progress == theirs.progress, sourceLocation: sourceLocation)
    let names = Set(mine.tensors.keys).union(theirs.tensors.keys)
    let different = names.filter { mine.tensors[$0] != theirs.tensors[$0] }.sorted()
    #expect(different == [], sourceLocation: sourceLocation)
    #expect(try metrics(of: a) == metrics(of: b), sourceLocation: sourceLocation)
  }

  /// The lines of metrics, without seconds.
  static func metrics(of run: URL) throws -> [MetricsRecord] {
    try String(contentsOf: run.appending(path: "metrics.jsonl"), encoding: .utf8).split(separator: "\n")
      .map { line in
        var record = try JSONDecoder().decode(MetricsRecord.self, from: Data(line.utf8))
        record.seconds = 0
        return record
      }
  }
}

/// The JSON object that a text is.
func object(_ text: some StringProtocol) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
}
