import FileTestSupport
import Testing

/// One product of tiles by itself, against the operation that the processor's manual gives for it.
@Suite struct InstructionTests {
  /// Numbers of every size, around the least that is not denormal, or around one.
  enum Range: CaseIterable { case all, least, one }

  /// bfloat16 numbers as bits.
  private func halves(_ count: Int, _ range: Range, _ index: UInt64) -> [UInt16] {
    var random = SplitMix64(seed: index)
    return (0..<count).map { _ in
      let exponent: UInt16 =
        switch range {
        case .all: .random(in: 0...254, using: &random)
        case .least: .random(in: 0...1, using: &random) * 64 + .random(in: 0...4, using: &random)
        case .one: .random(in: 120...130, using: &random)
        }
      return .random(in: 0...1, using: &random) << 15 | exponent << 7 | .random(in: 0...127, using: &random)
    }
  }

  private func flushed(_ x: Float) -> Float { x.isSubnormal ? (x.sign == .minus ? -0.0 : 0.0) : x }

  /// c + a b: for each number the sum over the pairs' first numbers, that over their second ones, both together, and c.
  private func expected(_ rows: Int, _ a: [UInt16], _ b: [UInt16], _ c: [Float]) -> [Float] {
    func number(_ half: UInt16) -> Float { flushed(Float(bitPattern: UInt32(half) << 16)) }
    return (0..<(16 * rows)).map { at in
      let (row, column) = (at / 16, at % 16)
      var sums: (Float, Float) = (0, 0)
      for k in 0..<16 {
        sums.0 = flushed(sums.0.addingProduct(number(a[row * 32 + 2 * k]), number(b[k * 32 + 2 * column])))
        sums.1 = flushed(sums.1.addingProduct(number(a[row * 32 + 2 * k + 1]), number(b[k * 32 + 2 * column + 1])))
      }
      return flushed(flushed(c[at]) + flushed(sums.0 + sums.1))
    }
  }

  private func product(_ functions: TileFunctions, _ rows: Int, _ a: [UInt16], _ b: [UInt16], _ c: [Float]) -> [Float] {
    var result = c
    functions.instruction(rows, a, b, &result)
    return result
  }

  private func example(_ rows: Int, _ range: Range, _ index: UInt64) -> (a: [UInt16], b: [UInt16], c: [Float]) {
    let c = halves(16 * rows, range, 3 * index).enumerated().map { i, half in
      Float(bitPattern: UInt32(half) << 16 | UInt32(truncatingIfNeeded: i &* 40503))
    }
    return (halves(32 * rows, range, 3 * index + 1), halves(512, range, 3 * index + 2), c)
  }

  @Test(arguments: Range.allCases, 1...16)
  func `a product of tiles is rounded as the manual says`(_ range: Range, _ rows: Int) {
    let (a, b, c) = example(rows, range, UInt64(rows))
    #expect(product(.emulated, rows, a, b, c).bits == expected(rows, a, b, c).bits)
  }

  @Test(.needsTiles, arguments: Range.allCases, 1...16)
  func `the emulated product is the processor's`(_ range: Range, _ rows: Int) {
    let (a, b, c) = example(rows, range, UInt64(100 + rows))
    #expect(product(.emulated, rows, a, b, c).bits == product(.processor, rows, a, b, c).bits)
  }

  /// Sums just below the least number that is not denormal: rounded to 24 bits first, and then zero if still below it.
  @Test func `what is denormal after rounding is zero`() {
    func half(_ number: Float) -> UInt16 { UInt16(number.bitPattern >> 16) }
    // The first pair's first numbers make 2^-126, the second pair's take something away.
    func sum(_ x: Float, _ y: Float) -> Float {
      var (a, b) = ([UInt16](repeating: 0, count: 32), [UInt16](repeating: 0, count: 512))
      (a[0], b[0]) = (half(0x1p-63), half(0x1p-63))
      (a[2], b[32]) = (half(x), half(y))
      return product(.emulated, 1, a, b, [Float](repeating: 0, count: 16))[0]
    }
    #expect(sum(0, 0) == 0x1p-126)
    #expect(sum(-0x1p-75, 0x1p-75) == 0)
    #expect(sum(-0x1p-75, 0x1p-76) == 0x1p-126)
    #expect(sum(-0x1p-70, 0x1p-70) == 0)
  }
}
