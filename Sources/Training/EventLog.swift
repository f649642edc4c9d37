import Foundation
import TensorBoard

/// Writes a run's metrics and pictures to a TensorBoard event file in its directory, made when there is a first one.
///
/// Each number of a ``MetricsRecord`` but step and epoch has a tag of its split and its name in `metrics.jsonl`, such as
/// `validation/negative_elbo`.
final class EventLog {
  private let directory: RunDirectory
  private let firstStep: Int
  private var writer: EventWriter?

  /// - Parameter step: The step that the run begins, or goes on, after: what earlier files hold of later ones is void.
  init(_ directory: RunDirectory, after step: Int) {
    self.directory = directory
    firstStep = step + 1
  }

  /// Writes records.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``
  func append(_ records: [MetricsRecord]) throws {
    for record in records {
      let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(record))
      let numbers = (object as? [String: Any] ?? [:]).filter { $0.key != "step" && $0.key != "epoch" }
      let scalars = numbers.compactMap { name, value in
        (value as? NSNumber).map { (tag: "\(record.split)/\(name)", value: $0.doubleValue) }
      }
      try write { try $0.write(scalars: scalars.sorted { $0.tag < $1.tag }, step: record.step) }
    }
  }

  /// Writes pictures.
  ///
  /// - Throws: ``TrainingError/unwritable(path:reason:)``
  func append(_ pictures: [Picture], step: Int) throws {
    try write { try $0.write(pictures: pictures, step: step) }
  }

  private func write(_ body: (EventWriter) throws -> Void) throws {
    do {
      let writer = try self.writer ?? EventWriter(in: directory.place, startingAt: firstStep)
      self.writer = writer
      try body(writer)
    } catch {
      throw TrainingError.unwritable(
        path: writer?.url.path ?? directory.place.path, reason: RunDirectory.reason(error))
    }
  }
}
