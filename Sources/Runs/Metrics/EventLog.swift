import Foundation
import TensorBoard

/// Writes a run's configuration, metrics and pictures to TensorBoard event files in its directory, which are created
/// when there is something to write.
///
/// Each number of a ``MetricsRecord`` but step and epoch has a tag with its name in `metrics.jsonl`:
/// `step/negative_elbo` for steps, and `epoch/negative_elbo` for epochs, in the folder of the split (``EventFiles``).
/// The validation bound, by which runs are compared, is also in the run's own file, as `validation/negative_elbo`: the
/// table of hyperparameters does not look into folders where TensorBoard shows a single run.
package final class EventLog {
  private let directory: RunDirectory
  private let configuration: TrainingConfiguration
  private let firstStep: Int
  private var files: EventFiles?

  /// - Parameters:
  ///   - directory: The directory of the run.
  ///   - configuration: The configuration of the run.
  ///   - step: The step after which the run begins or resumes. What earlier files say about later steps is invalidated.
  package init(_ directory: RunDirectory, _ configuration: TrainingConfiguration, after step: Int) {
    self.directory = directory
    self.configuration = configuration
    firstStep = step + 1
  }

  /// Writes records.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``, ``RunError/invalidRun(path:reason:)``
  package func append(_ records: [MetricsRecord]) throws {
    try write { try self.write(records, to: $0) }
  }

  /// Writes pictures.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``, ``RunError/invalidRun(path:reason:)``
  package func append(_ pictures: [Picture], step: Int) throws {
    try write { try $0.run.write(pictures: pictures, step: step) }
  }

  /// Writes that the run has ended, if anything was written.
  ///
  /// A run that was interrupted or that failed may be resumed. Nothing is written for it, since TensorBoard uses the
  /// first end that it finds.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``
  package func finish(step: Int) throws {
    guard files != nil else { return }
    try write { try $0.run.writeEnd(step: step) }
  }

  private func write(_ body: (EventFiles) throws -> Void) throws {
    do {
      try body(files ?? begin())
    } catch let error as RunError {
      throw error
    } catch {
      throw RunError.unwritable(
        path: files?.run.url.path ?? directory.place.path, reason: RunDirectory.reason(error))
    }
  }

  /// Creates the files, and writes what is at their beginning.
  private func begin() throws -> EventFiles {
    let place = directory.place
    let earlier = EventFiles.names(in: place)
    let files = try EventFiles(in: place, startingAt: firstStep)
    // At the first step that they apply to, since a configuration may change when a run is resumed.
    try files.run.write(hyperparameters(), step: firstStep)
    try files.run.write(text: ConfigurationEntries(configuration).markdown, tag: "configuration", step: firstStep)
    if !earlier.contains(where: { $0.contains("/") }) {
      try write(earlierEpochs(), to: files, includingComparison: earlier.isEmpty)
    }
    self.files = files
    return files
  }

  /// The epochs of a run whose event files are missing, or are from an older program that wrote none in folders, so
  /// that curves begin with the run.
  private func earlierEpochs() throws -> [MetricsRecord] {
    guard firstStep > 1 else { return [] }
    let metrics = directory.place.appending(path: directory.metrics.lastPathComponent)
    // The lines of steps, hundreds for each epoch, are not needed here.
    let records: [MetricsRecord] = try JSONLines.read(metrics, skipping: #""split":"step""#)
    return records.filter { $0.split != "step" && $0.step < firstStep }
  }

  /// The names of the numbers by which runs are compared.
  private var compared: [String] {
    ["negative_elbo"] + (configuration.model.bitsPerDimension(nats: 0) == nil ? [] : ["bits_per_dimension"])
  }

  private func hyperparameters() throws -> Hyperparameters {
    let values = try ConfigurationEntries(configuration).values
    let columns = try ConfigurationEntries(.withEveryField).values
    return Hyperparameters(
      values.mapValues(\.hyperparameter), columns: columns.mapValues(\.hyperparameter),
      foremost: ["dataset", "learningRate", "model.flow", "preset", "seed"],
      metrics: compared.map { "validation/\($0)" })
  }

  private func write(
    _ records: [MetricsRecord], to files: EventFiles, includingComparison isCompared: Bool = true
  ) throws {
    for record in records {
      let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(record))
      let numbers = (object as? [String: Any] ?? [:]).compactMapValues { ($0 as? NSNumber)?.doubleValue }
        .filter { $0.key != "step" && $0.key != "epoch" }.sorted { $0.key < $1.key }
      let (writer, prefix) = files.place(ofSplit: record.split)
      try writer.write(scalars: numbers.map { ("\(prefix)/\($0.key)", $0.value) }, step: record.step)
      guard isCompared, record.split == "validation" else { continue }
      let comparison = numbers.filter { compared.contains($0.key) }
      try files.run.write(scalars: comparison.map { ("validation/\($0.key)", $0.value) }, step: record.step)
    }
  }
}
