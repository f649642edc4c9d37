import FileTestSupport
import Foundation
import Testing

@testable import Files
@testable import Safetensors

@Suite struct AtomicFileTests {
  private struct Stop: Error {}

  let directory = try! TemporaryDirectory()

  private func inode(_ url: URL) throws -> UInt64 {
    var status = stat()
    #expect(stat(url.path, &status) == 0)
    return UInt64(status.st_ino)
  }

  @Test func writesAndReplaces() throws {
    let url = directory.file("a.json")
    let count = try AtomicFile.write(to: url) { sink in
      try sink.write(Data("one".utf8))
      try sink.write([UInt8]("two".utf8))
      return sink.byteCount
    }
    #expect(count == 6)
    #expect(try String(contentsOf: url, encoding: .utf8) == "onetwo")
    try AtomicFile.write(to: url) { try $0.write(Data("three".utf8)) }
    #expect(try String(contentsOf: url, encoding: .utf8) == "three")
    #expect(try directory.names() == ["a.json"])
  }

  @Test func longAndUnicodeNames() throws {
    for name in [String(repeating: "x", count: 255), String(repeating: "重", count: 85)] {
      try AtomicFile.write(to: directory.file(name)) { try $0.write(Data([1])) }
      #expect(try directory.names().contains(name))
    }
  }

  @Test(arguments: RoundTripTests.compressions)
  func failingProviderLeavesThePreviousFile(compression: SafetensorsCompression) throws {
    let url = directory.file()
    try SafetensorsWriter.write(to: url, tensors: smallTensors(), compression: compression)
    let before = try Data(contentsOf: url)
    let noise = [UInt8](repeating: 7, count: 5_000_000)
    let failing = SafetensorsTensor(name: "z", elementType: .uint8, shape: [2 * noise.count]) { body in
      try noise.withUnsafeBytes(body)
      throw Stop()
    }
    #expect(throws: Stop.self) {
      try SafetensorsWriter.write(to: url, tensors: smallTensors() + [failing], compression: compression)
    }
    for count in [0, 3, 5] {
      let wrong = SafetensorsTensor(name: "z", elementType: .uint8, shape: [4]) { body in
        try Array(noise.prefix(count)).withUnsafeBytes(body)
      }
      let error = safetensorsError {
        try SafetensorsWriter.write(to: url, tensors: [wrong], compression: compression)
      }
      #expect(error?.description.contains("tensor \"z\" takes 4 bytes, but \(count) were given") == true)
    }
    #expect(try Data(contentsOf: url) == before)
    #expect(try directory.names() == [url.lastPathComponent])
  }

  @Test func placesThatCannotBeWritten() throws {
    try Data().write(to: directory.file("plain"))
    func error(_ url: URL) -> FileError? {
      fileError { try SafetensorsWriter.write(to: url, tensors: smallTensors()) }
    }
    let belowFile = error(directory.file("plain").appending(path: "x"))
    #expect(belowFile?.category == .inputOutput)
    #expect(belowFile?.description.contains("Not a directory") == true)
    let noDirectory = error(directory.file("none").appending(path: "x"))
    #expect(noDirectory?.category == .inputOutput)
    #expect(noDirectory?.description.contains("Check that the directory exists") == true)
    #if os(Linux)
      #expect(error(URL(filePath: "/proc/x.safetensors"))?.category == .inputOutput)
    #endif
    #expect(error(directory.url)?.problem == .notRegularFile)
    #expect(error(URL(filePath: "/dev/null"))?.problem == .notRegularFile)
  }

  /// The system's own "disk full", from a device made for that.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func fullDisk() throws {
    let file = OpenFile(path: "x", descriptor: open("/dev/full", O_WRONLY))
    let error = fileError { try [1, 2, 3].withUnsafeBytes { try file.write($0) } }
    #expect(error?.category == .inputOutput)
    #expect(error?.problem == .system(operation: "write the file", code: ENOSPC))
    #expect(error?.description.contains("Free some space") == true)
  }

  @Test func links() throws {
    let (last, best) = (directory.file("last"), directory.file("best"))
    try AtomicFile.write(to: last) { try $0.write(Data("one".utf8)) }
    try AtomicFile.link(last, to: best)
    #expect(try inode(last) == inode(best))
    // Again, when both are one file already, and to itself.
    try AtomicFile.link(last, to: best)
    try AtomicFile.link(last, to: last)
    try AtomicFile.write(to: last) { try $0.write(Data("two".utf8)) }
    #expect(try String(contentsOf: best, encoding: .utf8) == "one")
    try AtomicFile.link(last, to: best)
    #expect(try String(contentsOf: best, encoding: .utf8) == "two")
    #expect(try directory.names() == ["best", "last"])

    #expect(
      fileError { try AtomicFile.link(directory.file("none"), to: best) }?.category == .missingInput)
    let elsewhere = directory.file("none").appending(path: "x")
    #expect(fileError { try AtomicFile.link(last, to: elsewhere) }?.category == .inputOutput)
    #expect(try directory.names() == ["best", "last"])
  }

  /// Between file systems there are no hard links: the bytes are copied.
  @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm"), "needs /dev/shm"))
  func linkFallsBackToCopy() throws {
    let contents = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
    let last = directory.file("last")
    try AtomicFile.write(to: last) { try $0.write(contents) }
    let best = URL(filePath: "/dev/shm/\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: best) }
    try AtomicFile.link(last, to: best)
    #expect(try Data(contentsOf: best) == contents)
    let copied = directory.file("copied")
    try AtomicFile.copy(OpenFile(reading: last.path), to: copied)
    #expect(try Data(contentsOf: copied) == contents)
  }
}
