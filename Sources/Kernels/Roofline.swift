import Tensors

/// What the machine can do at best, measured: the yardsticks that a part of a computation is held against.
public struct Roofline: Sendable, Codable {
  /// Single-precision operations a second, in a large matrix product.
  public let floatOperations: Double
  /// Operations a second in a large product of factors rounded to bfloat16, by the instructions that mixed numerics take;
  /// in single precision where rounding gains nothing.
  public let lowPrecisionOperations: Double
  /// Bytes read and written a second where all of it lies in memory.
  public let memoryBytes: Double
  /// Bytes read and written a second where all of it lies in the last cache.
  public let cacheBytes: Double

  /// Measures, in about a second; the best of several tries, since other work on the machine only slows them.
  public static func measured() -> Roofline {
    let size = 1536
    let a = Tensor(repeating: 0.5, shape: [size, size])
    var product = Tensor(zeros: [size, size])
    let floats = rate(of: 2 * size * size * size, tries: 8) {
      multiplyMatrices(MatrixView(a), MatrixView(a), rows: size, columns: size, inner: size, into: &product)
    }
    let packed = PreparedMatrix(a, numerics: .mixed)
    let lowPrecision = rate(of: 2 * size * size * size, tries: 16) {
      packed.multiply(MatrixView(a), rows: size, into: &product)
    }
    func traffic(_ bytes: Int, tries: Int) -> Double {
      // y += x reads both and writes one. A result elsewhere would cost a hidden third read, of what it overwrites.
      let x = Tensor(zeros: [bytes / 12])
      var y = Tensor(zeros: [bytes / 12])
      return rate(of: bytes, tries: tries) { y.add(x) }
    }
    return Roofline(
      floatOperations: floats, lowPrecisionOperations: lowPrecision, memoryBytes: traffic(768 << 20, tries: 6),
      cacheBytes: traffic(12 << 20, tries: 200))
  }

  private static func rate(of amount: Int, tries: Int, _ body: () -> Void) -> Double {
    body()
    let best = (0..<tries).map { _ in ContinuousClock().measure(body) }.min() ?? .zero
    let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
    return Double(amount) / max(seconds, 1e-9)
  }

  /// The least seconds that a reading's work could take: its arithmetic or its traffic, whichever takes longer.
  public func leastSeconds(of reading: Profiler.Reading) -> Double {
    max(
      Double(reading.floatOperations) / floatOperations + Double(reading.lowPrecisionOperations)
        / lowPrecisionOperations,
      Double(reading.cachedBytes) / cacheBytes + Double(reading.memoryBytes) / memoryBytes)
  }
}
