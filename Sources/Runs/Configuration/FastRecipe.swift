import ImageDatasets
import VariationalAutoencoder

extension TrainingConfiguration {
  /// The recipe of ``Preset/fast``: what the trained models of this package were first trained with, and a cosine decay of
  /// the learning rate in place of their second run. Datasets without one of their own get Omniglot's.
  ///
  /// A long KL warm-up is worth most: on Omniglot and the silhouettes it made up for two nats.
  mutating func useFastRecipe(dataset: DatasetName?) {
    model.activation = .tanh
    batchSize = 50
    learningRate = 1e-3
    learningRateWarmup = 500
    schedule = .cosine
    average = 0.999
    clipNorm = 500
    trainingTolerance = 1e-3
    (warmup, epochs) = (60, 120)
    switch dataset {
    case .mnist:
      model.activation = .softplus
      (learningRate, clipNorm, warmup, epochs) = (1.5e-3, nil, 4, 60)
    case .caltech101:
      (model.hidden, model.blocks, model.rank) = ([1024, 1024], 1, 1)
      (batchSize, learningRateWarmup, average, warmup, epochs) = (100, 100, 0.998, 47, 300)
    case .freyfaces:
      (model.activation, model.blocks, model.rank) = (.softplus, 2, 4)
      (batchSize, learningRateWarmup, average, clipNorm, warmup, epochs) = (20, 100, 0.998, nil, 20, 150)
    default: break
    }
    patience = epochs
  }
}
