import Autodiff
import Kernels
import Tensors

/// How an optimizer moves parameters against their gradients.
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

  /// The epsilon that is used if no other is given: the published runs' for Adamax, PyTorch's for Adam.
  public var defaultEpsilon: Double {
    switch self {
    case .adamax: 1e-7
    case .adam: 1e-8
    }
  }
}

/// An optimizer and its state: first and second moments of the gradients of each parameter.
///
/// With a weight decay w, a gradient is taken as g + w p, as PyTorch's Adam and Adamax take it. Epsilon is placed as
/// PyTorch places it.
public struct Optimizer: Sendable {
  public let method: OptimizationMethod
  public var learningRate: Double
  /// b1.
  public let firstDecay: Double
  /// b2.
  public let secondDecay: Double
  public let epsilon: Double
  public let weightDecay: Double
  /// Updates done.
  public var step = 0
  /// m, in the order of the parameters.
  public var firstMoments: [Tensor]
  /// v, in the order of the parameters; Adamax's infinity norms.
  public var secondMoments: [Tensor]

  /// - Parameter epsilon: If not given, ``OptimizationMethod/defaultEpsilon``.
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

  /// Moves the parameters against their gradients, given in the order of the set.
  public mutating func update(_ parameters: inout ParameterSet, _ gradients: [Tensor]) {
    update(&parameters, gradients.map(Gradient.dense))
  }

  /// Moves the parameters against their gradients, given in the order of the set; those that are products are formed a
  /// part at a time.
  ///
  /// - Parameter scale: What the gradients are multiplied by first; see ``GradientNorm/scale(toLimit:)``.
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
  /// base^exponent for a count of updates, by squaring: the same on every platform.
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
