import VariationalAutoencoder

/// A configuration with a name.
public enum Preset: String, Sendable, CaseIterable, Codable {
  /// The published experiment (FFJORD, section 4.2 and appendix): batch 100, Adamax at 5e-4, KL warm-up over 100 epochs,
  /// early stopping after 35; 5 blocks of 512-512, rank 20, for Omniglot.
  case paper
  /// A model that trains on glyphs in about two minutes on two cores, and visibly reconstructs.
  case small

  public func configuration(dataset: String) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.dataset = dataset
    configuration.preset = self
    guard self == .small else { return configuration }
    configuration.model.latent = 32
    configuration.model.hidden = [64, 64]
    configuration.model.blocks = 2
    configuration.model.rank = 4
    configuration.epochs = 4
    configuration.batchSize = 50
    configuration.learningRate = 2e-3
    configuration.warmup = 2
    configuration.tolerance = 1e-4
    configuration.limitTrain = 9000
    return configuration
  }
}
