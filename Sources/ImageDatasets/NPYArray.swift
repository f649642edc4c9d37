import Files
import Foundation

/// Reads arrays of numbers in NumPy's NPY format, versions 1.0 to 3.0. Pickled objects are refused.
package enum NPYArray {
  /// The array in an NPY file, in single precision.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  package static func read(_ url: URL) throws(DatasetError) -> NumberArray<Float> { try read(url, Float.self) }

  /// The same in double precision.
  package static func readDoubles(_ url: URL) throws(DatasetError) -> NumberArray<Double> { try read(url, Double.self) }

  private static func read<Number>(_ url: URL, _: Number.Type) throws(DatasetError) -> NumberArray<Number> {
    let fileSize = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    // Whatever the header says, a number takes a byte at least.
    try ArrayMemory.check(
      fileSize, path: url.path, fileSize: fileSize, .standard, inDoublePrecision: Number.self == Double.self)
    let data: Data
    do {
      data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    do throws(NPYProblem) {
      let header = try NPYHeader(data.prefix(NPYHeader.limit))
      return try data.withUnsafeBytes { bytes in Result { () throws(NPYProblem) in try decode(bytes, header) } }.get()
    } catch {
      throw .malformed(path: url.path, reason: error.reason)
    }
  }

  /// The array in the bytes of an NPY file, which must end with the last number.
  ///
  /// - Throws: ``NPYProblem``.
  static func decode<Number>(
    _ bytes: UnsafeRawBufferPointer, _ header: NPYHeader
  ) throws(NPYProblem) -> NumberArray<Number> {
    guard let byteCount = header.byteCount else {
      throw NPYProblem("its shape \(header.shape) is of more bytes than can be counted")
    }
    let held = bytes.count - header.dataOffset
    guard held == byteCount else {
      throw NPYProblem(
        held < byteCount
          ? "it is cut off: its shape \(header.shape) takes \(byteCount) bytes and it has \(max(held, 0))"
          : "\(held - byteCount) bytes follow its numbers")
    }
    let body = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
    return NumberArray(
      shape: header.shape, isFirstIndexFastest: header.isFirstIndexFastest,
      kind: header.element == .boolean ? .boolean : header.element == .floating ? .floating : .integer,
      values: values(body, header))
  }

  private static func values<Number: BinaryFloatingPoint>(
    _ bytes: UnsafeRawBufferPointer, _ header: NPYHeader
  ) -> [Number] {
    let isBigEndian = header.isBigEndian
    func numbers<Word: FixedWidthInteger>(_ convert: (Word) -> Number) -> [Number] {
      let size = MemoryLayout<Word>.size
      return [Number](unsafeUninitializedCapacity: bytes.count / size) { result, count in
        count = bytes.count / size
        for index in 0..<count {
          let word = bytes.loadUnaligned(fromByteOffset: index * size, as: Word.self)
          result[index] = convert(isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word))
        }
      }
    }
    return switch (header.element, header.size) {
    case (.boolean, _): numbers { ($0 as UInt8) == 0 ? 0 : 1 }
    case (.unsigned, 1): numbers { Number($0 as UInt8) }
    case (.unsigned, 2): numbers { Number($0 as UInt16) }
    case (.unsigned, 4): numbers { Number($0 as UInt32) }
    case (.unsigned, _): numbers { Number($0 as UInt64) }
    case (.signed, 1): numbers { Number($0 as Int8) }
    case (.signed, 2): numbers { Number($0 as Int16) }
    case (.signed, 4): numbers { Number($0 as Int32) }
    case (.signed, _): numbers { Number($0 as Int64) }
    case (.floating, 4): numbers { Number(Float(bitPattern: $0)) }
    case (.floating, _): numbers { Number(Double(bitPattern: $0)) }
    }
  }
}
