extension StringProtocol {
  /// The text with every character that could command a terminal, or reorder what it shows, written as JSON escapes
  /// it: an escape character becomes the six characters `\u001b`.
  ///
  /// Control characters (both sets), separators of lines and paragraphs, and marks of direction are escaped. What JSON's
  /// encoders leave in a string is thereby escaped as JSON allows, so that JSON stays what it was.
  ///
  /// - Parameter keepingLines: Whether line feeds and tabs stay, as in text that is laid out already.
  public func visible(keepingLines: Bool = false) -> String {
    // Nearly all text has nothing to escape.
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
  /// Controls, separators of lines, marks that change the direction of writing: all have at most four digits.
  fileprivate var commandsTerminal: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
