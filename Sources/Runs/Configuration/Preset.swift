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
  /// This package's own recipe for the same data, encoder and decoder: a compact flow, a batch size of 50, a larger
  /// learning rate with a warm-up of 500 steps and cosine decay, an average of the parameters, clipped gradients, and
  /// a looser tolerance in training than in validation.
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
    switch self {
    case .paper, .paperText:
      configuration.model.usePublishedDynamics(dataset: dataset)
      configuration.model.usePublishedLayers()
      if self == .paperText {
        configuration.learningRate = 1e-3
        configuration.patience = 100
      }
    case .fast:
      configuration.useFastRecipe(dataset: dataset)
      configuration.model.usePublishedLayers()
    case .small:
      // Not many more dimensions than digits vary in: with 32, the model learns more slowly.
      configuration.model.latent = 12
      configuration.model.hidden = [64, 64]
      configuration.model.blocks = 2
      configuration.model.rank = 4
      configuration.model.flows = 4
      configuration.model.maskedWidth = 120
      configuration.model.orthogonalVectors = 8
      configuration.model.reflections = 4
      configuration.useShortRecipe()
    }
    return configuration
  }
}

extension TrainingConfiguration {
  /// The recipe of ``Preset/fast``. Silhouettes, which have the largest gradients, get half the learning rate.
  fileprivate mutating func useFastRecipe(dataset: String) {
    (model.hidden, model.blocks, model.rank) = ([128, 128], 2, 4)
    batchSize = 50
    learningRate = dataset == "caltech101" ? 1e-3 : 2e-3
    learningRateWarmup = 500
    schedule = .cosine
    average = 0.999
    clipNorm = 200
    trainingTolerance = 1e-3
    switch dataset {
    case "caltech101": (epochs, warmup) = (200, 15)
    case "freyfaces": (epochs, warmup, batchSize, average, clipNorm) = (400, 20, 20, 0.999, nil)
    default: (epochs, warmup) = (100, 2)
    }
    patience = epochs
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

extension ModelConfiguration {
  /// The dynamics of the published runs, which the paper chose for each dataset by the validation bound, with low-rank
  /// amortization (Grathwohl et al. 2019, appendix). The paper has no other amortizations, so that they get the same
  /// dynamics.
  fileprivate mutating func usePublishedDynamics(dataset: String) {
    switch dataset {
    case "mnist": (hidden, activation, blocks, rank) = ([1024, 1024], .softplus, 2, 64)
    case "freyfaces": (hidden, activation, blocks, rank) = ([512, 512], .softplus, 2, 20)
    case "caltech101": (hidden, activation, blocks, rank) = ([2048], .tanh, 1, 20)
    default: (hidden, activation, blocks, rank) = ([512, 512], .softplus, 5, 20)
    }
  }

  /// The sizes of the other posteriors in the results that FFJORD is compared with: 16 planar flows; 8 inverse
  /// autoregressive flows of width 1280; 16 Sylvester flows with 32 orthogonal vectors or 8 Householder reflections.
  /// They are the same for all datasets (van den Berg et al. 2018, experiments and appendix).
  fileprivate mutating func usePublishedLayers() {
    flows = flow == .iaf ? 8 : 16
    maskedWidth = 1280
    orthogonalVectors = 32
    reflections = 8
  }
}
