import Autodiff
import DensityEstimation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct InvertibleLinearTests {
  static var examples: [ExampleLayer] {
    [
      ExampleLayer("invertible linear map from the identity", dimensions: 5) {
        InvertibleLinear("layer", features: 5, in: &$0)
      },
      ExampleLayer("invertible linear map from a rotation", dimensions: 5) {
        InvertibleLinear("layer", features: 5, start: .rotation, in: &$0)
      },
      ExampleLayer("1x1 convolution", dimensions: 12) {
        InvertibleLinear("layer", features: 4, start: .rotation, in: &$0)
      },
      ExampleLayer("invertible linear map of 43 dimensions", dimensions: 43, moving: 0.02) {
        InvertibleLinear("layer", features: 43, start: .rotation, in: &$0)
      },
    ]
  }

  @Test(arguments: examples)
  func `the log-determinant is that of the Jacobian`(_ example: ExampleLayer) throws {
    try example.checkLogDeterminant()
  }

  @Test(arguments: examples)
  func `the inverse undoes the layer`(_ example: ExampleLayer) throws { try example.checkInverse() }

  @Test(arguments: examples)
  func `gradients agree with central differences`(_ example: ExampleLayer) throws { try example.checkGradients() }

  /// W, whose columns are the images of the unit vectors.
  private func weight(_ start: InvertibleLinear.Start, _ n: Int) throws -> [Double] {
    let example = ExampleLayer("invertible linear map", dimensions: n, moving: 0) {
      InvertibleLinear("layer", features: n, start: start, in: &$0)
    }
    let identity = (0..<(n * n)).map { $0 / n == $0 % n ? 1.0 : 0 }
    let pass = example.pass(example.parameters.converted(to: .float64).constants, .float64)
    return try example.layer.forward(Variable(Tensor(identity, shape: [n, n])), pass).z.permuted([1, 0]).value.doubles()
  }

  @Test func `it begins with the identity`() throws {
    #expect(try weight(.identity, 3) == [1, 0, 0, 0, 1, 0, 0, 0, 1])
  }

  @Test(arguments: [1, 2, 4, 48])
  func `it begins with a rotation`(_ n: Int) throws {
    let w = Variable(Tensor(try weight(.rotation, n), shape: [n, n]))
    let product = Variable.matrixProduct(w, w.permuted([1, 0])).value
    // Parameters are single-precision numbers.
    #expect(largestDifference(product, (0..<(n * n)).map { $0 / n == $0 % n ? 1 : 0 }) < 1e-5)
    #expect(abs(logAbsoluteDeterminant(w.value.doubles(), n)) < 1e-4)
    if n == 48 { #expect(largestDifference(w.value, try weight(.identity, n)) > 0.1) }
  }
}
