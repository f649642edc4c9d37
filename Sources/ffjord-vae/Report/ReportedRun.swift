import Files
import Foundation
import Inference
import Runs

/// A run, or a checkpoint alone, as far as a report can show it.
struct ReportedRun {
  /// The name that tells it from the others.
  let name: String
  /// Where it is, as it was given.
  let path: String
  /// What its directory says; nil for a checkpoint alone.
  let summary: RunSummary?
  let configuration: TrainingConfiguration
  /// How far its run had come; nil before there is a checkpoint.
  let progress: TrainingProgress?
  /// The number of the model's parameters; nil before there is a checkpoint.
  let parameterCount: Int?
  /// What its model makes; nil where the model cannot be used.
  private(set) var model: ReportedModel?
  /// What is missing or damaged, in words.
  private(set) var notes: [String] = []

  /// So many notes say enough about a damaged file.
  private static let noteLimit = 6

  /// Reads what there is at a path, and notes what is damaged.
  ///
  /// - Throws: The error where there is neither a run nor a checkpoint.
  init(name: String, path: String, memory: MemoryOptions) throws {
    (self.name, self.path) = (name, path)
    var damage: [String] = []
    if FileManager.default.isDirectory(atPath: path) == true, !Self.isModel(path) {
      let summary = try RunSummary(RunDirectory(path)) { damage.append("\($0)") }
      self.summary = summary
      (configuration, progress, parameterCount) = (summary.configuration, summary.progress, summary.parameterCount)
    } else {
      let checkpoint = try Checkpoint.summary(at: path, memoryLimit: memory.limit).summary
      summary = nil
      (configuration, progress, parameterCount) = (
        checkpoint.configuration, checkpoint.progress, checkpoint.parameterCount
      )
    }
    notes = Array(damage.prefix(Self.noteLimit))
    if damage.count > notes.count { notes.append("\(damage.count - notes.count) more lines are damaged") }
  }

  /// Whether a path is that of a folder which is no run's, and the name of a model.
  private static func isModel(_ path: String) -> Bool {
    guard let file = try? Checkpoint.file(at: path) else { return false }
    return !file.standardizedFileURL.path.hasPrefix(RunDirectory(path).url.standardizedFileURL.path + "/")
  }

  /// Lets the model work; notes why, where it cannot.
  mutating func useModel(_ options: ReportedModel.Options, parameters: ParameterOptions) {
    guard parameterCount != nil else {
      notes.append("there is no checkpoint that can be read: there are no pictures, scores or codes")
      return
    }
    do {
      let trained = try readModel(path, parameters: parameters.choice, memory: options.input.memory)
      model = try ReportedModel(trained, seed: options.seed)
      do { try model?.use(trained, options) } catch {
        notes.append("there is nothing of the data, without which only samples of the prior can be drawn: \(error)")
      }
    } catch { notes.append("there are no pictures, scores or codes: \(error)") }
  }
}
