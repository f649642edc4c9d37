import NeuralNetworks
import Runs
import Tensors
import VariationalAutoencoder

extension DensityConfiguration {
  /// The published experiment on a kind of data with a flow.
  ///
  /// Toys: batches of 100 fresh points, 10,000 of them for continuous flows and 100,000 for others. Tables: velocities with
  /// hidden layers of a multiple of the dimensions (65,536 at most), whose sizes the paper chose for each table; others
  /// than its five get those of MINIBOONE. Images: multiscale convolutions.
  ///
  /// Source: Grathwohl et al. 2019 (FFJORD), section 4.1 and appendix B, and the defaults of its code. Of MAF and MADE:
  /// Papamakarios et al. 2017, section 4 and its code, but for the drops of the learning rate. Of neural autoregressive flows
  /// and TAN: the codes of Huang et al. 2018 and Oliva et al. 2018.
  ///
  /// - Parameters:
  ///   - kind: The kind of data.
  ///   - name: The name of the dataset, such as a table's file.
  ///   - dimensions: The number of dimensions.
  ///   - flows: The kinds of flows of a block.
  public static func published(
    _ kind: DensityDataset.Kind, name: String, dimensions: Int, flows: [DensityFlowKind]
  ) -> DensityConfiguration {
    var configuration = DensityConfiguration()
    configuration.dataset = name
    configuration.flows = flows
    let isContinuous = flows.contains(.ffjord)
    switch kind {
    case .points: if !isContinuous { configuration.useDiscreteToyRecipe() }
    case .table:
      configuration.useTableRecipe(TableSizes.of(name), dimensions, isContinuous: isContinuous)
    case .images: configuration.useImageRecipe()
    }
    // Flows of rows have no scales.
    if !flows.contains(where: \.isConvolutional) { configuration.isMultiscale = false }
    switch flows {
    case [.made], [.maf]:
      configuration.useAutoregressiveRecipe(isSingle: flows == [.made], ofTable: kind == .table ? name : nil)
    case [.deepSigmoidal], [.deepDenseSigmoidal]: configuration.useSigmoidalRecipe()
    case [.tan]: configuration.useTransformationRecipe(ofTable: kind == .table ? name : nil)
    default: break
    }
    return configuration
  }

  private mutating func useDiscreteToyRecipe() {
    // The published depth and width of couplings on toys.
    (blocks, hidden) = (10, [64, 64])
    (optimizer, learningRate, weightDecay) = (.adamax, 1e-4, 0)
    (steps, validationInterval) = (100_000, 1000)
  }

  private mutating func useTableRecipe(_ sizes: TableSizes, _ dimensions: Int, isContinuous: Bool) {
    (steps, validationInterval, patience) = (TrainingProgress.stepLimit, 200, 30)
    limitValidation = nil
    batchSize = 1000
    weightDecay = 1e-6
    guard isContinuous else {
      (blocks, hidden, learningRate) = (10, [100, 100], 1e-4)
      return
    }
    hidden = Array(repeating: min(sizes.factor * dimensions, Self.greatestWidth), count: sizes.hiddenLayers)
    (blocks, batchSize) = (sizes.blocks, sizes.batchSize)
    activation = sizes.activation
    (timeLength, divergence) = (1, .gaussian)
    (tolerance, relativeTolerance) = (1e-8, 1e-6)
  }

  private mutating func useImageRecipe() {
    (blocks, hidden, activation, timeDependence) = (2, [64, 64, 64], .softplus, .concat)
    (timeLength, divergence, isMultiscale) = (1, .rademacher, true)
    // The activations of whole solves of images take tens of gigabytes.
    gradient = .checkpointed
    (batchSize, learningRate, learningRateWarmup, weightDecay) = (200, 1e-3, 1000, 0)
    (steps, validationInterval, patience, limitValidation) = (1000 * 300, 300, nil, nil)
  }

  private mutating func useAutoregressiveRecipe(isSingle: Bool, ofTable name: String?) {
    (blocks, learningRate) = isSingle ? (1, 1e-3) : (5, 1e-4)
    hidden = [name.map { TableSizes.of($0).maskedWidth } ?? 512]
    hasBatchNormalization = !isSingle
    if name != nil { batchSize = 100 }
  }

  private mutating func useSigmoidalRecipe() {
    (blocks, hidden, components) = (5, [100], 16)
    (batchSize, clipNorm) = (100, 5)
  }

  private mutating func useTransformationRecipe(ofTable name: String?) {
    (blocks, hidden, components) = (4, [256, 120, 120], 40)
    guard let name else { return }
    // The published rate is halved every 5000 steps; here it drops when validation no longer gains.
    (batchSize, steps, clipNorm) = (1024, 60_000, 1)
    learningRate = TableSizes.isLikeMINIBOONE(name) ? 1.5e-3 : 5e-3
  }
}

/// The sizes of the published flows of a table.
private struct TableSizes {
  /// Of continuous flows.
  let hiddenLayers: Int
  /// The width of hidden layers in multiples of the dimensions.
  let factor: Int
  let blocks: Int
  let batchSize: Int
  var activation = ElementwiseFunction.softplus
  /// The width of the masked networks of MADE and MAF.
  var maskedWidth = 512

  /// The sizes for a table whose file is named after the dataset.
  static func of(_ name: String) -> TableSizes { entry(name).sizes }

  /// Whether a table is treated as MINIBOONE: that itself, and those of which nothing was published.
  static func isLikeMINIBOONE(_ name: String) -> Bool { entry(name).name == published[0].name }

  private static func entry(_ name: String) -> (name: String, sizes: TableSizes) {
    let file = name.split(separator: "/").last.map { $0.lowercased() } ?? name
    return published.first { file.hasPrefix($0.name) } ?? published[0]
  }

  private static let published: [(name: String, sizes: TableSizes)] = [
    ("miniboone", TableSizes(hiddenLayers: 2, factor: 20, blocks: 1, batchSize: 1000)),
    (
      "power",
      TableSizes(hiddenLayers: 3, factor: 10, blocks: 5, batchSize: 10_000, activation: .tanh, maskedWidth: 100)
    ),
    ("gas", TableSizes(hiddenLayers: 3, factor: 20, blocks: 5, batchSize: 1000, activation: .tanh, maskedWidth: 100)),
    ("hepmass", TableSizes(hiddenLayers: 2, factor: 10, blocks: 10, batchSize: 10_000)),
    ("bsds300", TableSizes(hiddenLayers: 3, factor: 20, blocks: 2, batchSize: 10_000)),
  ]
}
