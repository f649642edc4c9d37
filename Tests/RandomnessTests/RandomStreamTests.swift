import Foundation
import Testing

@testable import Randomness

@Suite struct RandomStreamTests {
  /// The known answers that come with the authors' own implementation, Random123.
  @Test func `Philox gives the known answers`() {
    #expect(
      RandomStream.philox(SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      RandomStream.philox(SIMD4(repeating: 0xffff_ffff), key: SIMD2(repeating: 0xffff_ffff))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      RandomStream.philox(
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func `words are those of the counter and the step, keyed by the seed and the purpose`() {
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    let purpose = RandomPurpose(5)
    let stream = RandomStream(seed: seed, purpose: purpose, step: 0x1111_2222_3333_4444)
    let key = SIMD2(0x89ab_cdef, 0x0123_4567 ^ (purpose.number &* 0x9e37_79b9))
    #expect(
      stream.words(at: 0x5555_6666_7777_8888)
        == RandomStream.philox(SIMD4(0x7777_8888, 0x5555_6666, 0x3333_4444, 0x1111_2222), key: key))
  }

  private let stream = RandomStream(seed: 42, purpose: .test)

  @Test(arguments: [
    0..<0, 0..<1, 3..<4, 1..<3, 2..<9, 4..<8, 0..<1000, 999..<1003, 7_000_000_001..<7_000_000_010,
  ])
  func `a range of numbers is its numbers one by one`(_ range: Range<Int>) {
    #expect(stream.uniforms(range) == range.map { stream.uniform(at: $0) })
    #expect(stream.normals(range) == range.map { stream.normal(at: $0) })
    #expect(
      stream.signs(range) == range.map { stream.words(at: UInt64($0 / 4))[$0 % 4] < 1 << 31 ? -1 : 1 })
  }

  @Test func `numbers are the ones they were`() {
    // A change here changes every run that is resumed.
    #expect(stream.uniforms(0..<4) == [0.50040495, 0.97534597, 0.9989773, 0.43235952])
    #expect(stream.normals(0..<4) == [1.1626322, -0.18155265, -0.041212223, 0.01865183])
    #expect(stream.signs(0..<8) == [1, 1, 1, -1, 1, 1, 1, 1])
    #expect(stream.permutation(of: 8) == [7, 1, 2, 5, 3, 6, 4, 0])
  }

  private func moments(_ x: [Float]) -> (mean: Double, variance: Double, skewness: Double, kurtosis: Double) {
    let n = Double(x.count)
    let mean = x.reduce(0) { $0 + Double($1) } / n
    func central(_ power: Double) -> Double { x.reduce(0) { $0 + pow(Double($1) - mean, power) } / n }
    let variance = central(2)
    return (mean, variance, central(3) / pow(variance, 1.5), central(4) / (variance * variance))
  }

  // The bounds are five standard errors of the moments of a million independent numbers.
  private static let count = 1_000_000

  @Test func `uniform numbers have the moments of their distribution`() {
    let x = stream.uniforms(0..<Self.count)
    let m = moments(x)
    #expect(abs(m.mean - 0.5) < 1.5e-3)
    #expect(abs(m.variance - 1.0 / 12) < 4e-4)
    #expect(abs(m.skewness) < 6e-3)
    #expect(abs(m.kurtosis - 1.8) < 5e-3)
    #expect(x.allSatisfy { $0 >= 0 && $0 < 1 })
    // Every tenth of the interval holds a tenth of them.
    for tenth in 0..<10 {
      let share = x.count { Int($0 * 10) == tenth }
      #expect(abs(share - Self.count / 10) < 1500)
    }
  }

  @Test func `normal numbers have the moments of their distribution`() {
    let x = stream.normals(0..<Self.count)
    let m = moments(x)
    #expect(abs(m.mean) < 5e-3)
    #expect(abs(m.variance - 1) < 7.1e-3)
    #expect(abs(m.skewness) < 0.0123)
    #expect(abs(m.kurtosis - 3) < 0.0245)
    // 4.55 % lie beyond two standard deviations, 0.27 % beyond three.
    #expect(abs(Double(x.count { abs($0) > 2 }) / Double(Self.count) - 0.0455) < 1.1e-3)
    #expect(abs(Double(x.count { abs($0) > 3 }) / Double(Self.count) - 0.0027) < 2.6e-4)
  }

  @Test func `signs are as often one as the other`() {
    let x = stream.signs(0..<Self.count)
    #expect(x.allSatisfy { abs($0) == 1 })
    #expect(abs(x.reduce(0) { $0 + Double($1) }) < 5000)
  }

  private func correlation(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } / Double(a.count)
  }

  @Test func `neighbors are independent`() {
    let x = stream.normals(0..<(Self.count + 8))
    for lag in 1...8 {
      #expect(abs(correlation(Array(x[..<Self.count]), Array(x[lag..<(lag + Self.count)]))) < 5e-3)
    }
  }

  @Test func `purposes, steps and seeds give independent numbers`() {
    let range = 0..<100_000
    let streams =
      (1...13).map { RandomStream(seed: 42, purpose: RandomPurpose($0)) }
      + [1, 2, 1 << 32].map { RandomStream(seed: 42, purpose: .test, step: $0) }
      + [43, 42 + 1 << 32, 0].map { RandomStream(seed: $0, purpose: .test) }
    let draws = streams.map { $0.normals(range) }
    for i in draws.indices {
      for j in 0..<i {
        #expect(abs(correlation(draws[i], draws[j])) < 5 / Double(range.count).squareRoot())
        #expect(zip(draws[i], draws[j]).count { $0 == $1 } < 5)
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 10, 1000])
  func `a permutation holds every number once`(_ count: Int) {
    #expect(stream.permutation(of: count).sorted() == Array(0..<count))
  }

  @Test func `a permutation depends on the seed, the purpose and the step, and on nothing else`() {
    let permutations = [
      RandomStream(seed: 1, purpose: RandomPurpose(5)), RandomStream(seed: 2, purpose: RandomPurpose(5)),
      RandomStream(seed: 1, purpose: RandomPurpose(6)), RandomStream(seed: 1, purpose: RandomPurpose(5), step: 1),
    ].map { $0.permutation(of: 100) }
    #expect(Set(permutations).count == 4)
    #expect(RandomStream(seed: 1, purpose: RandomPurpose(5)).permutation(of: 100) == permutations[0])
  }

  @Test func `every place of a permutation is equally likely for every number`() {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
    for step in 0..<50_000 {
      let order = RandomStream(seed: 3, purpose: .test, step: UInt64(step)).permutation(of: 5)
      for (place, number) in order.enumerated() { counts[place][number] += 1 }
    }
    // 10000 each, within five standard deviations of 89.
    for count in counts.joined() { #expect(abs(count - 10_000) < 450) }
  }
}
