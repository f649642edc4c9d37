import Autodiff
import Randomness
import Tensors

/// How the divergence of a velocity field, the trace of its Jacobian J, is computed.
///
/// With probes e_i of identity covariance, the mean of e_i^T J e_i is an unbiased estimate of the trace (Hutchinson
/// 1989; FFJORD, section 3.1). With the unit vectors as probes, the sum is the trace itself. J e_i is a tangent of the
/// velocity, so that either takes one pass through the velocity with a tangent for each probe.
public enum Divergence: String, Sendable, CaseIterable, Codable {
  /// Hutchinson's estimate with one standard normal probe per solve.
  case gaussian
  /// Hutchinson's estimate with one probe of random signs per solve: the smallest variance among probes with
  /// independent entries.
  case rademacher
  /// The exact trace. It takes a tangent for each latent dimension or, where no gradient is needed, the closed form of
  /// ``Velocity/exactDivergence(conditioning:)``.
  case exact

  /// Probes for a batch, `[probes, batch, latent]`: one, or for the exact trace the unit vectors.
  ///
  /// - Parameters:
  ///   - batch: The number of samples.
  ///   - latent: The number of latent dimensions.
  ///   - stream: Where the random numbers come from; not used for the exact trace.
  ///   - firstIndex: The index in the stream of the first number.
  ///   - type: The precision of the probes.
  public func probes(
    batch: Int, latent: Int, _ stream: RandomStream, firstIndex: Int = 0, _ type: ElementType = .float32
  ) -> Tensor {
    let range = firstIndex..<(firstIndex + batch * latent)
    switch self {
    case .gaussian: return Tensor(stream.normals(range), shape: [1, batch, latent]).converted(to: type)
    case .rademacher: return Tensor(stream.signs(range), shape: [1, batch, latent]).converted(to: type)
    case .exact: return Self.unitVectors(batch: batch, latent: latent, type)
    }
  }

  static func unitVectors(batch: Int, latent: Int, _ type: ElementType) -> Tensor {
    var units = [Float](repeating: 0, count: latent * batch * latent)
    for i in 0..<latent {
      for sample in 0..<batch { units[(i * batch + sample) * latent + i] = 1 }
    }
    return Tensor(units, shape: [latent, batch, latent]).converted(to: type)
  }
}

/// A velocity f at a state, with its Jacobian J = df/dz multiplied by probes e.
public struct ProbedVelocity {
  /// f, `[batch, latent]`.
  public let velocity: Variable
  private let probes: Variable
  private let products: Variable

  fileprivate init(_ derivative: Dual, probes: Variable) {
    (velocity, products, self.probes) = (derivative.primal, derivative.tangents, probes)
  }

  /// The sum over probes of e^T J e, `[batch]`: the divergence, or its estimate.
  public var divergence: Variable { .sumOfRowDots(products, probes) }

  /// The sum over probes of |J e|^2, `[batch]`: the squared Frobenius norm of J, or its estimate.
  public var squaredJacobianNorm: Variable { .sumOfRowDots(products, products) }
}

extension Velocity {
  /// The velocity, its divergence, and the norm of its Jacobian.
  ///
  /// - Parameters:
  ///   - time: The time t.
  ///   - z: The state, `[batch, latent]`.
  ///   - probes: The probes e, `[probes, batch, latent]`.
  ///   - conditioning: What the velocity is conditioned on.
  public func probed(
    time: Double, z: Variable, probes: Variable, conditioning: [Variable]
  ) -> ProbedVelocity {
    let derivative = self(time: time, z: Dual(primal: z, tangents: probes), conditioning: conditioning)
    precondition(derivative.shape == z.shape, "a velocity of shape \(derivative.shape) for a state of shape \(z.shape)")
    return ProbedVelocity(derivative, probes: probes)
  }
}

extension Variable {
  /// The sum over probes of a . b: [probes, batch, latent], [probes, batch, latent] -> [batch]
  fileprivate static func sumOfRowDots(_ a: Variable, _ b: Variable) -> Variable {
    let products = rowDot(a, b)
    return products.shape[0] == 1
      ? products.reshaped([products.shape[1]]) : products.permuted([1, 0]).sum(axis: -1)
  }
}

extension RandomPurpose {
  /// The probes of Hutchinson's trace estimator.
  public static let divergenceProbe = RandomPurpose(3)
}
