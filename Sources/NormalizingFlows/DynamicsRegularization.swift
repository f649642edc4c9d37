import Autodiff

/// Weights of two integrals along a solve that keep the dynamics easy to solve, added to the training loss:
///
///     K = integral of |f|^2 dt                      kinetic energy: straight paths at constant speed
///     B = integral of |df/dz|_F^2 dt                squared Frobenius norm of the Jacobian
///
/// per image, in the units of z and t; Finlay et al. 2020, "How to Train Your Neural ODE: the World of Jacobian and Kinetic
/// Regularization", section 3.
///
/// B is estimated with the probes e of the divergence. That paper takes |e^T df/dz|^2; here it is |(df/dz) e|^2, the
/// tangent that the divergence needs anyway. For probes of identity covariance both have the mean |df/dz|_F^2, since the
/// mean of e^T J^T J e is trace(J^T J) and that of e^T J J^T e is trace(J J^T). With the unit vectors as probes, for the
/// exact divergence, the sum is the norm itself.
///
/// A weight of zero costs nothing: the integral is not formed. Where it is formed, it is a further component of the state
/// that takes no part in the error control: weights alone do not change the steps of a solve.
public struct DynamicsRegularization: Sendable, Equatable, Codable {
  /// The weight of K.
  public var kineticEnergy: Double
  /// The weight of B.
  public var jacobianNorm: Double

  public init(kineticEnergy: Double = 0, jacobianNorm: Double = 0) {
    self.kineticEnergy = kineticEnergy
    self.jacobianNorm = jacobianNorm
  }

  /// The integrals, weighted, of what a flow made: `[batch]`; nothing where no integral was formed.
  public func penalty(of output: FlowOutput) -> Variable? {
    let terms = [(kineticEnergy, output.kineticEnergy), (jacobianNorm, output.jacobianNorm)]
      .compactMap { weight, integral in integral.map { (weight, $0) } }
    return terms.isEmpty ? nil : .linearCombination(terms.map { (coefficient: $0.0, variable: $0.1) })
  }
}
