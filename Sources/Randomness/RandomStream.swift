import Foundation

/// Random numbers as a pure function of (seed, purpose, step, index).
///
/// A counter-based generator (Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011) has no state to save: a resumed run draws what an uninterrupted one would have
/// drawn, and a part of a batch draws what the whole batch would have drawn there.
///
/// ```swift
/// let noise = RandomStream(seed: 1, purpose: .posteriorNoise, step: 42)
/// let first = noise.normal(at: 0)
/// ```
public struct RandomStream: Sendable, Hashable {
  private let key: SIMD2<UInt32>
  private let step: SIMD2<UInt32>

  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - purpose: What the numbers are for.
  ///   - step: Any number that tells draws of one purpose apart: a training step, an epoch, a parameter's index.
  public init(seed: UInt64, purpose: RandomPurpose, step: UInt64 = 0) {
    key = SIMD2(
      UInt32(truncatingIfNeeded: seed),
      UInt32(truncatingIfNeeded: seed >> 32) ^ (purpose.number &* 0x9E37_79B9))
    self.step = SIMD2(UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32))
  }

  /// The four random words at a counter.
  public func words(at counter: UInt64) -> SIMD4<UInt32> {
    Self.philox(
      SIMD4(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), step.x, step.y),
      key: key)
  }

  /// Ten rounds of Philox.
  @inline(__always)
  static func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) &* UInt64(c0)
      let p1 = UInt64(0xCD9E_8D57) &* UInt64(c2)
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }

  /// A uniform number in [0, 1), with 24 random bits: exact in single precision.
  public func uniform(at index: Int) -> Float {
    let word = words(at: UInt64(index / 4))[index % 4]
    return Float(word >> 8) * 0x1p-24
  }

  /// A standard normal number, by the transform of Box and Muller in double precision.
  public func normal(at index: Int) -> Float {
    let pair = normalPair(words(at: UInt64(index / 4)), half: (index % 4) / 2)
    return index % 2 == 0 ? pair.0 : pair.1
  }

  /// Uniform numbers for the indices `range`, in order.
  public func uniforms(_ range: Range<Int>) -> [Float] {
    fill(range) { words in SIMD4<Float>(words &>> 8) * 0x1p-24 }
  }

  /// Standard normal numbers for the indices `range`, in order.
  public func normals(_ range: Range<Int>) -> [Float] {
    fill(range) { words in
      let (a, b) = normalPair(words, half: 0)
      let (c, d) = normalPair(words, half: 1)
      return SIMD4(a, b, c, d)
    }
  }

  /// Numbers -1 or 1, equally likely (Rademacher), for the indices `range`, in order.
  public func signs(_ range: Range<Int>) -> [Float] {
    fill(range) { words in
      SIMD4<Float>(repeating: 1).replacing(with: -1, where: words .< 0x8000_0000)
    }
  }

  /// A permutation of 0..<count by the shuffle of Fisher and Yates; the number drawn at swap i is index i's.
  public func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    for i in stride(from: count - 1, to: 0, by: -1) {
      let w = words(at: UInt64(i))
      // 64 random bits scaled to 0...i; the bias is below 2^-32 for any count that fits in memory.
      let bits = UInt64(w[0]) << 32 | UInt64(w[1])
      order.swapAt(i, Int(bits.multipliedFullWidth(by: UInt64(i + 1)).high))
    }
    return order
  }

  private func normalPair(_ words: SIMD4<UInt32>, half: Int) -> (Float, Float) {
    // (0, 1] for the logarithm: never zero.
    let u = (Double(words[2 * half]) + 1) * 0x1p-32
    let angle = 2 * Double.pi * Double(words[2 * half + 1]) * 0x1p-32
    let radius = (-2 * log(u)).squareRoot()
    return (Float(radius * cos(angle)), Float(radius * sin(angle)))
  }

  /// The numbers that `four` makes of each counter's words, for the indices `range`.
  @inline(__always)
  private func fill(_ range: Range<Int>, _ four: (SIMD4<UInt32>) -> SIMD4<Float>) -> [Float] {
    guard !range.isEmpty else { return [] }
    return [Float](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      for counter in (range.lowerBound / 4)..<((range.upperBound + 3) / 4) {
        let numbers = four(words(at: UInt64(counter)))
        let place = 4 * counter - range.lowerBound
        if place >= 0, place + 4 <= range.count {
          UnsafeMutableRawBufferPointer(buffer).storeBytes(
            of: numbers, toByteOffset: 4 * place, as: SIMD4<Float>.self)
        } else {
          for i in 0..<4 where (0..<range.count).contains(place + i) { buffer[place + i] = numbers[i] }
        }
      }
      initialized = range.count
    }
  }
}
