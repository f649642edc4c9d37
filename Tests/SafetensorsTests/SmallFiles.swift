import CZstd
import FileTestSupport
import Files
import Foundation

@testable import Safetensors

/// Compresses bytes to one frame with a checksum, as any program might.
func frame(_ contents: Data, hasContentSize: Bool = true) -> Data {
  let context = ZSTD_createCCtx()
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, hasContentSize ? 1 : 0)
  var result = Data(count: ZSTD_compressBound(contents.count))
  let count = result.withUnsafeMutableBytes { output in
    contents.withUnsafeBytes { input in
      ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
    }
  }
  return result.prefix(count)
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
func safetensorsError(_ body: () throws -> Void) -> SafetensorsError? { thrown(by: body) }

/// The error of the file system that a closure throws; nil if it throws none or another kind.
func fileError(_ body: () throws -> Void) -> FileError? { thrown(by: body) }

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
