import Files
import Foundation
import Logging
import Synchronization

/// What a person sees: results on standard output; on standard error messages, and a line at the bottom that is drawn
/// again and again.
///
/// Text may come from a file: what could command a terminal is escaped here, on its way out.
enum Terminal {
  /// Whether standard error is a terminal; if not, there is no line to draw again.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Whether colours are shown: by a terminal that has them, to a person who does not refuse them (no-color.org).
  private static let hasColour: Bool = {
    let environment = ProcessInfo.processInfo.environment
    return isInteractive && !["", "dumb"].contains(environment["TERM"] ?? "")
      && (environment["NO_COLOR"] ?? "").isEmpty
  }()

  private static let silence = Atomic(false)

  /// Whether only warnings and errors are said, and no progress is shown.
  static var isQuiet: Bool {
    get { silence.load(ordering: .relaxed) }
    set { silence.store(newValue, ordering: .relaxed) }
  }

  /// Whether there is a line at the bottom that shows progress.
  static var showsProgress: Bool { isInteractive && !isQuiet }

  /// A colour with a meaning.
  enum Colour: String {
    case error = "1;31"
    case warning = "1;33"
    case success = "1;32"
  }

  /// A text in a colour, where colours are shown.
  static func painted(_ text: String, _ colour: Colour) -> String {
    hasColour ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// The name of the metadata of a message with the words in it that are good news.
  static let emphasis = "emphasis"

  /// Messages to the person.
  static let logger: Logger = {
    LoggingSystem.bootstrap { _ in PlainLogHandler() }
    return Logger(label: "ffjord-vae")
  }()

  /// Says what a person should know of what was read, a warning for each remark.
  static func warn(of remarks: [String]) {
    for remark in remarks { logger.warning("\(remark)") }
  }

  /// The width of the terminal in characters.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return Int(size.ws_col)
  }

  /// Writes a result to standard output, and a line feed.
  static func print(_ text: String) { Swift.print(text.visible(keepingLines: true)) }

  /// Writes to standard error; what cannot be shown is dropped, for nobody's work should end by it.
  static func write(_ text: String) { StandardStreams.write(text, to: STDERR_FILENO) }

  /// Draws the line at the bottom, over the last one.
  static func draw(_ line: String) {
    guard showsProgress else { return }
    write("\r\u{1B}[2K" + String(line.visible().prefix(width - 1)))
  }

  /// Takes the line at the bottom away, so that a message can be written.
  static func clearLine() {
    if isInteractive { write("\r\u{1B}[2K") }
  }

  /// A piece of a line, and how soon it gives way; one of rank zero does not.
  typealias Piece = (text: String, rank: Int)

  /// Pieces of a line, with two spaces between, as far as they fit: the highest rank gives way first.
  static func line(_ pieces: [Piece], width: Int) -> String {
    var kept = pieces
    func joined() -> String { kept.map(\.text).joined(separator: "  ") }
    while joined().count > width, let rank = kept.map(\.rank).max(), rank > 0 {
      kept.removeAll { $0.rank == rank }
    }
    return joined()
  }

  /// A path as a shell reads it back.
  static func quoted(_ path: String) -> String {
    let plain = path.unicodeScalars.allSatisfy { character in
      ("a"..."z").contains(character) || ("A"..."Z").contains(character) || ("0"..."9").contains(character)
        || "/._-+@%:,".unicodeScalars.contains(character)
    }
    return plain && !path.isEmpty ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }

  /// A number of things: 1 step, 2 steps.
  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// A duration as a person reads it: 42 s, 3:05, 1:02:03, 2 d 3 h.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e11 else { return "?" }
    let total = Int(seconds.rounded())
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    if hours >= 24 {
      // To the hour.
      let hours = (total + 1800) / 3600
      return "\(hours / 24) d \(hours % 24) h"
    }
    if hours > 0 { return "\(hours):\(two(minutes)):\(two(rest))" }
    return minutes > 0 ? "\(minutes):\(two(rest))" : "\(rest) s"
  }

  /// A bar of `width` characters.
  static func bar(_ fraction: Double, width: Int) -> String {
    let filled = Int((max(0, min(1, fraction)) * Double(width)).rounded(.down))
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }
}

extension Double {
  /// With a fixed number of decimals.
  func fixed(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}

/// Results go to standard output through ``Terminal``, whoever prints them.
func print(_ text: String) { Terminal.print(text) }

/// Writes messages to standard error as lines; what is worse than information says so.
private struct PlainLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if Terminal.isQuiet, event.level < .warning { return }
    Terminal.clearLine()
    var text = event.message.description.visible(keepingLines: true)
    if let words = event.metadata?[Terminal.emphasis]?.description, let range = text.range(of: words) {
      text.replaceSubrange(range, with: Terminal.painted(words, .success))
    }
    if event.level >= .warning {
      let colour = event.level >= .error ? Terminal.Colour.error : .warning
      text = "ffjord-vae: \(Terminal.painted("\(event.level):", colour)) \(text)"
    }
    Terminal.write(text + "\n")
  }
}
