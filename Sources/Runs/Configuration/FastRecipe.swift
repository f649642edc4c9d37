import ImageDatasets
import Tensors
import VariationalAutoencoder

/// How ``Preset/fast`` trains on a dataset: what the trained models of this package were first trained with, and a cosine
/// decay of the learning rate in place of their second run.
///
/// A long KL warm-up is worth most: on Omniglot and the silhouettes it made up for two nats.
struct FastRecipe: Sendable {
  /// The widths of the hidden layers of a continuous flow's velocity.
  var hidden = [128, 128]
  /// The velocity's activation.
  var activation = ElementwiseFunction.tanh
  /// The number of a continuous flow's blocks.
  var blocks = 5
  /// The rank of its low-rank amortization.
  var rank = 3
  /// The number of images in a batch.
  var batchSize = 50
  /// The learning rate after its warm-up.
  var learningRate = 1e-3
  /// The steps of the learning rate's warm-up.
  var learningRateWarmup = 500
  /// The decay of the average of the parameters.
  var average = 0.999
  /// The greatest norm of the gradients; nil for no clipping.
  var clipNorm: Double? = 500
  /// The epochs of the KL warm-up.
  var warmup = 60
  /// The epochs of the run.
  var epochs = 120

  /// The recipe for a dataset; for those without one of their own it is Omniglot's.
  init(for dataset: DatasetName?) {
    switch dataset {
    case .mnist:
      (activation, learningRate, clipNorm, warmup, epochs) = (.softplus, 1.5e-3, nil, 4, 60)
    case .caltech101:
      (hidden, blocks, rank, batchSize) = ([1024, 1024], 1, 1, 100)
      (learningRateWarmup, average, warmup, epochs) = (100, 0.998, 47, 300)
    case .freyfaces:
      (activation, blocks, rank, batchSize) = (.softplus, 2, 4, 20)
      (learningRateWarmup, average, clipNorm, warmup, epochs) = (100, 0.998, nil, 20, 150)
    default: break
    }
  }

  /// Sets a configuration to the recipe.
  func apply(to configuration: inout TrainingConfiguration) {
    (configuration.model.hidden, configuration.model.activation) = (hidden, activation)
    (configuration.model.blocks, configuration.model.rank) = (blocks, rank)
    (configuration.batchSize, configuration.learningRate) = (batchSize, learningRate)
    (configuration.learningRateWarmup, configuration.schedule) = (learningRateWarmup, .cosine)
    (configuration.average, configuration.clipNorm) = (average, clipNorm)
    (configuration.warmup, configuration.epochs, configuration.patience) = (warmup, epochs, epochs)
    configuration.trainingTolerance = 1e-3
  }
}
