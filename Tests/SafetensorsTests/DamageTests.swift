import FileTestSupport
import Foundation
import Testing

@testable import Safetensors

/// Files that are not what they should be: each is a typed error, none a crash or an absurd allocation.
@Suite struct DamageTests {
  let directory = try! TemporaryDirectory()

  private func error(_ contents: Data) throws -> SafetensorsError? {
    let url = directory.file()
    try contents.write(to: url)
    return safetensorsError { _ = try readAll(url) }
  }

  private func small(_ compression: SafetensorsCompression) throws -> Data {
    let url = directory.file()
    try SafetensorsWriter.write(
      to: url, tensors: smallTensors(), metadata: ["epoch": "3"], compression: compression)
    return try Data(contentsOf: url)
  }

  @Test(arguments: RoundTripTests.compressions)
  func truncated(compression: SafetensorsCompression) throws {
    let contents = try small(compression)
    for length in 0..<contents.count {
      let error = try error(contents.prefix(length))
      #expect(error?.category == .badData, "cut to \(length) bytes")
    }
  }

  @Test(arguments: RoundTripTests.compressions)
  func trailingBytes(compression: SafetensorsCompression) throws {
    let contents = try small(compression)
    #expect(try error(contents + [0])?.problem == .trailingBytes(offset: contents.count))
    #expect(try error(contents + contents)?.problem == .trailingBytes(offset: contents.count))
  }

  @Test(arguments: [SafetensorsCompression.standard, .zstd(level: 1), .zstd(level: 19)])
  func flippedInFrame(compression: SafetensorsCompression) throws {
    let contents = try small(compression)
    let original = try readAll(directory.file())
    for place in contents.indices {
      for mask: UInt8 in [0xFF, 1, 2, 4, 8, 16, 32, 64, 128] {
        var damaged = contents
        damaged[place] ^= mask
        let url = directory.file("damaged")
        try damaged.write(to: url)
        // A few bits of zstd's entropy coding are padding; without them the contents are the same, as the checksum
        // then confirms. Everything else is an error.
        let error = safetensorsError {
          let contents = try readAll(url)
          #expect(contents == original, "byte \(place), mask \(mask)")
        }
        #expect(mask != 0xFF || error != nil, "byte \(place)")
        #expect(error == nil || error?.category == .badData)
      }
    }
  }

  @Test func flippedInPlainFile() throws {
    let contents = try small(.none)
    let url = directory.file()
    for place in contents.indices {
      for mask: UInt8 in [0xFF, 1, 2, 4, 8, 16, 32, 64, 128] {
        var damaged = contents
        damaged[place] ^= mask
        try damaged.write(to: url)
        do {
          _ = try readAll(url)
        } catch {
          #expect((error as? SafetensorsError)?.category == .badData)
        }
      }
    }
  }

  @Test(arguments: [
    UInt64.max, UInt64(Int.max), UInt64(Int.max) + 1, UInt64(Int.max) - 7, 100_000_001, 100_000_000, 1 << 33,
    3,
  ])
  func absurdHeaderLength(length: UInt64) throws {
    var contents = withUnsafeBytes(of: length.littleEndian) { Data($0) }
    contents.append(contentsOf: "{}".utf8)
    #expect(try error(contents)?.category == .badData)
    // The same within a frame, with and without its content size.
    #expect(try error(frame(contents))?.category == .badData)
    #expect(try error(frame(contents, hasContentSize: false))?.category == .badData)
  }

  // Peaks of memory are those of a process, hence of one that does nothing else; earlier compilers have no such tests.
  #if compiler(>=6.2)
    @Test func absurdTensors() async {
      await #expect(processExitsWith: .success) {
        let tests = DamageTests()
        for count in [1_000_000_000_000_000, Int.max - 100, 1_000_000_000] {
          let json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[\(count)],\"data_offsets\":[0,\(count)]}}"
          let contents = Data(header: json, data: [1, 2, 3])
          for contents in [contents, frame(contents), frame(contents, hasContentSize: false)] {
            let error = try tests.error(contents)
            #expect(error?.category == .badData, "\(String(describing: error))")
            #expect(peakMemory() < 1 << 30)
          }
        }
      }
    }
  #endif

  @Test func absurdFrames() throws {
    // A frame that claims 2^50 bytes of content, one that wants a window of 2 GiB, a skippable one.
    #expect(
      try error(Data([0x28, 0xB5, 0x2F, 0xFD, 0xC0, 0x58, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0]))?.category
        == .badData)
    let window = try error(Data([0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 1, 0, 0, 0, 0, 0]))
    #expect(window?.category == .badData)
    #expect(window?.description.contains("memory") == true, "\(String(describing: window))")
    #expect(try error(Data([0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]))?.category == .badData)
  }

  @Test func foreignFiles() throws {
    #expect(try error(Data())?.description.contains("it is empty") == true)
    for text in ["x", "text", "{\"a\": 1}\n", String(repeating: "lorem ipsum ", count: 1000)] {
      #expect(try error(Data(text.utf8))?.category == .badData)
    }
    #expect(try error(Data([0x1F, 0x8B, 8, 0, 0]))?.description.contains("gzip") == true)
    #expect(try error(Data("PK\u{3}\u{4}.....".utf8))?.description.contains("torch.save") == true)
    #expect(try error(Data(header: "{}", data: [1]))?.problem == .trailingBytes(offset: 10))
  }

  @Test func filesThatCannotBeOpened() throws {
    let missing = safetensorsError { _ = try SafetensorsFile(directory.file("none")) }
    #expect(missing?.category == .missingInput)
    #expect(missing?.description.contains("none: there is no such file") == true)
    #expect(safetensorsError { _ = try SafetensorsFile(directory.url) }?.problem == .file(.notRegularFile))
    #expect(
      safetensorsError { _ = try SafetensorsFile(URL(filePath: "/dev/null")) }?.category == .inputOutput)
    try Data().write(to: directory.file())
    let below = directory.file().appending(path: "below")
    #expect(safetensorsError { _ = try SafetensorsFile(below) }?.category == .missingInput)
    let long = directory.file(String(repeating: "x", count: 300))
    #expect(safetensorsError { _ = try SafetensorsFile(long) }?.category == .inputOutput)
  }
}
