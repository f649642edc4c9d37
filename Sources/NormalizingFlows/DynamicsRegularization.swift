import Autodiff

/// Weights of two regularizers, integrals along a solve that are added to the training loss to keep the dynamics easy
/// to solve.
///
///     K = integral of |f|^2 dt                      kinetic energy: straight paths at constant speed
///     B = integral of |df/dz|_F^2 dt                squared Frobenius norm of the Jacobian
///
/// Both are per sample, in the units of z and t. Finlay et al. 2020, "How to Train Your Neural ODE: the World of
/// Jacobian and Kinetic Regularization".
///
/// B is estimated with the probes e of the divergence. The paper uses |e^T df/dz|^2; here it is |(df/dz) e|^2, the
/// tangent that the divergence needs anyway. For probes of identity covariance both have the mean |df/dz|_F^2, since
/// the mean of e^T J^T J e is trace(J^T J) and that of e^T J J^T e is trace(J J^T). With the unit vectors as probes,
/// for the exact divergence, the sum is the norm itself.
///
/// A weight of zero costs nothing, since the integral is then not computed. An integral is a further component of the
/// state that is left out of the error norm, so that regularization does not change the step sizes of a given velocity.
public struct DynamicsRegularization: Sendable, Equatable, Codable {
  /// The weight of the kinetic energy K.
  public var kineticEnergy: Double
  /// The weight of the Jacobian's norm B.
  public var jacobianNorm: Double

  /// Regularization with the given weights; by default none.
  public init(kineticEnergy: Double = 0, jacobianNorm: Double = 0) {
    self.kineticEnergy = kineticEnergy
    self.jacobianNorm = jacobianNorm
  }

  /// The weighted sum of the integrals of a flow's output, `[batch]`; nil where no integral was computed.
  public func penalty(of output: FlowOutput) -> Variable? {
    let terms = [(kineticEnergy, output.kineticEnergy), (jacobianNorm, output.jacobianNorm)]
      .compactMap { weight, integral in integral.map { (weight, $0) } }
    return terms.isEmpty ? nil : .linearCombination(terms.map { (coefficient: $0.0, variable: $0.1) })
  }
}
