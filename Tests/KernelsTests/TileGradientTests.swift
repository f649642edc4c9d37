import Kernels
import Tensors
import TestSupport
import Testing

/// Gradients that are formed on matrix tiles: those of convolutions' weights, and those that an optimizer uses in passing.
@Suite struct TileGradientTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (input, weights, stride, padding): ([Int], [Int], Int, Int)
    var shape: ConvolutionShape {
      ConvolutionShape(input: input, weights: weights, stride: stride, padding: padding)
    }
    var testDescription: String { "\(input) with \(weights), stride \(stride), padding \(padding)" }
  }

  static let examples = [
    ([1, 5, 5, 16], [16, 16, 3, 3], 1, 1), ([5, 14, 10, 32], [64, 32, 5, 5], 1, 2),
    ([3, 28, 20, 32], [33, 32, 5, 5], 2, 2), ([9, 7, 7, 48], [16, 48, 5, 5], 1, 2),
    ([2, 7, 9, 17], [20, 17, 3, 5], 1, 0), ([2, 6, 8, 16], [16, 16, 3, 3], 2, 0),
    ([2, 10, 12, 16], [16, 16, 2, 2], 4, 0), ([2, 8, 7, 16], [18, 16, 2, 3], 3, 1),
    ([3, 9, 6, 40], [16, 40, 1, 1], 1, 0),
  ].map { Example(input: $0.0, weights: $0.1, stride: $0.2, padding: $0.3) }

  @Test(arguments: examples, Numerics.allCases)
  func `the gradient of a convolution's weights equals that in double precision`(
    _ example: Example, _ numerics: Numerics
  ) {
    let shape = example.shape
    let x = Tensor(normals(shape.inputShape.reduce(1, *), 1), shape: shape.inputShape)
    let g = Tensor(normals(shape.outputShape.reduce(1, *), 2), shape: shape.outputShape)
    let expected = Backends.current.convolutionWeights(x, g, shape, .full).doubles()
    for (set, results) in Compute.onEveryInstructionSet({
      Backends.current.convolutionWeights(
        x.converted(to: .float32), g.converted(to: .float32), shape, numerics)
    }) {
      let tolerance = set.hasBFloat16 && numerics == .mixed ? 8e-3 : set == .amx ? 2e-5 : 2e-6
      let error = relativeDifference(results[0], expected)
      #expect(error <= tolerance, "\(set)")
      guard set.hasBFloat16 else { continue }
      #expect(numerics == .full || error > 1e-5, "bfloat16 was not used")
      for other in results.dropFirst() { #expect(other.floats() == results[0].floats()) }
    }
  }

  @Test(arguments: [(1, 1, 1), (100, 64, 16), (130, 30, 100), (1100, 5, 33)], Numerics.allCases)
  func `an update by Adamax with the gradient formed in passing`(
    _ sizes: (Int, Int, Int), _ numerics: Numerics
  ) {
    let (outputs, inputs, batch) = sizes
    let count = outputs * inputs
    let (g, x) = (normals(batch * outputs, 1), normals(batch * inputs, 2))
    let (p, m, u) = (normals(count, 3), normals(count, 4), normals(count, 5).map { 20 + abs($0) })
    let update = ParameterUpdate(
      rule: .adamax, rate: 0.1, firstDecay: 0.8, secondDecay: 0.99, epsilon: 1e-3)
    var expected = (p: p, m: m, u: u)
    for o in 0..<outputs {
      for i in 0..<inputs {
        let gradient = (0..<batch).reduce(0.0) { $0 + g[$1 * outputs + o] * x[$1 * inputs + i] }
        let at = o * inputs + i
        expected.m[at] = 0.8 * m[at] + 0.2 * gradient
        expected.u[at] = max(0.99 * u[at], abs(gradient) + 1e-3)
        expected.p[at] -= 0.1 * expected.m[at] / expected.u[at]
      }
    }
    for (set, results) in Compute.onEveryInstructionSet({ () -> [Tensor] in
      var (weights, moments, norms) = (
        single(p, [outputs, inputs]), single(m, [outputs, inputs]), single(u, [outputs, inputs])
      )
      let copy = weights
      update.apply(
        to: &weights, firstMoments: &moments, secondMoments: &norms, g: single(g, [batch, outputs]),
        x: single(x, [batch, inputs]), numerics: numerics)
      #expect(copy.floats() == single(p, [count]).floats(), "a copy of the weights changed")
      return [weights, moments, norms]
    }) {
      let tolerance = set.hasBFloat16 && numerics == .mixed ? 8e-3 : 2e-5
      for (result, expected) in zip(results[0], [expected.p, expected.m, expected.u]) {
        #expect(relativeDifference(result, expected) <= tolerance, "\(set)")
      }
      for other in results.dropFirst() {
        for (a, b) in zip(other, results[0]) { #expect(a.floats() == b.floats()) }
      }
    }
  }
}
