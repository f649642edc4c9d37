import Autodiff
import CKernels
import Tensors

/// The Adamax optimizer.
///
///     m <- b1 m + (1 - b1) g
///     u <- max(b2 u, |g| + epsilon)
///     p <- p - rate / (1 - b1^step) m / u
///
/// Kingma and Ba 2015, "Adam", section 7.1, with epsilon placed as PyTorch places it.
public struct Adamax: Sendable {
  public var learningRate: Double
  public let firstDecay: Double
  public let secondDecay: Double
  public let epsilon: Double
  /// Updates done.
  public var step = 0
  /// m, in the order of the parameters.
  public var firstMoments: [Tensor]
  /// u, in the order of the parameters.
  public var infinityNorms: [Tensor]

  public init(
    for parameters: ParameterSet, learningRate: Double = 5e-4, firstDecay: Double = 0.9,
    secondDecay: Double = 0.999, epsilon: Double = 1e-7
  ) {
    self.learningRate = learningRate
    self.firstDecay = firstDecay
    self.secondDecay = secondDecay
    self.epsilon = epsilon
    firstMoments = parameters.tensors.map { Tensor(zeros: $0.shape, $0.elementType) }
    infinityNorms = firstMoments
  }

  /// Moves the parameters against their gradients, given in the order of the set.
  public mutating func update(_ parameters: inout ParameterSet, _ gradients: [Tensor]) {
    update(&parameters, gradients.map(Gradient.formed))
  }

  /// Moves the parameters against their gradients, given in the order of the set; those that are products are formed a
  /// part at a time.
  public mutating func update(_ parameters: inout ParameterSet, _ gradients: [Gradient]) {
    precondition(
      gradients.count == parameters.tensors.count && gradients.count == firstMoments.count,
      "Adamax: \(gradients.count) gradients for \(parameters.tensors.count) parameters")
    step += 1
    var rate = learningRate
    rate /= 1 - Double.pow(firstDecay, step)
    for (i, gradient) in gradients.enumerated() {
      let (shape, type) = (parameters.tensors[i].shape, parameters.tensors[i].elementType)
      precondition(
        gradient.shape == shape && firstMoments[i].elementType == type,
        "Adamax: a gradient \(gradient.shape) for a parameter \(shape) of \(type)")
      switch gradient {
      case .formed(let g): move(&parameters.tensors[i], i, against: g, rate)
      case .product(let g, let x, let precision): move(&parameters.tensors[i], i, againstProduct: g, x, precision, rate)
      }
    }
  }

  private mutating func move(_ parameter: inout Tensor, _ i: Int, against g: Tensor, _ rate: Double) {
    let type = parameter.elementType
    precondition(g.elementType == type, "Adamax: a gradient of \(g.elementType) for a parameter of \(type)")
    let (b1, b2, epsilon) = (firstDecay, secondDecay, epsilon)
    Instrument.count(operations: 10 * g.count, bytes: 7 * g.count * type.byteCount)
    parameter.withMutableBytes { p in
      firstMoments[i].withMutableBytes { m in
        infinityNorms[i].withMutableBytes { u in
          guard let p = p.baseAddress, let m = m.baseAddress, let u = u.baseAddress else { return }
          nonisolated(unsafe) let (parameter, moment, norm) = (p, m, u)
          Compute.parallel(g.count, cost: 8) { begin, end in
            type.kernels.adamax(begin, end, rate, b1, b2, epsilon, g.address, parameter, moment, norm)
          }
        }
      }
    }
    withExtendedLifetime(g) {}
  }

  private mutating func move(
    _ weights: inout Tensor, _ i: Int, againstProduct g: Tensor, _ x: Tensor, _ precision: ProductPrecision,
    _ rate: Double
  ) {
    Instrument.count(operations: (2 * x.shape[0] + 10) * weights.count, bytes: 6 * 4 * weights.count, in: precision)
    let step = OuterProductAdamax(
      rate: rate, firstDecay: firstDecay, secondDecay: secondDecay, epsilon: epsilon)
    step.update(
      &weights, moments: &firstMoments[i], norms: &infinityNorms[i], g: g, x: x,
      precision: precision)
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
