import Profiling
import Tensors

extension Roofline {
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
    return Double(amount) / max(best / .seconds(1), 1e-9)
  }
}
