import Files
import Foundation

@testable import Safetensors

/// A directory of a test's own, removed when the value goes.
final class TemporaryDirectory {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "safetensors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func file(_ name: String = "test.safetensors") -> URL { url.appending(path: name) }

  /// The names of everything in the directory, hidden files too.
  func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }
}

/// Steele, Lea and Flood's SplitMix64: reproducible numbers for tests that draw.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Data {
  /// A file's bytes before its data: the length of the JSON, and the JSON as given.
  init(header json: String, data: [UInt8] = []) {
    self = Swift.withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian) { Data($0) }
    append(contentsOf: json.utf8)
    append(contentsOf: data)
  }
}

/// The error that a closure throws; nil if it throws none or another kind.
func safetensorsError(_ body: () throws -> Void) -> SafetensorsError? {
  do {
    try body()
    return nil
  } catch {
    return error as? SafetensorsError
  }
}

/// The error of the file system that a closure throws; nil if it throws none or another kind.
func fileError(_ body: () throws -> Void) -> FileError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FileError
  }
}

/// Opens a file and reads all of it.
func readAll(_ url: URL) throws -> [String: [UInt8]] {
  try SafetensorsFile(url).load().mapValues(\.bytes)
}

/// A few small tensors of several types, with metadata.
func smallTensors() -> [SafetensorsTensor] {
  [
    SafetensorsTensor(
      name: "weight", shape: [2, 3], values: [1, -2, 3, .infinity, 5, .leastNonzeroMagnitude] as [Float]),
    SafetensorsTensor(name: "step", shape: [], values: [42] as [Int64]),
    SafetensorsTensor(name: "empty", shape: [0, 4], values: [] as [Double]),
    SafetensorsTensor(name: "q", values: [-128, 0, 127] as [Int8]),
  ]
}
