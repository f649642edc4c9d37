import FileTestSupport
import Testing

/// Numbers in [-1, 1), the same ones for the same index.
func draws(_ count: Int, _ index: UInt64) -> [Float] {
  var random = SplitMix64(seed: index &* 0xD1B5_4A32_D192_ED03)
  return (0..<count).map { _ in Float(Int64(bitPattern: random.next()) >> 40) * 0x1p-23 }
}

/// Memory that begins at a whole line, ends where it should, and holds no number at first.
final class Memory {
  private let bytes: UnsafeMutableRawBufferPointer
  private let byteCount: Int

  /// - Parameter margin: Bytes beyond the end that tell whether something was written there.
  init(byteCount: Int, margin: Int = 256) {
    self.byteCount = byteCount
    bytes = .allocate(byteCount: byteCount + margin, alignment: 64)
    for i in bytes.indices { bytes[i] = 0xff }
  }

  convenience init(_ numbers: [Float]) {
    self.init(byteCount: 4 * numbers.count)
    for (i, number) in numbers.enumerated() { floats[i] = number }
  }

  deinit { bytes.deallocate() }

  var pointer: UnsafeMutableRawPointer { bytes.baseAddress! }
  var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
  var numbers: [Float] { (0..<(byteCount / 4)).map { floats[$0] } }
  var contents: Words<UInt8> { Words(words: Array(bytes[..<byteCount])) }
  /// Whether nothing was written beyond the end.
  var isIntact: Bool { bytes[byteCount...].allSatisfy { $0 == 0xff } }
}

/// Calls a closure with so much workspace, which it must not exceed.
func withWorkspace(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
  let workspace = Memory(byteCount: byteCount, margin: 1 << 17)
  body(workspace.pointer)
  #expect(workspace.isIntact, "more workspace was used than was asked for")
}

/// A number and the sum of the magnitudes that it is the sum of.
struct Sum {
  var value = 0.0
  var magnitude = 0.0

  mutating func add(_ term: Double) {
    value += term
    magnitude += abs(term)
  }
}

/// The greatest error in parts of the sums of magnitudes; infinite where there is none, or not as many.
func worstError(_ results: some Collection<Float>, _ expected: some Collection<Sum>) -> Double {
  var worst = results.count == expected.count ? 0.0 : .infinity
  for (result, sum) in zip(results, expected) where Double(result) != sum.value {
    let error = abs(Double(result) - sum.value) / sum.magnitude
    worst = error.isNaN ? .infinity : max(worst, error)
  }
  return worst
}

/// The error that a product in so many parts may have, in parts of the sum of its magnitudes.
func tolerance(parts: Int32, inner: Int) -> Double {
  parts == 1 ? 8.2e-3 : 5e-5 / Double(inner).squareRoot()
}

/// Words to be compared: as an array of many, a failed expectation would take minutes to describe where they differ.
struct Words<Word: FixedWidthInteger>: Equatable, CustomStringConvertible {
  let words: [Word]

  var description: String {
    "\(words.count) words, sum \(words.reduce(0) { $0 &+ $1 }), first \(words.prefix(8).map { String($0, radix: 16) })"
  }
}

extension [Float] {
  /// For comparisons that tell zeros apart and take what is not a number as equal to itself.
  var bits: Words<UInt32> { Words(words: map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern }) }
}
