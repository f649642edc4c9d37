import Foundation

/// A page of the documentation.
public struct Article: CustomStringConvertible, Sendable {
  /// Where it is, from the directory of the package.
  public let path: String
  private let text: String

  /// The README, and the pages of all catalogs.
  public static func all() throws -> [Article] {
    try paths(in: "Sources", endingIn: ".md").filter { $0.contains(".docc/") }.map { try Article($0) }
      + [Article("README.md")]
  }

  init(_ path: String) throws {
    self.path = path
    text = try String(contentsOf: PackageDirectory.file(path), encoding: .utf8)
  }

  public var description: String { path }

  /// The blocks of Swift code, each with its line in the page and its paragraphs, as ``lines(of:)`` has them.
  public var code: [(line: Int, paragraphs: [String])] {
    var blocks: [(line: Int, paragraphs: [String])] = []
    var start: Int?
    let lines = text.components(separatedBy: "\n")
    for (number, line) in lines.enumerated() {
      if line == "```swift" {
        start = number + 1
      } else if line.hasPrefix("```"), let first = start {
        let paragraphs = lines[first..<number].joined(separator: "\n").components(separatedBy: "\n\n")
        blocks.append((first + 1, paragraphs.map(Self.lines)))
        start = nil
      }
    }
    return blocks
  }

  /// A text without indentation and empty lines, as code is compared.
  public static func lines(of text: String) -> String {
    text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  /// The tests' source files, as ``lines(of:)`` has them.
  public static func testSources() throws -> [String] {
    try paths(in: "Tests", endingIn: ".swift").map {
      lines(of: try String(contentsOf: PackageDirectory.file($0), encoding: .utf8))
    }
  }

  private static func paths(in folder: String, endingIn suffix: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: PackageDirectory.file(folder).path)
      .filter { $0.hasSuffix(suffix) }.sorted().map { "\(folder)/\($0)" }
  }
}
