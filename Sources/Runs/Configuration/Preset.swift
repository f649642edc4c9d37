import ImageDatasets
import NormalizingFlows
import VariationalAutoencoder

/// A named configuration.
public enum Preset: String, Sendable, CaseIterable, Codable {
  /// The published experiment as its code runs it (FFJORD; the defaults of the published program):
  /// a batch size of 100, Adamax with a learning rate of 5e-4, a KL warm-up of 100 epochs, and early stopping after
  /// more than 35 epochs without a better bound. The sizes of the flow depend on dataset and posterior.
  case paper
  /// The published experiment as the paper's appendix describes it: as ``paper``, but with a learning rate of 1e-3 and
  /// a patience of 100 epochs.
  case paperText = "paper-text"
  /// This package's own recipe for the same data, encoder and decoder: a compact flow, a larger learning rate with a
  /// warm-up and cosine decay, an average of the parameters, clipped gradients, and a looser tolerance in training than in
  /// validation.
  case fast
  /// A model that is trained on glyphs in about two minutes on two cores, and reconstructs them legibly.
  case small

  /// The configuration for a dataset and a posterior. A dataset that is not in the paper gets Omniglot's sizes.
  ///
  /// - Parameters:
  ///   - dataset: The dataset's name.
  ///   - flow: The kind of the posterior.
  ///   - amortization: Which weights of a continuous flow are amortized.
  public func configuration(
    dataset: String, flow: PosteriorKind = .ffjord, amortization: Amortization = .lowRank
  ) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.dataset = dataset
    configuration.preset = self
    configuration.model.flow = flow
    configuration.model.amortization = amortization
    for kind in PosteriorKind.allCases { kind.posterior.setSizes(size, of: &configuration.model) }
    // The last word on options of several kinds.
    flow.posterior.setSizes(size, of: &configuration.model)
    let known = DatasetCatalog.known(dataset)?.known
    switch self {
    case .paper, .paperText:
      if let known { PublishedExperiment.on[known]?.setDynamics(of: &configuration.model) }
      if self == .paperText {
        configuration.learningRate = 1e-3
        configuration.patience = 100
      }
    case .fast: configuration.useFastRecipe(dataset: known)
    case .small:
      // Not many more dimensions than digits vary in: with 32, the model learns more slowly.
      configuration.model.latent = 12
      configuration.useShortRecipe()
    }
    return configuration
  }

  private var size: PosteriorSize {
    switch self {
    case .paper, .paperText: .published
    case .fast: .compact
    case .small: .small
    }
  }
}

extension TrainingConfiguration {
  /// The recipe of ``Preset/small``: 16500 images in batches of ten.
  ///
  /// In so short a run, the number of steps matters more than the precision of their gradients, so that batches are
  /// small; the learning rate's decay and the average remove their noise. Adamax tolerates a large learning rate, at
  /// which Adam's KL term explodes. There is no KL warm-up: the loss is the bound that is reported.
  fileprivate mutating func useShortRecipe() {
    epochs = 3
    limitTrain = 5500
    batchSize = 10
    learningRate = 3e-3
    learningRateWarmup = 50
    schedule = .cosine
    average = 0.99
    clipNorm = 200
    warmup = 0
    tolerance = 1e-4
    trainingTolerance = 1e-3
  }
}
