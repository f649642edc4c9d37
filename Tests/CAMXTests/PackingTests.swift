import Testing

/// Matrices packed for many products.
@Suite struct PackingTests {
  static let shapes = [(1, 1), (33, 31), (64, 100), (129, 70), (40, 200)]

  private func packed(
    _ functions: TileFunctions, _ b: [Float], parts: Int32, transposed: Bool, inner: Int, columns: Int, threads: Int32
  ) -> Words<UInt8> {
    let (matrix, packed) = (Memory(b), Memory(byteCount: functions.packedSize(parts, inner, columns)))
    functions.pack(
      parts, matrix.floats, transposed ? inner : columns, transposed, inner, columns, packed.pointer, threads)
    #expect(packed.isIntact)
    withExtendedLifetime(matrix) {}
    return packed.contents
  }

  /// Whole panels of 32 columns, whole steps of 32 along the reduction, in two bytes a number and part.
  private func size(parts: Int, inner: Int, columns: Int) -> Int {
    (columns + 31) / 32 * ((inner + 31) / 32) * 2048 * parts
  }

  @Test(arguments: shapes, [Int32(1), 2])
  func `a matrix and its transpose are packed alike, on any number of threads`(_ shape: (Int, Int), _ parts: Int32) {
    let (inner, columns) = shape
    let b = draws(inner * columns, 1)
    let transposed = (0..<b.count).map { b[$0 % inner * columns + $0 / inner] }
    let one = packed(.emulated, b, parts: parts, transposed: false, inner: inner, columns: columns, threads: 1)
    #expect(one.words.count == size(parts: Int(parts), inner: inner, columns: columns))
    for threads: Int32 in [1, 2, 3] {
      for (numbers, isTransposed) in [(b, false), (transposed, true)] {
        #expect(
          packed(
            .emulated, numbers, parts: parts, transposed: isTransposed, inner: inner, columns: columns, threads: threads
          ) == one)
      }
    }
  }

  @Test(.needsTiles, arguments: shapes, [Int32(1), 2])
  func `the processor packs the same`(_ shape: (Int, Int), _ parts: Int32) {
    let (inner, columns) = shape
    let b = draws(inner * columns, 1)
    for isTransposed in [false, true] {
      let results = [TileFunctions.emulated, .processor].map {
        packed($0, b, parts: parts, transposed: isTransposed, inner: inner, columns: columns, threads: 2)
      }
      #expect(results[0] == results[1])
    }
  }
}
