import Autodiff
import Tensors
import TestSupport
import Testing

@testable import NeuralNetworks

/// What mixed precision rounds, and what it does not.
@Suite struct PrecisionTests {
  private var isRounded: Bool { Compute.instructionSet.hasBFloat16 }

  /// The results of a layer in both precisions, and its parameters' gradients for a cotangent of ones.
  private func results(
    _ parameters: ParameterSet, _ x: Tensor, _ layer: (Variable, BoundParameters) -> Variable
  ) -> [(y: Tensor, gradients: [Tensor])] {
    Precision.allCases.map { precision in
      let tape = Tape()
      let bound = parameters.tracked(on: tape, precision: precision)
      #expect(bound.precision == precision && bound.detached.precision == precision)
      let y = layer(Variable(x), bound)
      return (y.value, tape.gradients(of: y.sum(), withRespectTo: bound.variables))
    }
  }

  private func expectRounded(_ a: Tensor, _ b: Tensor, sourceLocation: SourceLocation = #_sourceLocation) {
    let difference = relativeDifference(a.doubles(), b.doubles())
    let isRight = isRounded ? difference > 1e-5 && difference < 2e-2 : difference == 0
    #expect(isRight, "off by \(difference)", sourceLocation: sourceLocation)
  }

  @Test(arguments: [false, true])
  func `convolutions are rounded to bfloat16 in mixed precision`(_ isTransposed: Bool) {
    var builder = ParameterBuilder(seed: 3)
    let layer = GatedConvolution(
      "layer", .init(16, 16, kernel: [5, 5], padding: 2, isTransposed: isTransposed), in: &builder)
    let x = normals([3, 7, 7, 16], 1).converted(to: .float32)
    let both = results(builder.parameters, x) { layer($0, $1) }
    expectRounded(both[1].y, both[0].y)
    // The weights' gradients; the biases' are sums of what was rounded.
    for (a, b) in zip(both[1].gradients, both[0].gradients) where a.rank == 4 { expectRounded(a, b) }
  }

  @Test func `a linear layer is rounded where it is asked to be`() {
    var builder = ParameterBuilder(seed: 3)
    let layer = Linear("layer", inputs: 48, outputs: 64, in: &builder)
    let x = normals([40, 48], 1).converted(to: .float32)
    let asked = results(builder.parameters, x) { layer($0, $1, precision: $1.precision) }
    expectRounded(asked[1].y, asked[0].y)
    let unasked = results(builder.parameters, x) { layer($0, $1) }
    #expect(unasked[1].y.doubles() == unasked[0].y.doubles())
    #expect(unasked[1].gradients[0].doubles() == unasked[0].gradients[0].doubles())
  }

  @Test func `double precision is never rounded`() {
    var builder = ParameterBuilder(seed: 3)
    let layer = GatedConvolution("layer", .init(16, 16, kernel: [5, 5], padding: 2), in: &builder)
    let both = results(builder.parameters.converted(to: .float64), normals([2, 7, 7, 16], 1)) { layer($0, $1) }
    #expect(both[1].y.doubles() == both[0].y.doubles())
  }
}
