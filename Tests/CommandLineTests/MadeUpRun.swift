import FileTestSupport
import Foundation
import Runs
import Testing

/// Runs to compare, without the time that training takes.
extension TemporaryDirectory {
  /// Makes up a run whose validation bound falls to `best` in its last epoch.
  func makeRun(
    _ path: String, dataset: String = "omniglot", best: Double, epochs: Int = 3,
    change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws {
    let run = RunDirectory(file(path).path)
    try run.create(isReplacing: false)
    var configuration = TrainingConfiguration()
    configuration.dataset = dataset
    change(&configuration)
    try run.write(configuration)
    for epoch in stride(from: 1, through: epochs, by: 1) {
      var metrics = Metrics()
      metrics.negativeELBO = best + Double(epochs - epoch)
      metrics.evaluationsForward = 40
      metrics.evaluationsBackward = 36
      try run.append([
        MetricsRecord(step: 2 * epoch, epoch: epoch, split: "step", metrics, seconds: 3),
        MetricsRecord(step: 2 * epoch, epoch: epoch, split: "train", metrics, seconds: 100),
        MetricsRecord(step: 2 * epoch, epoch: epoch, split: "validation", metrics, seconds: 5),
      ])
    }
  }

  /// Makes up an evaluation of a run, in which `json` replaces what it has.
  func makeEvaluation(of run: String, _ json: String = "{}") throws {
    let whole = """
      {"dataset":"omniglot","split":"test","images":8070,"images_in_split":8070,"negative_elbo":101.5,
      "standard_error":0.25,"reconstruction":70,"kl":31.5,"importance_samples":1,"divergence":"exact","evaluations":40,
      "seed":1,"seconds":2,"checkpoint":"best.safetensors.zst","step":6,"epoch":3,"date":"2020-01-01T00:00:00Z"
      """
    let record = try object(whole + "}").merging(object(json)) { $1 }
    let line = try JSONSerialization.data(withJSONObject: record) + Data("\n".utf8)
    try line.write(to: file("\(run)/evaluations.jsonl"))
  }
}

/// The line of a table that begins with a name.
func tableRow(_ name: String, _ text: String) throws -> String {
  try #require(text.split(separator: "\n").map(String.init).first { $0.hasPrefix(name + " ") }, "\(text)")
}
