import FileTestSupport
import Foundation
import Testing

@testable import ImageDatasets

@Suite struct ChecksumTests {
  @Test(arguments: [
    (
      "", "d41d8cd98f00b204e9800998ecf8427e",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    ),
    (
      "abc", "900150983cd24fb0d6963f7d28e17f72",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    ),
  ])
  func publishedVectors(text: String, md5: String, sha256: String) throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "text")
    try Data(text.utf8).write(to: url)
    #expect(
      try Checksum.of(fileAt: url, [.md5, .sha256]) == [Checksum(.md5, md5), Checksum(.sha256, sha256)])
    #expect(try Checksum.of(fileAt: url, .md5).description == "MD5 \(md5)")
  }

  @Test func aFileOfManyPieces() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "million")
    // A million times the letter a, a vector of RFC 1321's and FIPS 180's authors, and longer than a piece.
    try Data(repeating: UInt8(ascii: "a"), count: 1_000_000).write(to: url)
    #expect(
      try Checksum.of(fileAt: url, .sha256).hexadecimal
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    try Data(repeating: 7, count: 3_000_000).write(to: url)
    #expect(try Checksum.of(fileAt: url, .md5) == Checksum.of(Data(repeating: 7, count: 3_000_000), .md5))
  }

  @Test func aMissingFileIsAnError() throws {
    let folder = try TemporaryDirectory()
    let error = #expect(throws: DatasetError.self) {
      try Checksum.of(fileAt: folder.url.appendingPathComponent("nothing"), .md5)
    }
    #expect(error?.category == .inputOutput)
  }
}
