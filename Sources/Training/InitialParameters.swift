import NeuralNetworks
import Runs
import VariationalAutoencoder

/// The parameters that a new run begins with, from those of a trained model.
struct InitialParameters {
  /// Encoder, posterior's mean and variance, decoder: the trained model's. Flow: the trained model's where it fits.
  let values: ParameterSet
  /// Whether the flow is another one than the trained model's, and begins at random.
  let hasNewFlow: Bool

  /// - Parameters:
  ///   - trained: The parameters of a trained model.
  ///   - random: Random parameters of the run's model.
  ///   - model: The run's model.
  /// - Throws: `RunError.invalidConfiguration` where the encoder or decoder does not fit.
  init(_ trained: ParameterSet, random: ParameterSet, _ model: ModelConfiguration) throws(RunError) {
    guard trained.parameters != random.parameters else {
      (values, hasNewFlow) = (trained, false)
      return
    }
    var base = model
    base.flow = .none
    var values = random
    for parameter in VariationalAutoencoder.layout(base).parameters {
      guard let found = trained[parameter.name], found.shape == parameter.shape else {
        throw .invalidConfiguration(
          "the initial parameters are of another encoder or decoder: \(parameter.name) is "
            + "\(trained[parameter.name].map { "\($0.shape)" } ?? "missing"), not \(parameter.shape)")
      }
      if let own = values[parameter.name] { values[own] = trained[found] }
    }
    (self.values, hasNewFlow) = (values, true)
  }
}
