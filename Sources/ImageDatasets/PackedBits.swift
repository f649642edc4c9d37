/// Rows of zeros and ones, eight to a byte, with the first in the lowest bit. Each row begins with a new byte.
package struct PackedBits: Sendable, Hashable {
  /// The number of rows.
  let rowCount: Int
  /// The number of zeros and ones in a row.
  let rowLength: Int
  /// The bytes, `[rowCount, bytesPerRow]`.
  let bytes: [UInt8]

  /// The number of bytes of a row of `rowLength` zeros and ones.
  static func bytesPerRow(_ rowLength: Int) -> Int { (rowLength + 7) / 8 }

  /// The eight numbers of each byte: extracting MNIST's 55 million bits one by one would take longer than reading the
  /// file.
  private static let eights: [SIMD8<Float>] = (0..<256).map { byte in
    var eight = SIMD8<Float>()
    for place in 0..<8 { eight[place] = Float(byte >> place & 1) }
    return eight
  }

  /// The zeros and ones as numbers, `[rowCount, rowLength]`.
  var floats: [Float] {
    let stride = Self.bytesPerRow(rowLength)
    return [Float](unsafeUninitializedCapacity: rowCount * rowLength) { result, written in
      guard let base = result.baseAddress else { return }
      bytes.withUnsafeBufferPointer { bytes in
        for row in 0..<rowCount {
          let (source, target) = (row * stride, row * rowLength)
          for place in 0..<rowLength / 8 {
            let eight = Self.eights[Int(bytes[source + place])]
            UnsafeMutableRawPointer(base + target + place * 8).storeBytes(of: eight, as: SIMD8<Float>.self)
          }
          for place in rowLength / 8 * 8..<rowLength {
            base[target + place] = Float(bytes[source + place >> 3] >> UInt8(place & 7) & 1)
          }
        }
      }
      written = rowCount * rowLength
    }
  }
}
