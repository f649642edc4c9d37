import FileTestSupport
import Files
import Foundation
import Testing

@testable import Safetensors

/// Small files that hold much: what is asked for is bounded, and what is not asked for takes no memory.
@Suite struct MemoryLimitTests {
  let directory = try! TemporaryDirectory()

  /// A tensor of zeros, handed out in pieces: a thousand bytes of it take less than one in a frame.
  private func zeros(_ name: String, _ count: Int) -> SafetensorsTensor {
    SafetensorsTensor(name: name, elementType: .uint8, shape: [count]) { body in
      let piece = [UInt8](repeating: 0, count: 1 << 22)
      for start in stride(from: 0, to: count, by: piece.count) {
        try piece.prefix(min(piece.count, count - start)).withUnsafeBytes(body)
      }
    }
  }

  private func written(_ tensors: [SafetensorsTensor]) throws -> URL {
    let url = directory.file()
    try SafetensorsWriter.write(to: url, tensors: tensors)
    return url
  }

  @Test func `tensors beyond the limit are refused before one is read, and a higher limit lets them pass`() throws {
    let url = try written([zeros("a", 40_000_000), zeros("b", 30_000_000)])
    var read: [String] = []
    let file = try SafetensorsFile(url, memoryLimit: MemoryLimit(floor: 50_000_000))
    #expect(file.byteCount < 1_000_000)
    let error = safetensorsError { try file.readTensors { entry, _ in read.append(entry.name) } }
    #expect(error?.problem == .beyondLimit("its tensors", byteCount: 70_000_000, limit: 50_000_000))
    #expect(error?.category == .badData && read.isEmpty)
    for words in ["70.0 MB", "50.0 MB", "raise the limit"] {
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    #expect(safetensorsError { _ = try file.load() } == error)
    // What is wanted counts, not what is there.
    try file.readTensors(where: { $0.name == "a" }) { entry, bytes in read.append("\(entry.name) \(bytes.count)") }
    #expect(read == ["a 40000000"])
    #expect(try file.bytes("b").count == 30_000_000)
    #expect(try SafetensorsFile(url, memoryLimit: MemoryLimit(floor: 70_000_000)).load().count == 2)
    let small = try SafetensorsFile(url, memoryLimit: MemoryLimit(floor: 20_000_000))
    #expect(safetensorsError { _ = try small.bytes("b") }?.category == .badData)
  }

  @Test func `a plain file of any size may be read`() throws {
    let url = directory.file()
    try SafetensorsWriter.write(to: url, tensors: [zeros("a", 3_000_000)], compression: .none)
    #expect(try SafetensorsFile(url, memoryLimit: MemoryLimit(floor: 0)).load().count == 1)
  }

  @Test(arguments: RoundTripTests.compressions)
  func `tensors that are not wanted are passed over`(compression: SafetensorsCompression) throws {
    let url = directory.file()
    try SafetensorsWriter.write(to: url, tensors: smallTensors(), compression: compression)
    let all = try readAll(url)
    for name in all.keys {
      var read: [String: [UInt8]] = [:]
      try SafetensorsFile(url).readTensors(where: { $0.name == name }) { read[$0.name] = Array($1) }
      #expect(read == [name: all[name]])
    }
    // The checksum behind what is passed over is verified all the same.
    var damaged = try Data(contentsOf: url)
    damaged[damaged.count - 1] ^= 1
    try damaged.write(to: url)
    guard compression != .none else { return }
    let error = safetensorsError { try SafetensorsFile(url).readTensors(where: { _ in false }) { _, _ in } }
    #expect(error?.category == .badData)
  }

  @Test func `a header that would take too much is refused`() throws {
    // 90 MB of spaces, which a few thousand bytes hold.
    let url = directory.file()
    try frame(Data(header: "{}" + String(repeating: " ", count: 90_000_000))).write(to: url)
    let error = safetensorsError { _ = try SafetensorsFile(url) }
    #expect(error?.category == .badData)
    for words in ["its header", "1.4 GB", "1.0 GB"] {
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    #expect(try SafetensorsFile(url, memoryLimit: MemoryLimit(floor: 2_000_000_000)).entries.isEmpty)
  }

  // Peaks of memory are those of a process, hence of one that does nothing else; earlier compilers have no such tests.
  #if compiler(>=6.2)
    @Test func `what is passed over takes no memory`() async {
      await #expect(processExitsWith: .success) {
        let tests = MemoryLimitTests()
        let small = SafetensorsTensor(name: "z", values: [1, 2, 3] as [Int8])
        let url = try tests.written([tests.zeros("much", 2 << 30), small])
        var read: [UInt8] = []
        try SafetensorsFile(url).readTensors(where: { $0.name == "z" }) { read = Array($1) }
        #expect(read == [1, 2, 3])
        #expect(peakMemory() < 1 << 30)
      }
    }

    @Test func `a header takes no more memory than is said`() async {
      await #expect(processExitsWith: .success) {
        // Many tensors of few bytes each in the header.
        let tensors = (0..<200_000).map { "\"\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}" }
        let json = "{" + tensors.joined(separator: ",") + "}"
        let tests = MemoryLimitTests()
        let url = tests.directory.file()
        try frame(Data(header: json)).write(to: url)
        let before = peakMemory()
        #expect(try SafetensorsFile(url).entries.count == 200_000)
        #expect(peakMemory() - before <= 16 * json.utf8.count)
      }
    }
  #endif
}
