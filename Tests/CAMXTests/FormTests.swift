import CAMX
import CKernels
import Testing

/// C = M_2^T o (M_3 M_1) of three layers, packed, against its definition in double precision.
@Suite struct FormTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (latent, first, second, rank): (Int, Int, Int, Int)
    var testDescription: String { "\(latent)-\(first)-\(second)-\(latent), rank \(rank)" }
    var sizes: [(inputs: Int, outputs: Int)] { [(latent, first), (first, second), (second, latent)] }
  }

  static let examples = [
    (1, 1, 1, 1), (5, 4, 6, 2), (3, 32, 32, 20), (64, 33, 70, 33), (40, 100, 47, 1), (33, 31, 65, 0), (32, 64, 96, 16),
  ].map { Example(latent: $0.0, first: $0.1, second: $0.2, rank: $0.3) }

  /// One layer's W^T [outputs, 1 + inputs], whose first column is another's, U [inputs, rank] and V [rank, outputs].
  private final class Layer {
    let (inputs, outputs, rank): (Int, Int, Int)
    let (weight, u, v): (Memory, Memory, Memory)

    init(_ e: Example, _ layer: Int) {
      (inputs, outputs) = e.sizes[layer]
      rank = e.rank
      let index = UInt64(10 * layer)
      weight = Memory(draws(outputs * (1 + inputs), index + 1))
      u = Memory(draws(inputs * rank, index + 2))
      v = Memory(draws(rank * outputs, index + 3))
    }

    var layer: ck_tile_layer {
      ck_tile_layer(
        inputs: inputs, outputs: outputs, rank: rank, weight: weight.floats + 1, leading: 1 + inputs,
        u: rank == 0 ? nil : UnsafePointer(u.floats), v: rank == 0 ? nil : UnsafePointer(v.floats))
    }

    /// M, from input i to output o.
    func number(_ i: Int, _ o: Int) -> Sum {
      var sum = Sum()
      sum.add(Double(weight.floats[o * (1 + inputs) + 1 + i]))
      for r in 0..<rank { sum.add(Double(u.floats[i * rank + r]) * Double(v.floats[r * outputs + o])) }
      return sum
    }
  }

  private func packed(_ functions: TileFunctions, _ e: Example) -> Words<UInt8> {
    let layers = (0..<3).map { Layer(e, $0) }
    var form = ck_tile_form(layers: (layers[0].layer, layers[1].layer, layers[2].layer))
    let packed = Memory(byteCount: ck_packed_form_size(e.second, e.first))
    withWorkspace(functions.formWorkspace(&form)) { functions.packForm(&form, $0, packed.pointer) }
    #expect(packed.isIntact)
    withExtendedLifetime(layers) {}
    return packed.contents
  }

  /// A block's number, and the greatest magnitude of the two rows that share its scale.
  private func number(_ block: UnsafeRawBufferPointer, _ row: Int, _ column: Int) -> (value: Double, greatest: Double) {
    let (quad, k, lane) = (row / 4, row % 4, column % 16)
    func word(_ at: Int) -> UInt32 { block.load(fromByteOffset: 64 + 320 * quad + 4 * at, as: UInt32.self) }
    let (upper, lower) = (word(16 * k + lane), word(64 + lane))
    let bits =
      column < 16
      ? upper << 16 | lower << (12 - 4 * k) & 0xf000 : upper & 0xffff_0000 | lower >> (4 + 4 * k) & 0xf000
    let scale = Double(block.load(fromByteOffset: 4 * (row / 2), as: Float.self))
    return (Double(Int32(bitPattern: bits)) * scale, scale * Double(CK_FORM_GREATEST) * 4096)
  }

  @Test(arguments: examples) func `packed numbers are those of the definition`(_ e: Example) {
    let layers = (0..<3).map { Layer(e, $0) }
    // M_1 by first layer's outputs and M_3 by second layer's, each over the latent components.
    let m1 = (0..<e.first).map { i in (0..<e.latent).map { layers[0].number($0, i) } }
    let m3 = (0..<e.second).map { j in (0..<e.latent).map { layers[2].number(j, $0) } }
    let worst = packed(.emulated, e).words.withUnsafeBytes { bytes in
      var worst = 0.0
      let across = (e.first + 31) / 32
      for j in 0..<e.second {
        for i in 0..<e.first {
          var product = Sum()
          for (a, b) in zip(m1[i], m3[j]) {
            product.value += a.value * b.value
            product.magnitude += a.magnitude * b.magnitude
          }
          let middle = layers[1].number(i, j)
          let at = (j / 32 * across + i / 32) * CK_FORM_BLOCK_BYTES
          let found = number(
            UnsafeRawBufferPointer(rebasing: bytes[at..<(at + CK_FORM_BLOCK_BYTES)]), j % 32, i % 32)
          // Half a step of 20 bits, and the products' own error.
          let allowed = found.greatest * 0x1p-20 * 1.01 + 5e-5 * middle.magnitude * product.magnitude
          let error = abs(found.value - middle.value * product.value) / allowed
          worst = error.isNaN ? .infinity : max(worst, error)
        }
      }
      return worst
    }
    #expect(worst <= 1)
  }

  @Test(.needsTiles, arguments: examples) func `the processor packs the same`(_ e: Example) {
    #expect(packed(.processor, e) == packed(.emulated, e))
  }
}
