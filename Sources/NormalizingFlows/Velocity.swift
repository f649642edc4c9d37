import Autodiff

/// The velocity of a continuous normalizing flow, dz/dt = f(t, z; conditioning), written with tensor operations.
///
/// ```swift
/// struct Rotation: Velocity {
///   func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
///     z.affine(weight: conditioning[0])
///   }
/// }
/// ```
///
/// It is written on duals, so that its divergence, and the gradient of that, need no more code.
public protocol Velocity: Sendable {
  /// - Parameters:
  ///   - time: A number without unit.
  ///   - z: The state, `[batch, latent]`.
  ///   - conditioning: What is constant during the solve: shared weights, weights of each sample.
  /// - Returns: dz/dt, `[batch, latent]`.
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual

  /// A way to the exact divergence that costs less than a tangent for each latent number, where the velocity has one.
  ///
  /// What is constant during a solve is worked out here, once; no gradient flows through the result.
  func exactDivergence(conditioning: [Variable]) -> ExactDivergence?
}

extension Velocity {
  public func exactDivergence(conditioning: [Variable]) -> ExactDivergence? { nil }
}

/// The velocity `[batch, latent]` and its divergence `[batch]` at a time and a state `[batch, latent]`, for one solve.
public typealias ExactDivergence = (_ time: Double, _ z: Variable) -> (velocity: Variable, divergence: Variable)
