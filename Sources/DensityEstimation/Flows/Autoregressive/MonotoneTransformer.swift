import Autodiff
import NeuralNetworks
import Tensors

/// An increasing function of a number x onto all numbers, whose shape other numbers decide: the transformer of an
/// autoregressive flow (Huang et al. 2018).
public protocol MonotoneTransformer: Sendable {
  /// How many numbers decide the shape, which the flow's conditioner computes.
  var numbers: Int { get }
  /// Parameters that do not depend on the sample.
  var parameters: [Parameter] { get }

  /// The function, and the logarithm of its derivative in nats.
  ///
  /// - Parameters:
  ///   - x: `[n]`
  ///   - numbers: What decides the shape, `[n, numbers]`.
  ///   - weights: The values of ``parameters``.
  /// - Returns: z and log dz/dx, `[n]` each.
  func callAsFunction(
    _ x: Variable, _ numbers: Variable, _ weights: [Variable]
  ) -> (z: Variable, logSlope: Variable)

  /// The inverse of the function, in double precision: z `[n]` -> x `[n]`. By default it solves for x by Newton's method
  /// and bisection.
  func inverse(_ z: Tensor, _ numbers: Tensor, _ weights: [Tensor]) -> Tensor
}

extension MonotoneTransformer {
  /// None.
  public var parameters: [Parameter] { [] }

  /// Solves for x.
  public func inverse(_ z: Tensor, _ numbers: Tensor, _ weights: [Tensor]) -> Tensor {
    let (numbers, weights) = (Variable(numbers), weights.map { Variable($0) })
    let targets = z.doubles()
    let roots = monotoneRoots(of: targets, start: targets) { x in
      let (value, logSlope) = self(Variable(Tensor(x, shape: z.shape)), numbers, weights)
      return (value.value.doubles(), logSlope.applying(.exp).value.doubles())
    }
    return Tensor(roots, shape: z.shape)
  }
}
