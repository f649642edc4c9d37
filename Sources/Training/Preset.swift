import NormalizingFlows
import VariationalAutoencoder

/// A configuration with a name.
public enum Preset: String, Sendable, CaseIterable, Codable {
  /// The published experiment as its code runs it (FFJORD, section 4.2 and appendix; the defaults of the published
  /// program): batch 100, Adamax at 5e-4, KL warm-up over 100 epochs, and an end when more than 35 epochs have brought no
  /// better bound; the flow's sizes by dataset and posterior.
  case paper
  /// The published experiment as the paper's appendix describes it: as ``paper``, with a learning rate of 1e-3 and a
  /// patience of 100 epochs.
  case paperText = "paper-text"
  /// This program's own recipe for the same data, encoder and decoder: a compact flow, batch 50, a larger learning rate
  /// that rises for 500 steps and falls along a cosine, an average of the parameters, clipped gradients, and a looser
  /// tolerance in training than in validation.
  case fast
  /// A model that trains on glyphs in about two minutes on two cores, and reconstructs them legibly.
  case small

  /// The configuration for a dataset and a posterior; a dataset that is not the paper's has Omniglot's.
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
      // Not many more than what varies between two digits: a model of 32 learns more slowly.
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
  /// The recipe of ``Preset/fast``. Silhouettes, whose gradients are the largest, bear half the learning rate of the others.
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
  /// The recipe of ``Preset/small``: 16500 images, ten a step.
  ///
  /// In so short a run the number of steps counts more than their precision, so batches are small; the falling learning rate
  /// and the average then take their noise away. Adamax bears a large learning rate there, at which Adam's KL term
  /// explodes. The KL term has its whole weight from the first epoch on: the bound is the one that is reported.
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
  /// The dynamics of the published runs: those that the paper chose for each dataset by the validation bound, with
  /// low-rank amortization (Grathwohl et al. 2019, appendix). The paper has none for other amortizations, which get the
  /// same.
  fileprivate mutating func usePublishedDynamics(dataset: String) {
    switch dataset {
    case "mnist": (hidden, activation, blocks, rank) = ([1024, 1024], .softplus, 2, 64)
    case "freyfaces": (hidden, activation, blocks, rank) = ([512, 512], .softplus, 2, 20)
    case "caltech101": (hidden, activation, blocks, rank) = ([2048], .tanh, 1, 20)
    default: (hidden, activation, blocks, rank) = ([512, 512], .softplus, 5, 20)
    }
  }

  /// The layers of the other posteriors, as in the table that FFJORD compares itself with: 16 planar flows; 8 inverse
  /// autoregressive flows of width 1280; 16 Sylvester flows with 32 orthogonal vectors or 8 Householder reflections (van
  /// den Berg et al. 2018, experiments and appendix; the same for all datasets).
  fileprivate mutating func usePublishedLayers() {
    flows = flow == .iaf ? 8 : 16
    maskedWidth = 1280
    orthogonalVectors = 32
    reflections = 8
  }
}
