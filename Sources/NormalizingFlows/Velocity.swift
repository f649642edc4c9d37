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
}
