import ArgumentParser
import Foundation

/// A command line that cannot be carried out, as it is told: what was given, what is allowed, and the usage of the
/// command that was meant.
struct UsageError: Error {
  let message: String
  let usage: String

  /// The command that is meant; one of a group that is not named is the group's default.
  ///
  /// - Throws: ``UsageError`` where there is none of that name, which the parser would take for an argument.
  @discardableResult
  static func command(in arguments: [String]) throws(UsageError) -> any ParsableCommand.Type {
    var command: any ParsableCommand.Type = FfjordVAE.self
    var rest = arguments[...]
    if rest.first == "help" { rest = rest.dropFirst() }
    while let word = rest.popFirst(), !word.hasPrefix("-"), !command.configuration.subcommands.isEmpty {
      let subcommands = command.configuration.subcommands
      guard let next = subcommands.first(where: { names(of: $0).contains(word) }) else {
        let known = subcommands.filter { $0.configuration.shouldDisplay }.map { names(of: $0)[0] }
        let text = "the command must be one of \(known.joined(separator: ", ")), got \(word)"
        throw UsageError(text + Suggestion.question(word, in: known), of: command)
      }
      command = next
    }
    return command.configuration.defaultSubcommand ?? command
  }

  /// An error of a command, found when its options were parsed already.
  init(_ message: String, of command: any ParsableCommand.Type) {
    self.message = message
    let usage = FfjordVAE.usageString(for: command)
    let name = usage.split(separator: " ").prefix { !"<[-".contains($0.first ?? "<") }.joined(separator: " ")
    self.usage = "Usage: \(usage)\n  See '\(name) --help' for more information."
  }

  /// An error of the parser.
  init(parsing error: any Error, _ arguments: [String]) {
    let original = FfjordVAE.message(for: error)
    // What the parser would print: the message, a line of help on the option, the usage of the command.
    let rest = FfjordVAE.fullMessage(for: error).dropFirst("Error: ".count + original.count)
    var lines = rest.split(separator: "\n")[...]
    let help = lines.first?.hasPrefix("Help:") == true ? lines.removeFirst().components(separatedBy: "  ").last : nil
    usage = lines.joined(separator: "\n")
    message = Self.reworded(original, help: help ?? "", arguments)
  }

  /// The parser's message in the style of the program's others.
  private static func reworded(_ message: String, help: String, _ arguments: [String]) -> String {
    if let match = message.wholeMatch(of: invalidValue) {
      let (given, option, kind) = (String(match.given), match.option, match.kind)
      let values = valueList(match.rest)
      if values.isEmpty {
        return
          "\(option) must be \(ValueName(rawValue: String(kind))?.requirement ?? "a valid <\(kind)>"), got \(given)"
      }
      return "\(option) must be one of \(values.joined(separator: ", ")), got \(given)"
        + Suggestion.question(given, in: values)
    }
    if let match = message.wholeMatch(of: unknownOption), let command = try? command(in: arguments) {
      let nearest = Suggestion.nearest(to: String(match.1), in: options(of: command))
      return "there is no option --\(match.1)" + (nearest.map { ". Did you mean --\($0)?" } ?? "")
    }
    if let match = message.wholeMatch(of: missingValue) {
      // A value that begins with a hyphen is taken for an option.
      let next = arguments.drop { $0 != match.1 }.dropFirst().first ?? ""
      let remedy =
        Double(next) == nil ? "" : "; one that begins with a hyphen follows an equals sign, \(match.1)=\(next)"
      return "\(match.1) needs a value: \(help)\(remedy)"
    }
    if let match = message.wholeMatch(of: missingArgument) {
      return "\(match.1) is missing" + (help.isEmpty ? "" : ": \(help)")
    }
    return message.prefix(1).lowercased() + message.dropFirst()
  }

  /// The names of a command's options without their hyphens, from the lines of its help that begin with them.
  private static func options(of command: any ParsableCommand.Type) -> [String] {
    let labels = FfjordVAE.helpMessage(for: command).split(separator: "\n").filter { $0.hasPrefix("  -") }
      .map { $0.dropFirst(2).components(separatedBy: "  ")[0] }
    return labels.flatMap { $0.matches(of: /--([a-z-]+)/).map { String($0.1) } }
  }

  private nonisolated(unsafe) static let invalidValue =
    /(?s)The value '(?<given>.*)' is invalid for '(?<option>[^ ']+) ?<?(?<kind>[^>']*)>?'(?<rest>.*)/
  private nonisolated(unsafe) static let unknownOption = /Unknown option '--([^']+)'.*/
  private nonisolated(unsafe) static let missingValue = /Missing value for '([^ ']+).*'/
  private nonisolated(unsafe) static let missingArgument = /Missing expected argument '([^']+)'/

  /// The values that the parser lists: quoted in a sentence, or each on a line.
  private static func valueList(_ text: Substring) -> [String] {
    let lines = text.split(separator: "\n").dropFirst().map {
      $0.trimmingCharacters(in: CharacterSet(charactersIn: " -"))
    }
    return lines.isEmpty ? text.matches(of: /'([^']*)'/).map { String($0.1) } : lines
  }

  private static func names(of command: any ParsableCommand.Type) -> [String] {
    [command.configuration.commandName ?? "\(command)".lowercased()] + command.configuration.aliases
  }
}

/// The kinds of values that options take, by the name that help and usage have for them.
enum ValueName: String {
  case count = "n"
  case number = "x"
  case numberOrNone = "x|none"
  case size = "HxW"
  case widths = "widths"
  case gigabytes = "GB"
  case indices
  case seeds

  /// What such a value must be, to follow "must be".
  var requirement: String {
    switch self {
    case .count: "a whole number"
    case .number: "a number"
    case .numberOrNone: "a number or none"
    case .size: "a height and a width such as 28x28"
    case .widths: "widths such as 512-512"
    case .gigabytes: "a number of GB"
    case .indices: "indices such as 0,17,4"
    case .seeds: "different whole numbers such as 1,2,3"
    }
  }
}
