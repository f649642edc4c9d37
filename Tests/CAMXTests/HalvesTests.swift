import Testing

/// Numbers as bfloat16 halves, bit by bit.
@Suite struct HalvesTests {
  private static let numbers: [Float] =
    draws(61, 1) + draws(20, 2).map { $0 * 1e30 } + draws(20, 3).map { $0 * 1e-30 }
    + [
      0, -0.0, 1, .infinity, -.infinity, 0x1.01p0, 0x1.03p0, -0x1.01p0, 0x1.008p0, 0x1p-126, .leastNormalMagnitude / 3,
      -.leastNonzeroMagnitude,
    ]

  /// Rounded to bfloat16, ties to even; denormal numbers are zeros.
  private func rounded(_ x: Float) -> UInt16 {
    if x.isSubnormal || x == 0 { return x.sign == .minus ? 0x8000 : 0 }
    let (below, rest) = (UInt16(x.bitPattern >> 16), x.bitPattern & 0xffff)
    return rest > 0x8000 || (rest == 0x8000 && below & 1 == 1) ? below + 1 : below
  }
  /// Rounded to bfloat16, ties away from zero.
  private func high(_ x: Float) -> Float { Float(bitPattern: (x.bitPattern + 0x8000) & 0xffff_0000) }

  /// Rows of numbers, and some of them.
  private static let shapes = [(1, 1, 0..<1), (3, 16, 1..<3), (4, 17, 0..<3), (5, 33, 2..<2), (2, 113, 0..<2)]

  private func rows(_ rows: Int, _ count: Int) -> [Float] {
    (0..<(rows * count)).map { Self.numbers[$0 * 7 % Self.numbers.count] }
  }

  private func halves(
    _ functions: TileFunctions, _ parts: Int32, _ x: [Float], _ rows: Int, _ count: Int, _ some: Range<Int>
  ) -> Words<UInt16> {
    let y = Memory(byteCount: x.count * (parts == 1 ? 2 : 6))
    functions.halves(parts, some.lowerBound, some.upperBound, count, x, y.pointer)
    #expect(y.isIntact)
    return Words(
      words: (0..<(x.count * (parts == 1 ? 1 : 3))).map { y.pointer.load(fromByteOffset: 2 * $0, as: UInt16.self) })
  }

  private func split(
    _ functions: TileFunctions, _ x: [Float], _ rows: Int, _ count: Int, _ some: Range<Int>
  ) -> [Float] {
    let y = Memory(byteCount: x.count * 12)
    functions.split(some.lowerBound, some.upperBound, count, x, y.floats)
    #expect(y.isIntact)
    return y.numbers
  }

  @Test(arguments: shapes) func `halves are rounded numbers and what is left`(_ shape: (Int, Int, Range<Int>)) {
    let (rows, count, some) = shape
    let x = self.rows(rows, count)
    let nothing: UInt16 = 0xffff
    let one = x.enumerated().map { some.contains($0 / count) ? rounded($1) : nothing }
    #expect(halves(.emulated, 1, x, rows, count, some) == Words(words: one))
    var (two, three) = ([UInt16](), [Float]())
    for row in 0..<rows {
      let line = x[(row * count)..<((row + 1) * count)]
      let (upper, lower) = (line.map { high($0) }, line.map { $0 - high($0) })
      let words = upper.map { UInt16($0.bitPattern >> 16) }
      two += words + lower.map { $0.isNaN ? UInt16(0x7fc0) : rounded($0) } + words
      three += upper + upper + lower
      if !some.contains(row) {
        two.replaceSubrange((3 * row * count)..., with: repeatElement(nothing, count: 3 * count))
        three.replaceSubrange((3 * row * count)..., with: repeatElement(.nan, count: 3 * count))
      }
    }
    // What is not a number may have any sign.
    let found = halves(.emulated, 2, x, rows, count, some).words.map { $0 == 0xffc0 ? 0x7fc0 : $0 }
    #expect(Words(words: found) == Words(words: two))
    #expect(split(.emulated, x, rows, count, some).bits == three.bits)
  }

  @Test(.needsTiles, arguments: shapes) func `the processor's halves are the same`(_ shape: (Int, Int, Range<Int>)) {
    let (rows, count, some) = shape
    let x = self.rows(rows, count)
    for parts: Int32 in [1, 2] {
      #expect(halves(.emulated, parts, x, rows, count, some) == halves(.processor, parts, x, rows, count, some))
    }
    #expect(split(.emulated, x, rows, count, some).bits == split(.processor, x, rows, count, some).bits)
  }
}
