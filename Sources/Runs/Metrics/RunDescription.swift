import NeuralNetworks
import TensorBoard
import VariationalAutoencoder

/// What TensorBoard's event files say of a run's configuration.
package struct RunDescription {
  let entries: ConfigurationEntries
  let hyperparameters: Hyperparameters
  /// The names of the numbers by which runs are compared.
  let compared: [String]

  /// The description of a run of any kind.
  ///
  /// - Parameters:
  ///   - configuration: The configuration.
  ///   - complete: A configuration in which every field has a value, for the columns of the table.
  ///   - foremost: The keys of the columns that are shown by default.
  ///   - compared: The names of the numbers by which runs are compared.
  package init<Configuration: Encodable>(
    _ configuration: Configuration, complete: Configuration, foremost: Set<String>, compared: [String]
  ) throws {
    entries = try ConfigurationEntries(configuration)
    self.compared = compared
    hyperparameters = Hyperparameters(
      entries.values.mapValues(\.hyperparameter),
      columns: try ConfigurationEntries(complete).values.mapValues(\.hyperparameter), foremost: foremost,
      metrics: compared.map { "validation/\($0)" })
  }

  /// The description of a run that trains an autoencoder.
  package init(_ configuration: TrainingConfiguration) throws {
    let compared =
      ["negative_elbo"] + (configuration.model.bitsPerDimension(nats: 0) == nil ? [] : ["bits_per_dimension"])
    try self.init(
      configuration, complete: .withEveryField,
      foremost: ["dataset", "learningRate", "model.flow", "preset", "seed"], compared: compared)
  }
}
