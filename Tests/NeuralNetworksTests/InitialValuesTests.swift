import NeuralNetworks
import Tensors
import Testing

/// Initial values: PyTorch's bounds, uniform, and a function of seed and name alone.
@Suite struct InitialValuesTests {
  /// A parameter's name, its numbers, and the bound they must keep.
  private func layers(seed: UInt64) -> [(name: String, numbers: [Double], bound: Double)] {
    typealias Shape = GatedConvolution.Shape
    var builder = ParameterBuilder(seed: seed)
    _ = Linear("linear", inputs: 100, outputs: 200, in: &builder)
    _ = GatedConvolution("plain", Shape(12, 40, kernel: [5, 5]), in: &builder)
    _ = GatedConvolution("wide", Shape(64, 32, kernel: [7, 5]), in: &builder)
    _ = GatedConvolution("transposed", Shape(64, 16, kernel: [5, 5], isTransposed: true), in: &builder)
    // 1 / sqrt(fan-in), for which PyTorch takes the second size of a weight times its kernel's area.
    let fanIns = ["linear": 100, "plain": 12 * 25, "wide": 64 * 35, "transposed": 16 * 25]
    return builder.parameters.parameters.map { parameter in
      let fanIn = fanIns[String(parameter.name.prefix { $0 != "." })] ?? 0
      return (
        parameter.name, builder.parameters[parameter].doubles(), 1 / Double(fanIn).squareRoot()
      )
    }
  }

  @Test func `they are uniform within PyTorch's bounds`() {
    for (name, numbers, bound) in layers(seed: 1) {
      let n = Double(numbers.count)
      let units = numbers.map { $0 / bound }
      #expect(units.allSatisfy { abs($0) <= 1 + 1e-7 }, "\(name)")
      // The largest of n uniform numbers stays below 1 - 20/n with probability exp(-20).
      #expect((units.max() ?? 0) > 1 - 40 / n && (units.min() ?? 0) < -1 + 40 / n, "\(name)")
      // The first four moments of uniform numbers, within 4 standard errors.
      func moment(_ k: Int) -> Double {
        units.reduce(0) { sum, u in sum + (0..<k).reduce(1) { product, _ in product * u } } / n
      }
      for k in 1...4 {
        let expected = k % 2 == 0 ? 1 / Double(k + 1) : 0
        let variance = 1 / Double(2 * k + 1) - expected * expected
        #expect(abs(moment(k) - expected) < 4 * (variance / n).squareRoot(), "\(name), moment \(k)")
      }
    }
  }

  @Test func `every parameter and every seed has numbers of its own`() {
    let all = (layers(seed: 1) + layers(seed: 2)).map { layer in
      layer.numbers.prefix(16).map { Float($0 / layer.bound) }
    }
    #expect(Set(all).count == all.count)
    // Independent: neighbouring parameters of one size do not correlate.
    let (h, g) = (layers(seed: 1)[2].numbers, layers(seed: 1)[4].numbers)
    #expect(h.count == g.count && h.count == 12_000)
    let bound = layers(seed: 1)[2].bound
    let correlation = zip(h, g).reduce(0) { $0 + $1.0 * $1.1 } / (bound * bound / 3) / Double(h.count)
    #expect(abs(correlation) < 4 / Double(h.count).squareRoot())
  }

  @Test func `they are a function of seed and name only`() {
    var one = ParameterBuilder(seed: 7)
    let alone = Linear("head", inputs: 30, outputs: 20, in: &one)
    var two = ParameterBuilder(seed: 7)
    _ = Linear("something else", inputs: 3, outputs: 4, in: &two)
    let after = Linear("head", inputs: 30, outputs: 20, in: &two)
    #expect(one.parameters[alone.weight].floats() == two.parameters[after.weight].floats())
    #expect(one.parameters[alone.bias].floats() == two.parameters[after.bias].floats())
  }

  @Test func `they are the same on every machine`() {
    // The first six of "q_z_mean.weight" at seed 1, from another implementation: Philox4x32-10 at the counter
    // (index / 4, FNV-1a of the name) under the key (seed, 0x9E3779B9), the upper 24 bits of word index % 4
    // scaled to [0, 1), then 0.0625 (2 u - 1).
    let expected: [Float] = [
      -0.033484846353530884, -0.017044052481651306, 0.06217806041240692, -0.01302635669708252,
      -0.04531820863485336, -0.06132287532091141,
    ]
    var builder = ParameterBuilder(seed: 1)
    let layer = Linear("q_z_mean", inputs: 256, outputs: 64, in: &builder)
    #expect(Array(builder.parameters[layer.weight].floats().prefix(6)) == expected)
  }
}
