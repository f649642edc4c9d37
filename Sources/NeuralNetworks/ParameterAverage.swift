import Tensors

/// An exponential moving average of parameters, which is often a better model than any one of them.
///
///     average <- R average + (1 - R) p        after each update; the first update's parameters begin it
///
/// Polyak and Juditsky 1992 averaged the iterates of stochastic approximation; the exponential form, and the beginning
/// without bias correction, are those of PyTorch's `AveragedModel` with `get_ema_multi_avg_fn(R)`.
public struct ParameterAverage: Sendable {
  /// R: the share of the average that each update keeps.
  public let decay: Double
  /// The averaged parameters, under the names of those that are averaged.
  public private(set) var parameters: ParameterSet
  /// Whether an update was added.
  public private(set) var isEmpty: Bool

  /// An average of nothing yet.
  public init(decay: Double, of parameters: ParameterSet) {
    self.init(decay: decay, parameters, isEmpty: true)
  }

  /// An average that goes on from averaged parameters.
  public init(decay: Double, resuming parameters: ParameterSet) {
    self.init(decay: decay, parameters, isEmpty: false)
  }

  private init(decay: Double, _ parameters: ParameterSet, isEmpty: Bool) {
    precondition(decay >= 0 && decay < 1, "average: a decay of \(decay), not from 0 to below 1")
    self.decay = decay
    self.parameters = parameters
    self.isEmpty = isEmpty
  }

  /// Adds the parameters after an update.
  public mutating func add(_ updated: ParameterSet) {
    precondition(updated.tensors.count == parameters.tensors.count, "average: parameters of another model")
    guard !isEmpty else {
      parameters = updated
      isEmpty = false
      return
    }
    for i in parameters.tensors.indices {
      parameters.tensors[i].moveAverage(towards: updated.tensors[i], weight: 1 - decay)
    }
  }
}
