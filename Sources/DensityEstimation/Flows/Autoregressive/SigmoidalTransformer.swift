import Autodiff
import Foundation
import Tensors

/// The transformer of deep sigmoidal flows (DSF): the logit of a mixture of sigmoids.
///
///     z = logit(sum of w_j sigmoid(a_j x + b_j))   a_j > 0   w_j > 0   sum of w_j = 1
///
/// The conditioner computes [a', b, w'] of the units, with a = softplus(a' + log(e - 1)) + 1e-6 and w = softmax(w'):
/// zeros make the identity. Since the weights sum to one, the logit is a difference of two log-sum-exps, and so is the
/// logarithm of the derivative:
///
///     z = log sum of w_j sigmoid(s_j) - log sum of w_j sigmoid(-s_j)   s_j = a_j x + b_j
///     log dz/dx = log sum of w_j a_j sigmoid(s_j) sigmoid(-s_j)
///                 - log sum of w_j sigmoid(s_j) - log sum of w_j sigmoid(-s_j)
///
/// Nothing saturates, so that z takes all values; the published code clamps the mixture within 5e-7 of 0 and 1, and z
/// within ±14.5. The slope is at least that of the flattest unit far out, but between steep units it can be small, and
/// x is then known from z to as few digits.
///
/// Huang et al. 2018, "Neural Autoregressive Flows".
public struct SigmoidalTransformer: MonotoneTransformer {
  /// The number of units.
  public let units: Int
  /// Three for each unit.
  public var numbers: Int { 3 * units }

  /// A transformer. The published density models have 16 units.
  public init(units: Int) {
    precondition(units > 0, "sigmoidal transformer: \(units) units")
    self.units = units
  }

  /// z and log dz/dx.
  public func callAsFunction(
    _ x: Variable, _ numbers: Variable, _ weights: [Variable]
  ) -> (z: Variable, logSlope: Variable) {
    func part(_ k: Int) -> Variable { numbers.sliced(axis: 1, start: k * units, length: units) }
    let a = part(0).sigmoidalSlope()
    let w = part(2)
    let s = a * x.broadcast(over: units) + part(1)
    let (logUp, logDown) = (-(-s).applying(.softplus), -s.applying(.softplus))
    let (up, down) = ((w + logUp).logSumExp(axis: -1), (w + logDown).logSumExp(axis: -1))
    let slopes = (w + logUp + logDown + a.applying(.log)).logSumExp(axis: -1)
    return (up - down, slopes + w.logSumExp(axis: -1) - up - down)
  }
}

extension Variable {
  /// softplus(a + log(e - 1)) + 1e-6, elementwise: positive, and one of zero.
  func sigmoidalSlope() -> Variable { (self + log(M_E - 1)).applying(.softplus) + 1e-6 }
}
