import FileTestSupport
import Foundation
import Testing

@testable import Safetensors

@Suite struct RoundTripTests {
  static let compressions: [SafetensorsCompression] = [.none, .standard, .zstd(level: 1), .zstd(level: 9)]

  let directory = try! TemporaryDirectory()

  @Test(arguments: compressions)
  func everyElementType(compression: SafetensorsCompression) throws {
    var random = SplitMix64(seed: 1)
    var expected: [String: [UInt8]] = [:]
    var tensors: [SafetensorsTensor] = []
    for type in SafetensorsElementType.allCases {
      for shape in [[], [3], [2, 5], [0], [3, 0, 2], [1, 1, 1, 1]] {
        let name = "\(type.rawValue) \(shape)"
        let count = shape.reduce(1, *) * type.byteCount
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        expected[name] = bytes
        tensors.append(
          SafetensorsTensor(name: name, elementType: type, shape: shape) { try bytes.withUnsafeBytes($0) })
      }
    }
    let url = directory.file()
    let written = try SafetensorsWriter.write(to: url, tensors: tensors, compression: compression)
    let file = try SafetensorsFile(url)
    #expect(written == file.byteCount)
    #expect(file.isCompressed == (compression != .none))
    let loaded = try file.load()
    #expect(loaded.mapValues(\.bytes) == expected)
    for (name, tensor) in loaded {
      #expect(name == "\(tensor.entry.elementType.rawValue) \(tensor.entry.shape)")
      #expect(try file.bytes(name) == expected[name])
    }
  }

  @Test(arguments: compressions)
  func typedValues(compression: SafetensorsCompression) throws {
    let url = directory.file()
    let metadata = ["epoch": "3", "": "empty key", "quote\"\\\u{1}\n": "Ünïcode \u{1F600}\u{2028}"]
    try SafetensorsWriter.write(
      to: url, tensors: smallTensors(), metadata: metadata, compression: compression)
    let file = try SafetensorsFile(url)
    #expect(file.metadata == metadata)
    #expect(file.entries.map(\.name) == ["step", "empty", "weight", "q"])
    #expect(try file.floats("weight") == [1, -2, 3, .infinity, 5, .leastNonzeroMagnitude])
    #expect(try file.values("step") == [42] as [Int64])
    #expect(try file.doubles("empty") == [])
    #expect(try file.int8s("q") == [-128, 0, 127])
    #expect(file.entries.first { $0.name == "step" }?.shape == [])
    #expect(safetensorsError { _ = try file.int32s("weight") }?.description.contains("F32, not I32") == true)
    #expect(
      safetensorsError { _ = try file.floats("wait") }?.problem == .noSuchTensor(name: "wait"))
  }

  @Test(arguments: compressions)
  func noTensorsAndUnusualNames(compression: SafetensorsCompression) throws {
    let url = directory.file()
    try SafetensorsWriter.write(to: url, tensors: [], compression: compression)
    #expect(try SafetensorsFile(url).load().isEmpty)

    let names = ["", " ", "ядро.вес", "重み", "a/b\\c\"d", "\u{0}\u{1F}\u{7F}", "\u{1F469}\u{200D}\u{1F4BB}"]
    let tensors = names.map { SafetensorsTensor(name: $0, values: Array($0.utf8)) }
    try SafetensorsWriter.write(to: url, tensors: tensors, compression: compression)
    let loaded = try readAll(url)
    #expect(Set(loaded.keys) == Set(names))
    for name in names { #expect(loaded[name] == Array(name.utf8)) }
  }

  @Test func bytesDependOnContentsAlone() throws {
    let (one, two) = (directory.file("one"), directory.file("two"))
    let metadata = Dictionary(uniqueKeysWithValues: (0..<50).map { ("key \($0)", "\($0)") })
    try SafetensorsWriter.write(to: one, tensors: smallTensors(), metadata: metadata)
    try SafetensorsWriter.write(to: two, tensors: smallTensors().reversed(), metadata: metadata)
    #expect(try Data(contentsOf: one) == Data(contentsOf: two))
  }

  /// Tensors larger than any buffer on the way, given piece by piece.
  @Test(arguments: compressions)
  func largeTensorsInPieces(compression: SafetensorsCompression) throws {
    var random = SplitMix64(seed: 7)
    let noise = (0..<3_000_001).map { _ in Float.random(in: -1...1, using: &random) }
    let zeros = [Float](repeating: 0, count: 9_000_000)
    let tensors = [
      SafetensorsTensor(name: "noise", elementType: .float32, shape: [noise.count]) { body in
        try noise.withUnsafeBytes { bytes in
          for start in stride(from: 0, to: bytes.count, by: 999_999) {
            let end = min(start + 999_999, bytes.count)
            try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
          }
        }
      },
      SafetensorsTensor(name: "zeros", values: zeros),
    ]
    let url = directory.file()
    try SafetensorsWriter.write(to: url, tensors: tensors, compression: compression)
    let file = try SafetensorsFile(url)
    #expect(try file.floats("noise") == noise)
    #expect(try file.floats("zeros") == zeros)
    var order: [String] = []
    try file.readTensors { entry, bytes in
      order.append(entry.name)
      #expect(Int(bitPattern: bytes.baseAddress) % 16 == 0)
      #expect(Array(bytes.assumingMemoryBound(to: Float.self)) == (entry.name == "noise" ? noise : zeros))
    }
    #expect(order == ["noise", "zeros"])
  }

  /// A frame whose content size is unknown, as `zstd` writes it from a pipe, and more than memory grows at first.
  @Test(.enabled(if: ExternalProgram.hasZstandard, "needs the program zstd"))
  func frameWithoutContentSize() throws {
    let plain = directory.file("plain")
    let values = [Double](repeating: 1.25, count: 5_000_000)
    try SafetensorsWriter.write(
      to: plain, tensors: [SafetensorsTensor(name: "x", values: values)], compression: .none)
    let url = directory.file()
    let (status, output) = try ExternalProgram.run("sh", ["-c", "cat '\(plain.path)' | zstd -q -o '\(url.path)'"])
    #expect(status == 0, "\(output)")
    #expect(try SafetensorsFile(url).doubles("x") == values)
  }

  /// A file stays what it was when opened, even if another takes its name.
  @Test(arguments: compressions)
  func openFileOutlivesItsName(compression: SafetensorsCompression) throws {
    let url = directory.file()
    try SafetensorsWriter.write(
      to: url, tensors: [SafetensorsTensor(name: "x", values: [1] as [Float])], compression: compression)
    let file = try SafetensorsFile(url)
    try SafetensorsWriter.write(
      to: url, tensors: [SafetensorsTensor(name: "x", values: [2, 3] as [Float])], compression: compression)
    #expect(try file.floats("x") == [1])
    #expect(try SafetensorsFile(url).floats("x") == [2, 3])
  }
}
