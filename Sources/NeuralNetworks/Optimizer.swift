import Autodiff
import Kernels
import Tensors

/// The update rule of an optimizer.
public enum OptimizationMethod: String, Sendable, CaseIterable, Codable {
  /// Adamax: the second moment is a decaying maximum (Kingma and Ba 2015, "Adam", section 7.1).
  ///
  ///     m <- b1 m + (1 - b1) g
  ///     v <- max(b2 v, |g| + epsilon)
  ///     p <- p - rate / (1 - b1^step) m / v
  case adamax
  /// Adam (Kingma and Ba 2015, algorithm 1).
  ///
  ///     m <- b1 m + (1 - b1) g
  ///     v <- b2 v + (1 - b2) g^2
  ///     p <- p - rate / (1 - b1^step) m / (sqrt(v / (1 - b2^step)) + epsilon)
  case adam

  var rule: ParameterUpdate.Rule {
    switch self {
    case .adamax: .adamax
    case .adam: .adam
    }
  }

  /// The default epsilon: that of the published runs for Adamax, PyTorch's for Adam.
  public var defaultEpsilon: Double {
    switch self {
    case .adamax: 1e-7
    case .adam: 1e-8
    }
  }
}

/// An optimizer and its state: the first and second moments of the gradients of each parameter.
///
/// Weight decay and epsilon act as in PyTorch's Adam and Adamax: with a weight decay w, the gradient g of a parameter
/// p is replaced by g + w p.
public struct Optimizer: Sendable {
  /// The update rule.
  public let method: OptimizationMethod
  /// The learning rate of the next update.
  public var learningRate: Double
  /// The decay rate b1 of the first moments.
  public let firstDecay: Double
  /// The decay rate b2 of the second moments.
  public let secondDecay: Double
  /// The epsilon that keeps the denominator from zero.
  public let epsilon: Double
  /// The weight decay w; 0 for none.
  public let weightDecay: Double
  /// The number of updates so far.
  public var step = 0
  /// The first moments m, in the order of the parameters.
  public var firstMoments: [Tensor]
  /// The second moments v, in the order of the parameters; of Adamax, the infinity norms.
  public var secondMoments: [Tensor]

  /// An optimizer with moments of zero.
  ///
  /// - Parameters:
  ///   - method: The update rule.
  ///   - parameters: The parameters that it will update.
  ///   - learningRate: The learning rate.
  ///   - firstDecay: The decay rate of the first moments.
  ///   - secondDecay: The decay rate of the second moments.
  ///   - epsilon: Nil for ``OptimizationMethod/defaultEpsilon``.
  ///   - weightDecay: The weight decay.
  public init(
    _ method: OptimizationMethod = .adamax, for parameters: ParameterSet, learningRate: Double = 5e-4,
    firstDecay: Double = 0.9, secondDecay: Double = 0.999, epsilon: Double? = nil, weightDecay: Double = 0
  ) {
    self.method = method
    self.learningRate = learningRate
    self.firstDecay = firstDecay
    self.secondDecay = secondDecay
    self.epsilon = epsilon ?? method.defaultEpsilon
    self.weightDecay = weightDecay
    firstMoments = parameters.tensors.map { Tensor(zeros: $0.shape, $0.elementType) }
    secondMoments = firstMoments
  }

  /// Updates the parameters with dense gradients, given in the order of the set.
  public mutating func update(_ parameters: inout ParameterSet, _ gradients: [Tensor]) {
    update(&parameters, gradients.map(Gradient.dense))
  }

  /// Updates the parameters with dense or outer-product gradients, given in the order of the set. An outer-product
  /// gradient is multiplied out a part at a time, and is never in memory as a whole.
  ///
  /// - Parameters:
  ///   - parameters: The parameters to update.
  ///   - gradients: A gradient for each parameter.
  ///   - scale: A factor that the gradients are multiplied by first; see ``GradientNorm/scale(toLimit:)``.
  public mutating func update(_ parameters: inout ParameterSet, _ gradients: [Gradient], scaledBy scale: Double = 1) {
    precondition(
      gradients.count == parameters.tensors.count && gradients.count == firstMoments.count,
      "\(method): \(gradients.count) gradients for \(parameters.tensors.count) parameters")
    step += 1
    let update = ParameterUpdate(
      rule: method.rule, rate: learningRate / (1 - Double.pow(firstDecay, step)), firstDecay: firstDecay,
      secondDecay: secondDecay, epsilon: epsilon,
      rootCorrection: 1 / (1 - Double.pow(secondDecay, step)).squareRoot(), gradientScale: scale,
      weightDecay: weightDecay)
    for (i, gradient) in gradients.enumerated() {
      switch gradient {
      case .dense(let g):
        update.apply(
          to: &parameters.tensors[i], firstMoments: &firstMoments[i], secondMoments: &secondMoments[i], gradient: g)
      case .outerProduct(let g, let x, let numerics):
        update.apply(
          to: &parameters.tensors[i], firstMoments: &firstMoments[i], secondMoments: &secondMoments[i], g: g, x: x,
          numerics: numerics)
      }
    }
  }
}

extension Double {
  /// base^exponent by repeated squaring, which gives the same bits on every platform.
  fileprivate static func pow(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}
