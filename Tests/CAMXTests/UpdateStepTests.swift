import CAMX
import CKernels
import Testing

/// Updates of weights with a gradient g^T x that is formed in passing, against double precision.
@Suite struct UpdateStepTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (outputs, inputs, batch): (Int, Int, Int)
    let rule: ck_update_rule
    let parts: Int32
    var testDescription: String {
      "[\(outputs), \(inputs)], batch \(batch), \(rule == CK_ADAMAX ? "Adamax" : "Adam"), \(parts) parts"
    }
    var update: ck_update {
      ck_update(
        rule: rule, rate: 0.1, first_decay: 0.8, second_decay: 0.99, epsilon: 1e-3, root_correction: 2,
        gradient_scale: 0.5, weight_decay: 0.01)
    }
  }

  static let examples = [(1, 1, 1), (100, 64, 16), (130, 33, 100), (70, 5, 33), (200, 40, 7)].flatMap { sizes in
    [CK_ADAMAX, CK_ADAM].flatMap { rule in
      (1...2).map {
        Example(outputs: sizes.0, inputs: sizes.1, batch: sizes.2, rule: rule, parts: Int32($0))
      }
    }
  }

  private struct State {
    var (g, x, p, m, v): ([Float], [Float], [Float], [Float], [Float])

    init(_ e: Example) {
      let count = e.outputs * e.inputs
      (g, x) = (draws(e.batch * e.outputs, 1), draws(e.batch * e.inputs, 2))
      (p, m, v) = (draws(count, 3), draws(count, 4), draws(count, 5).map { 3 + $0 })
    }
  }

  /// Parameters, first and second moments, one after another.
  private func step(_ functions: TileFunctions, _ e: Example, threads: Int32) -> [Float] {
    let state = State(e)
    let (g, x, p, m, v) = (Memory(state.g), Memory(state.x), Memory(state.p), Memory(state.m), Memory(state.v))
    var step = ck_tile_update(
      outputs: e.outputs, inputs: e.inputs, batch: e.batch, parts: e.parts, g: g.floats, x: x.floats,
      parameters: p.floats, first_moments: m.floats, second_moments: v.floats, update: e.update)
    withWorkspace(functions.updateWorkspace(&step, threads)) { functions.updateStep(&step, $0, threads) }
    #expect(p.isIntact && m.isIntact && v.isIntact)
    withExtendedLifetime((g, x)) {}
    return p.numbers + m.numbers + v.numbers
  }

  private func expected(_ e: Example) -> [Double] {
    let (state, u) = (State(e), e.update)
    var (p, m, v) = (state.p.map { Double($0) }, state.m.map { Double($0) }, state.v.map { Double($0) })
    for o in 0..<e.outputs {
      for i in 0..<e.inputs {
        let product = (0..<e.batch).reduce(0.0) {
          $0 + Double(state.g[$1 * e.outputs + o]) * Double(state.x[$1 * e.inputs + i])
        }
        let at = o * e.inputs + i
        let gradient = u.gradient_scale * product + u.weight_decay * p[at]
        m[at] = u.first_decay * m[at] + (1 - u.first_decay) * gradient
        if e.rule == CK_ADAMAX {
          v[at] = max(u.second_decay * v[at], abs(gradient) + u.epsilon)
          p[at] -= u.rate * m[at] / v[at]
        } else {
          v[at] = u.second_decay * v[at] + (1 - u.second_decay) * gradient * gradient
          p[at] -= u.rate * m[at] / (v[at].squareRoot() * u.root_correction + u.epsilon)
        }
      }
    }
    return p + m + v
  }

  @Test(arguments: examples) func `an update equals that of double precision`(_ e: Example) {
    let result = step(.emulated, e, threads: 1)
    let expected = expected(e)
    // In parts of the greatest number of each of the three.
    let count = e.outputs * e.inputs
    for part in 0..<3 {
      let range = (part * count)..<((part + 1) * count)
      let scale = expected[range].map { abs($0) }.max() ?? 0
      let sums = expected[range].map { Sum(value: $0, magnitude: scale) }
      #expect(worstError(result[range], sums) <= (e.parts == 1 ? 8e-3 : 2e-5))
    }
    for threads: Int32 in [2, 3] {
      #expect(step(.emulated, e, threads: threads).bits == result.bits, "\(threads) threads")
    }
  }

  @Test(.needsTiles, arguments: examples) func `the processor's update is the same`(_ e: Example) {
    #expect(step(.processor, e, threads: 2).bits == step(.emulated, e, threads: 1).bits)
  }
}
