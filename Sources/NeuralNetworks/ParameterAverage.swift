import Tensors

/// An exponential moving average of the parameters over updates, which is often a better model than the last
/// parameters.
///
///     average <- R average + (1 - R) p        after each update; the average begins as the parameters first added
///
/// Polyak and Juditsky 1992 averaged the iterates of stochastic approximation. The exponential form, without bias
/// correction, is that of PyTorch's `AveragedModel` with `get_ema_multi_avg_fn(R)`.
public struct ParameterAverage: Sendable {
  /// The decay R: the weight of the old average in each update, from 0 to below 1.
  public let decay: Double
  /// The averaged parameters, with the names of the parameters.
  public private(set) var parameters: ParameterSet
  /// Whether no parameters have been added yet.
  public private(set) var isEmpty: Bool

  /// An empty average.
  ///
  /// - Parameters:
  ///   - decay: The decay R, from 0 to below 1.
  ///   - parameters: Parameters with the names and shapes of those to be averaged.
  public init(decay: Double, of parameters: ParameterSet) {
    self.init(decay: decay, parameters, isEmpty: true)
  }

  /// An average that continues from averaged parameters.
  public init(decay: Double, resuming parameters: ParameterSet) {
    self.init(decay: decay, parameters, isEmpty: false)
  }

  private init(decay: Double, _ parameters: ParameterSet, isEmpty: Bool) {
    precondition(decay >= 0 && decay < 1, "average: a decay of \(decay), not from 0 to below 1")
    self.decay = decay
    self.parameters = parameters
    self.isEmpty = isEmpty
  }

  /// Adds the parameters as they are after an update.
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
