import Foundation

/// Writes an event file: the scalars, pictures, texts and hyperparameters of a training run, which TensorBoard can
/// read while the run is in progress.
///
/// Each call appends whole records with one write. If the program is killed, at most the last record is incomplete,
/// which readers ignore. A resumed run makes a new writer, whose file begins with the step at which the run resumes:
/// TensorBoard then discards what earlier files say about that step and later ones.
///
/// ```swift
/// let writer = try EventWriter(in: directory, startingAt: 1)
/// try writer.write(scalars: [("train/negative_elbo", 98.3)], step: 1)
/// ```
public final class EventWriter {
  /// The prefix of the names of all event files.
  public static let namePrefix = "events.out.tfevents."

  /// The file, `events.out.tfevents.SECONDS.HOST.PROCESS`.
  public let url: URL
  private let handle: FileHandle

  /// Creates an event file in a directory, which must exist.
  ///
  /// - Parameters:
  ///   - directory: The directory.
  ///   - step: The first step that will be written, even if an earlier file has it already.
  /// - Throws: What Foundation throws where the file cannot be created.
  public init(in directory: URL, startingAt step: Int) throws {
    let now = Date()
    url = directory.appending(path: try Self.name(in: directory, at: now))
    try Data().write(to: url, options: .withoutOverwriting)
    handle = try FileHandle(forWritingTo: url)
    var version = Tensorflow_Event()
    version.wallTime = now.timeIntervalSince1970
    version.fileVersion = "brain.Event:2"
    var start = Tensorflow_Event()
    start.wallTime = now.timeIntervalSince1970
    start.step = Int64(step)
    start.sessionLog.status = .start
    try append([version, start])
  }

  deinit { try? handle.close() }

  /// Writes scalars under their tags, in single precision.
  ///
  /// - Parameters:
  ///   - scalars: The tags and values.
  ///   - step: The step that they belong to.
  ///   - date: The time that TensorBoard shows.
  /// - Throws: What Foundation throws where the disk is full, or fails.
  public func write(scalars: [(tag: String, value: Double)], step: Int, at date: Date = Date()) throws {
    try append([Self.event(step, date, scalars.map { .scalar($0.tag, $0.value) })])
  }

  /// Writes pictures, either all of them or none.
  ///
  /// - Throws: What Foundation throws where the disk is full, or fails.
  public func write(pictures: [Picture], step: Int, at date: Date = Date()) throws {
    try append([Self.event(step, date, pictures.map { .picture($0) })])
  }

  /// Writes a text in Markdown.
  ///
  /// - Throws: What Foundation throws where the disk is full, or fails.
  public func write(text: String, tag: String, step: Int, at date: Date = Date()) throws {
    try append([Self.event(step, date, [.text(tag, text)])])
  }

  /// Writes the run's row of the table of hyperparameters, and the table's columns. TensorBoard uses the first that a
  /// run has written.
  ///
  /// - Throws: What Foundation throws where the disk is full, or fails.
  public func write(_ hyperparameters: Hyperparameters, step: Int, at date: Date = Date()) throws {
    let values: [Tensorflow_Summary.Value] = [
      try .experiment(hyperparameters.experiment(at: date)), try .sessionStart(hyperparameters.sessionStart(at: date)),
    ]
    try append([Self.event(step, date, values)])
  }

  /// Writes that the run has ended, for the table of hyperparameters. TensorBoard uses the first end that a run has
  /// written.
  ///
  /// - Throws: What Foundation throws where the disk is full, or fails.
  public func writeEnd(step: Int, at date: Date = Date()) throws {
    try append([Self.event(step, date, [.sessionEnd(Hyperparameters.sessionEnd(at: date))])])
  }

  /// Removes the event files in a directory.
  ///
  /// - Throws: What Foundation throws where one cannot be removed.
  public static func removeFiles(in directory: URL) throws {
    for name in try names(in: directory) {
      try FileManager.default.removeItem(at: directory.appending(path: name))
    }
  }

  private func append(_ events: [Tensorflow_Event]) throws {
    let records: [Data] = try events.map { RecordFraming.framed(try $0.serializedBytes()) }
    try handle.write(contentsOf: Data(records.joined()))
  }

  private static func event(_ step: Int, _ date: Date, _ values: [Tensorflow_Summary.Value]) -> Tensorflow_Event {
    var event = Tensorflow_Event()
    event.wallTime = date.timeIntervalSince1970
    event.step = Int64(step)
    event.summary.value = values
    return event
  }

  private static func names(in directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix(namePrefix) }
  }

  /// Seconds since 1970 that no clock shows: a file of a later time is not of TensorBoard.
  private static let latestTime = 1 << 40

  /// A name that sorts after all existing event files, since TensorBoard reads files in the order of their names.
  private static func name(in directory: URL, at date: Date) throws -> String {
    let taken = try names(in: directory).compactMap { name in
      name.dropFirst(namePrefix.count).split(separator: ".").first.flatMap { Int($0) }
    }.filter { $0 < latestTime }
    let seconds = max(Int(date.timeIntervalSince1970), (taken.max() ?? 0) + 1)
    var host = [CChar](repeating: 0, count: 256)
    let hasHost = gethostname(&host, host.count - 1) == 0
    let name = hasHost ? String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
    let safe = name.filter { $0.isLetter || $0.isNumber || ".-_".contains($0) }
    let process = ProcessInfo.processInfo.processIdentifier
    return "\(namePrefix)\(seconds).\(safe.isEmpty ? "localhost" : safe).\(process)"
  }
}
