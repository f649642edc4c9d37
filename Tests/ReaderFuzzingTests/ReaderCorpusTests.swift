import FileTestSupport
import Foundation
import ReaderFuzzing
import Testing

/// Inputs that fuzzing found, or that it began with, read once more: each ends in a value or in an error of bad data.
@Suite struct ReaderCorpusTests {
  /// Tests/ReaderCorpus, a folder for each reader.
  private static let corpus = PackageDirectory.file("Tests/ReaderCorpus")

  @Test(arguments: FuzzedReader.allCases) func everyInputIsReadOrRefused(_ reader: FuzzedReader) throws {
    let inputs = Self.corpus.appending(path: reader.rawValue, directoryHint: .isDirectory)
    let names = try FileManager.default.contentsOfDirectory(atPath: inputs.path).sorted()
    let folder = try TemporaryDirectory()
    let fuzzer = try ReaderFuzzer(reader, in: folder.url)
    var (read, refused) = (0, 0)
    for name in names {
      let input = [UInt8](try Data(contentsOf: inputs.appending(path: name)))
      switch input.withUnsafeBytes({ fuzzer.read($0) }) {
      case .read: read += 1
      case .refused(let reason):
        refused += 1
        #expect(!reason.isEmpty, "\(reader.rawValue)/\(name)")
      }
    }
    // Inputs of both kinds, or the corpus has lost its way into the reader.
    #expect(refused > 0, "none of \(names.count) inputs is refused")
    #expect(read > 0 || [.checkpoint, .stateDict, .png].contains(reader), "none of \(names.count) inputs is read")
  }
}
