import Foundation
import Testing

@testable import ImageDatasets

/// The expected values are NumPy's (any version from 1.7 on; 2.4.6 printed these):
///
///     import hashlib, numpy
///     for seed in 123, 321, 231:
///         order = numpy.arange(1965)
///         numpy.random.RandomState(seed).shuffle(order)
///         print(order[:10].tolist(), hashlib.sha256(order.astype("<u4").tobytes()).hexdigest())
@Suite struct MersenneTwisterTests {
  @Test(arguments: [
    (
      UInt32(123), [711, 1896, 1021, 1002, 235, 735, 1476, 1318, 1588, 678],
      "9a1f4c66b7b78802ae554157fdd8c8331d46277a75f1521220dd57e964a2ce06"
    ),
    (
      321, [1311, 1010, 648, 1214, 993, 1785, 1662, 10, 693, 420],
      "a4f8d91158ac0ffee7ce0696381d0d124d0b78dc63bcdad6d56401c3c8868212"
    ),
    (
      231, [896, 187, 884, 1472, 1791, 83, 1923, 1727, 1076, 148],
      "3383aeea5ecfb56198faf8a609d7122978962e64d9d8b62dda0b97a517569bb2"
    ),
  ])
  func freyFacesAreShuffledAsNumPyDoes(seed: UInt32, firstTen: [Int], digest: String) {
    var generator = MersenneTwister(seed: seed)
    let order = generator.permutation(of: 1965)
    print("freyfaces, seed \(seed): \(order.prefix(10).map(String.init).joined(separator: ", "))")
    #expect(Array(order.prefix(10)) == firstTen)
    var bytes = Data()
    for index in order { withUnsafeBytes(of: UInt32(index).littleEndian) { bytes.append(contentsOf: $0) } }
    #expect(Checksum.of(bytes, .sha256)?.hexadecimal == digest)
  }

  @Test func smallShufflesAndTheLargestSeed() {
    var zero = MersenneTwister(seed: 0)
    #expect(zero.permutation(of: 10) == [2, 8, 4, 9, 1, 6, 7, 3, 0, 5])
    var last = MersenneTwister(seed: .max)
    #expect(last.permutation(of: 5) == [4, 1, 0, 2, 3])
    #expect(last.permutation(of: 0).isEmpty)
    #expect(last.permutation(of: 1) == [0])
  }

  /// `RandomState(123).randint(0, 2**32, 1000, dtype=numpy.uint32)[[0, 1, 2, 623, 624, 999]]`
  @Test func theRawNumbersAreNumPys() {
    var generator = MersenneTwister(seed: 123)
    let numbers = (0..<1000).map { _ in generator.next() }
    #expect(
      [0, 1, 2, 623, 624, 999].map { numbers[$0] }
        == [2_991_312_382, 3_062_119_789, 1_228_959_102, 1_058_258_670, 1_280_954_235, 2_423_849_465])
    #expect((0..<100).allSatisfy { _ in generator.next(upTo: 4) <= 4 })
    #expect(generator.next(upTo: 0) == 0)
  }
}
