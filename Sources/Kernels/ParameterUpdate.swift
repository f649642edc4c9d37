import Profiling
import Tensors

/// One update of an optimizer, as it is applied to each tensor of parameters with the tensor's first and second moments.
package struct ParameterUpdate: Sendable {
  /// How parameters p move against a gradient g (Kingma and Ba 2015).
  package enum Rule: Sendable {
    /// m = b1 m + (1 - b1) g, v = max(b2 v, |g| + epsilon), p -= rate m / v (section 7.1)
    case adamax
    /// m as above, v = b2 v + (1 - b2) g^2, p -= rate m / (sqrt(v) rootCorrection + epsilon) (algorithm 1)
    case adam
  }

  let rule: Rule
  let rate, firstDecay, secondDecay, epsilon, rootCorrection, gradientScale, weightDecay: Double

  /// - Parameters:
  ///   - rate: The learning rate, divided by the bias correction of the first moment.
  ///   - rootCorrection: Adam's: one over the root of the bias correction of the second moment.
  ///   - gradientScale: What the gradient is multiplied by first.
  ///   - weightDecay: What the parameter is multiplied by before it is added to the gradient.
  package init(
    rule: Rule, rate: Double, firstDecay: Double, secondDecay: Double, epsilon: Double,
    rootCorrection: Double = 1, gradientScale: Double = 1, weightDecay: Double = 0
  ) {
    (self.rule, self.rate, self.firstDecay, self.secondDecay) = (rule, rate, firstDecay, secondDecay)
    (self.epsilon, self.rootCorrection) = (epsilon, rootCorrection)
    (self.gradientScale, self.weightDecay) = (gradientScale, weightDecay)
  }

  /// Moves parameters against a gradient; all of one shape and element type.
  package func apply(
    to parameters: inout Tensor, firstMoments: inout Tensor, secondMoments: inout Tensor, gradient g: Tensor
  ) {
    let type = parameters.elementType
    precondition(
      [g, firstMoments, secondMoments].allSatisfy { $0.elementType == type && $0.shape == parameters.shape },
      "update: a gradient \(g.shape) of \(g.elementType) for a parameter \(parameters.shape) of \(type)")
    Profiler.count(operations: 10 * g.count, bytes: 7 * g.count * type.byteCount)
    ParameterState.with(&parameters, &firstMoments, &secondMoments) {
      Backends.current.apply(self, gradient: g, to: &$0)
    }
  }

  /// Moves weights `[outputs, inputs]` of a linear layer against the gradient g^T x, for g `[batch, outputs]` and x
  /// `[batch, inputs]`; single precision. The gradient is formed some rows at a time, and is never in memory as a whole.
  package func apply(
    to weights: inout Tensor, firstMoments: inout Tensor, secondMoments: inout Tensor, g: Tensor, x: Tensor,
    numerics: Numerics
  ) {
    let (outputs, inputs) = (weights.shape[0], weights.shape[1])
    precondition(
      g.rank == 2 && x.rank == 2 && g.shape[0] == x.shape[0] && g.shape[1] == outputs && x.shape[1] == inputs
        && firstMoments.shape == weights.shape && secondMoments.shape == weights.shape
        && [weights, firstMoments, secondMoments, g, x].allSatisfy { $0.elementType == .float32 },
      "update: g \(g.shape) and x \(x.shape) for weights \(weights.shape)")
    guard outputs > 0, inputs > 0 else { return }
    ParameterState.with(&weights, &firstMoments, &secondMoments) {
      Backends.current.apply(self, g: g, x: x, numerics, to: &$0)
    }
  }

  /// Operations and bytes of an update with a gradient g^T x.
  func count(g: Tensor, x: Tensor, lowPrecisionProducts: Int = 0) {
    let count = g.shape[1] * x.shape[1]
    Profiler.count(
      operations: (2 * x.shape[0] + 10) * count, bytes: 6 * 4 * count, lowPrecisionProducts: lowPrecisionProducts)
  }
}

/// A parameter and its moments in one value, for the time of an update.
package struct ParameterState {
  package var parameters, firstMoments, secondMoments: Tensor

  package init(parameters: Tensor, firstMoments: Tensor, secondMoments: Tensor) {
    (self.parameters, self.firstMoments, self.secondMoments) = (parameters, firstMoments, secondMoments)
  }

  /// Calls `body` with the tensors moved together, so that none of them is shared while it writes.
  static func with(
    _ parameters: inout Tensor, _ firstMoments: inout Tensor, _ secondMoments: inout Tensor,
    _ body: (inout ParameterState) -> Void
  ) {
    let empty = Tensor(uninitialized: [0], parameters.elementType)
    var state = ParameterState(parameters: empty, firstMoments: empty, secondMoments: empty)
    swap(&state.parameters, &parameters)
    swap(&state.firstMoments, &firstMoments)
    swap(&state.secondMoments, &secondMoments)
    body(&state)
    swap(&state.parameters, &parameters)
    swap(&state.firstMoments, &firstMoments)
    swap(&state.secondMoments, &secondMoments)
  }

  /// Calls `body` with where parameters, first and second moments begin, each made this value's own.
  mutating func withMemory(
    _ body: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
  ) {
    parameters.withMutableBytes { p in
      firstMoments.withMutableBytes { m in
        secondMoments.withMutableBytes { v in
          guard let p = p.baseAddress, let m = m.baseAddress, let v = v.baseAddress else { return }
          body(p, m, v)
        }
      }
    }
  }
}
