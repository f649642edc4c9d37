import Autodiff
import Foundation
import Tensors

/// The density of the noise z that a chain of layers ends in.
///
///     log p(x) = log p(z) + log |det dz/dx|
public protocol BaseDensity: Sendable {
  /// log p(z).
  ///
  /// - Parameters:
  ///   - z: `[batch, dimensions]`
  ///   - pass: The parameters, and what else the layers of a pass share.
  /// - Returns: `[batch]` in nats.
  func logDensity(_ z: Variable, _ pass: DensityPass) -> Variable

  /// A sample for standard normal numbers, as a constant: no gradient flows through it. It is continuous in the numbers,
  /// and increasing in each where those before it, in the density's order of dimensions, stay.
  ///
  /// - Parameters:
  ///   - noise: Standard normal numbers, `[batch, dimensions]`.
  ///   - pass: The parameters, and what else the layers of a pass share.
  /// - Returns: z, `[batch, dimensions]`.
  func sample(_ noise: Variable, _ pass: DensityPass) -> Variable
}

/// The standard normal density.
///
///     log p(z) = -1/2 sum of (z_i^2 + log 2 pi)
public struct StandardNormal: BaseDensity {
  /// The standard normal density.
  public init() {}

  /// log p(z), `[batch]` in nats.
  public func logDensity(_ z: Variable, _ pass: DensityPass) -> Variable {
    -0.5 * (z.applying(.square) + log(2 * .pi)).sum(axis: -1)
  }

  /// The noise itself.
  public func sample(_ noise: Variable, _ pass: DensityPass) -> Variable { noise.detached }
}
