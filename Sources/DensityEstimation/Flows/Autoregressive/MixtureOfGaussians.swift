import Autodiff
import Foundation
import NeuralNetworks
import Tensors

/// An autoregressive density whose conditionals are mixtures of Gaussians: MADE MoG with a masked network, TAN with
/// linear or recurrent conditionals.
///
///     log p(z) = sum over i of log sum over k of w_ik N(z_i; mu_ik, exp(2 s_ik))
///
/// The conditioner computes [w', mu, s] of the components from the dimensions before, w = softmax(w'). It is a density
/// of the noise and no layer: log p(z) needs no distribution functions, which single precision loses in the tails.
///
/// A sample is the quantile of each conditional at the normal distribution function of its noise, solved for in double
/// precision by logarithms of the lower or the upper tail, whichever is less.
///
/// Germain et al. 2015; Papamakarios et al. 2017 (MADE MoG); Oliva et al. 2018 (TAN).
public struct MixtureOfGaussians: BaseDensity {
  /// What computes the components.
  public let conditioner: any AutoregressiveConditioner
  /// The number of components of each conditional.
  public let components: Int

  /// A density.
  ///
  /// - Precondition: The conditioner computes three numbers for each component.
  public init(_ conditioner: any AutoregressiveConditioner, components: Int) {
    precondition(
      components > 0 && conditioner.outputs == 3 * components,
      "mixture of Gaussians: a conditioner of \(conditioner.outputs) numbers for \(components) components")
    self.conditioner = conditioner
    self.components = components
  }

  /// log p(z), `[batch]` in nats.
  public func logDensity(_ z: Variable, _ pass: DensityPass) -> Variable {
    let numbers = conditioner(z, pass.parameters).reshaped([z.value.count, conditioner.outputs])
    func part(_ k: Int) -> Variable { numbers.sliced(axis: 1, start: k * components, length: components) }
    let (weights, mean, logDeviation) = (part(0), part(1), part(2))
    let standardized = (z.reshaped([z.value.count]).broadcast(over: components) - mean) * (-logDeviation).applying(.exp)
    let terms = Variable.linearCombination([(1, weights), (-0.5, standardized.applying(.square)), (-1, logDeviation)])
    let logConditionals = terms.logSumExp(axis: -1) - weights.logSumExp(axis: -1) - 0.5 * log(2 * .pi)
    return logConditionals.reshaped(z.shape).sum(axis: -1)
  }

  /// A sample for standard normal numbers, `[batch, dimensions]`.
  public func sample(_ noise: Variable, _ pass: DensityPass) -> Variable {
    let type = noise.value.elementType
    let z = conditioner.unrolled(noise.shape[0], type, pass.parameters) { dimension, numbers in
      let levels = noise.value.column(dimension).doubles()
      let mixtures = Self.mixtures(numbers, components: components)
      let start = zip(mixtures, levels).map { $0.start(at: $1) }
      // Each search is on the side of the median where the tail is less.
      let targets = levels.map { $0 <= 0 ? logNormalTail($0) : -logNormalTail(-$0) }
      let roots = monotoneRoots(of: targets, start: start) { x in
        var (values, slopes) = ([Double](), [Double]())
        for (i, mixture) in mixtures.enumerated() {
          let tail = mixture.logTail(x[i], isUpper: levels[i] > 0)
          values.append(levels[i] > 0 ? -tail : tail)
          slopes.append(exp(mixture.logDensity(x[i]) - tail))
        }
        return (values, slopes)
      }
      return Tensor(roots, shape: [roots.count]).converted(to: type)
    }
    return Variable(z)
  }

  /// The mixture of each row of numbers, `[n, 3 * components]`.
  private static func mixtures(_ numbers: Tensor, components: Int) -> [GaussianMixture] {
    let all = numbers.doubles()
    return stride(from: 0, to: all.count, by: 3 * components).map { row in
      GaussianMixture(
        weights: Array(all[row..<(row + components)]),
        means: Array(all[(row + components)..<(row + 2 * components)]),
        logDeviations: Array(all[(row + 2 * components)..<(row + 3 * components)]))
    }
  }
}
