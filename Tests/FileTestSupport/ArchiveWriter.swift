import CZip
import Foundation

/// Writes NPY and NPZ files for tests.
public enum ArchiveWriter {
  struct Failure: Error {}

  /// An NPY file of a header's text and a body.
  public static func npy(
    _ descr: String, _ shape: [Int], _ body: Data, isFortran: Bool = false, version: UInt8 = 1
  ) -> Data {
    let lengths = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let text =
      "{'descr': '\(descr)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (\(lengths)), }"
    let prefix = version == 1 ? 10 : 12
    let padding = 64 - (prefix + text.utf8.count + 1) % 64
    let header = text + String(repeating: " ", count: padding) + "\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [version, 0])
    let length = header.utf8.count
    data.append(contentsOf: [UInt8(length & 255), UInt8(length >> 8)] + (version == 1 ? [] : [0, 0]))
    data.append(Data(header.utf8))
    return data + body
  }

  /// An NPY file of numbers.
  public static func npy<Number>(
    _ descr: String, _ shape: [Int], _ numbers: [Number], isFortran: Bool = false, version: UInt8 = 1
  ) -> Data {
    npy(
      descr, shape, numbers.withUnsafeBytes { Data($0) }, isFortran: isFortran, version: version)
  }

  /// Writes a zip archive.
  public static func zip(_ entries: [(name: String, contents: Data)], to url: URL, isCompressed: Bool = true) throws {
    guard let archive = zip_open(url.path, ZIP_CREATE | ZIP_TRUNCATE, nil) else { throw Failure() }
    for entry in entries {
      // The archive reads the memory when it is closed, and frees it.
      guard let copy = malloc(max(entry.contents.count, 1)) else { throw Failure() }
      entry.contents.copyBytes(to: UnsafeMutableRawBufferPointer(start: copy, count: entry.contents.count))
      let source = zip_source_buffer(archive, copy, UInt64(entry.contents.count), 1)
      let index = zip_file_add(archive, entry.name, source, 0)
      guard index >= 0 else { throw Failure() }
      zip_set_file_compression(archive, UInt64(index), isCompressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0)
    }
    guard zip_close(archive) == 0 else { throw Failure() }
  }

  /// Writes an NPZ archive of arrays.
  public static func npz(_ arrays: [(name: String, npy: Data)], to url: URL, isCompressed: Bool = true) throws {
    try zip(arrays.map { ($0.name + ".npy", $0.npy) }, to: url, isCompressed: isCompressed)
  }
}
