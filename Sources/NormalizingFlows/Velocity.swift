import Autodiff

/// The velocity field of a continuous normalizing flow, dz/dt = f(t, z; conditioning), written with tensor operations.
///
/// ```swift
/// struct Rotation: Velocity {
///   func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
///     z.affine(weight: conditioning[0])
///   }
/// }
/// ```
///
/// It is a function of duals, so that its divergence, and the gradient of that, need no further code.
public protocol Velocity: Sendable {
  /// The velocity at a time and a state.
  ///
  /// - Parameters:
  ///   - time: The time t.
  ///   - z: The state, `[batch, latent]`.
  ///   - conditioning: What is constant during the solve, such as shared and per-sample weights.
  /// - Returns: dz/dt, `[batch, latent]`.
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual

  /// A closed form of the exact divergence that costs less than a tangent for each latent dimension; nil where there is
  /// none.
  ///
  /// What is constant during a solve is computed here, once. No gradient flows through the result.
  ///
  /// - Parameter conditioning: What is constant during the solve.
  func exactDivergence(conditioning: [Variable]) -> ExactDivergence?
}

extension Velocity {
  /// Nil: the exact divergence takes a tangent for each latent dimension.
  public func exactDivergence(conditioning: [Variable]) -> ExactDivergence? { nil }
}

/// The velocity `[batch, latent]` and its exact divergence `[batch]`, as a function of the time and the state
/// `[batch, latent]`, for one solve.
public typealias ExactDivergence = (_ time: Double, _ z: Variable) -> (velocity: Variable, divergence: Variable)
