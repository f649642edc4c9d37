extension StringProtocol {
  /// The text with every character that a terminal would interpret, or that would reorder what it shows, escaped as in
  /// JSON: an escape character becomes the six characters `\u001b`.
  ///
  /// Control characters (C0 and C1), line and paragraph separators, and directional marks are escaped. JSON text keeps
  /// its meaning, since JSON allows these escapes in strings, and has such characters nowhere else.
  ///
  /// - Parameter keepingLines: Whether to keep line feeds and tabs, for text that is already laid out.
  public func visible(keepingLines: Bool = false) -> String {
    // Most texts have nothing to escape.
    guard unicodeScalars.contains(where: { $0.commandsTerminal }) else { return String(self) }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if !scalar.commandsTerminal || keepingLines && (scalar == "\n" || scalar == "\t") {
        result.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16)
        result.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Whether this is a control character, a line separator or a directional mark. All have at most four hexadecimal
  /// digits.
  fileprivate var commandsTerminal: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
