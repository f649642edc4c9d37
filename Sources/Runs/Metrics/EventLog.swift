import Foundation
import TensorBoard

/// Writes a run's configuration, metrics and pictures to TensorBoard event files in its directory, which are created
/// when there is something to write.
///
/// Each number of a record, such as a ``MetricsRecord``, but step and epoch has a tag with its name in `metrics.jsonl`:
/// `step/negative_elbo` for steps, and `epoch/negative_elbo` for epochs, in the folder of the split (``EventFiles``).
/// The validation bound, by which runs are compared, is also in the run's own file, as `validation/negative_elbo`: the
/// table of hyperparameters does not look into folders where TensorBoard shows a single run.
package final class EventLog {
  private let directory: RunDirectory
  private let run: RunDescription
  private let firstStep: Int
  private var files: EventFiles?

  /// - Parameters:
  ///   - directory: The directory of the run.
  ///   - run: What is written of the run's configuration.
  ///   - step: The step after which the run begins or resumes. What earlier files say about later steps is invalidated.
  package init(_ directory: RunDirectory, _ run: RunDescription, after step: Int) {
    self.directory = directory
    self.run = run
    firstStep = step + 1
  }

  /// Writes records.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``, ``RunError/invalidRun(path:reason:)``
  package func append(_ records: [some LoggedRecord]) throws {
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
    try files.run.write(run.hyperparameters, step: firstStep)
    try files.run.write(text: run.entries.markdown, tag: "configuration", step: firstStep)
    if !earlier.contains(where: { $0.contains("/") }) {
      try write(earlierEpochs(), to: files, includingComparison: earlier.isEmpty)
    }
    self.files = files
    return files
  }

  /// The epochs of a run whose event files are missing, or are from an older program that wrote none in folders, so
  /// that curves begin with the run.
  private func earlierEpochs() throws -> [LoggedLine] {
    guard firstStep > 1 else { return [] }
    let metrics = directory.place.appending(path: directory.metrics.lastPathComponent)
    // The lines of steps, hundreds for each epoch, are not needed here.
    let records: [LoggedLine] = try JSONLines.read(metrics, skipping: #""split":"step""#)
    return records.filter { $0.split != "step" && $0.step < firstStep }
  }

  private func write(
    _ records: [some LoggedRecord], to files: EventFiles, includingComparison isCompared: Bool = true
  ) throws {
    for record in records {
      let numbers = try record.numbers().filter { $0.key != "step" && $0.key != "epoch" }.sorted { $0.key < $1.key }
      let (writer, prefix) = files.place(ofSplit: record.split)
      try writer.write(scalars: numbers.map { ("\(prefix)/\($0.key)", $0.value) }, step: record.step)
      guard isCompared, record.split == "validation" else { continue }
      let comparison = numbers.filter { run.compared.contains($0.key) }
      try files.run.write(scalars: comparison.map { ("validation/\($0.key)", $0.value) }, step: record.step)
    }
  }
}
