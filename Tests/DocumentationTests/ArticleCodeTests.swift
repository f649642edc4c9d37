import FileTestSupport
import Foundation
import Testing

@Suite struct ArticleCodeTests {
  @Test func `every block of Swift code in the documentation is compiled by a test`() throws {
    let sources = try Article.testSources()
    var count = 0
    for article in try Article.all() {
      for block in article.code {
        count += 1
        #expect(
          sources.contains { contains($0, block.paragraphs) },
          "\(article):\(block.line): no test has this code:\n\(block.paragraphs.joined(separator: "\n\n"))")
      }
    }
    #expect(count > 20, "\(count) blocks of code")
  }

  /// Whether a source has all paragraphs in their order; a test may have more between them.
  private func contains(_ source: String, _ paragraphs: [String]) -> Bool {
    var rest = source[...]
    for paragraph in paragraphs {
      guard let range = rest.range(of: paragraph) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}
