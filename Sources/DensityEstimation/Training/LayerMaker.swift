import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Runs

/// Makes the layers of a configuration's model, one after another. Names begin with `chain.` and the layer's number, as in
/// the published code.
struct LayerMaker {
  private let configuration: DensityConfiguration
  private let solver: SolverOptions
  private var names = LayerNames("chain")
  /// How many couplings and autoregressive layers there are where a layer is added. Each keeps what the one before moved, or
  /// reverses its order, be it of the same kind or not.
  private var alternations = 0

  init(_ configuration: DensityConfiguration) throws(RunError) {
    self.configuration = configuration
    solver = try configuration.solverOptions()
  }

  /// All layers: of rows the blocks, of images the blocks of each scale, of which there may be a single one.
  mutating func layers(
    _ dimensions: Int, _ image: ImageShape?, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    guard let image, configuration.hasConvolutions else { return blocks(dimensions, in: &builder) }
    let scales = configuration.isMultiscale ? nil : 1
    return [Multiscale(image, scales: scales) { place in blocks(at: place, in: &builder) }]
  }

  /// The density of the noise.
  mutating func base(_ dimensions: Int, in builder: inout DensityBuilder) -> any BaseDensity {
    guard configuration.flows.last == .tan else { return StandardNormal() }
    // The first width is that of the recurrent units, the others those of the layers from their state to the mixture.
    return TAN.base(
      named: names.next(), dimensions: dimensions, units: configuration.hidden.first ?? 1,
      hidden: Array(configuration.hidden.dropFirst()), components: configuration.components, in: &builder)
  }

  private func normalization(_ name: String, _ features: Int, in builder: inout DensityBuilder) -> any DensityLayer {
    // MAF normalizes by the batch; the published continuous flows and couplings by running averages.
    let isAutoregressive = configuration.flows.contains {
      [.made, .maf, .deepSigmoidal, .deepDenseSigmoidal].contains($0)
    }
    return BatchNormalizationFlow(
      name, features: features, statistics: isAutoregressive ? .batch : .moving(lag: 0), in: &builder)
  }

  /// The blocks of a model of rows, with normalizations between them where the configuration asks for them.
  private mutating func blocks(_ dimensions: Int, in builder: inout DensityBuilder) -> [any DensityLayer] {
    alternations = 0
    var layers: [any DensityLayer] = []
    // The published continuous models begin with a normalization, too; the discrete ones do not.
    if configuration.hasBatchNormalization, configuration.isContinuous {
      layers.append(normalization(names.next(), dimensions, in: &builder))
    }
    for block in 0..<configuration.blocks {
      let isLast = block == configuration.blocks - 1
      for kind in configuration.flows { layers += self.layers(kind, isLast: isLast, dimensions, in: &builder) }
      if configuration.hasBatchNormalization { layers.append(normalization(names.next(), dimensions, in: &builder)) }
    }
    return layers
  }

  /// The layers of a block that are of one kind of flow.
  private mutating func layers(
    _ kind: DensityFlowKind, isLast: Bool, _ dimensions: Int, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    let hidden = configuration.hidden
    let index = alternations
    if kind != .ffjord { alternations += 1 }
    let order = AutoregressiveOrder.alternating(index)
    // The published couplings split points in the plane, and have masks for tables.
    let form: CouplingForm = dimensions == 2 ? .split : .masked
    switch kind {
    case .ffjord:
      let name = names.next()
      let velocity = TimeDependentNetwork(
        "\(name).odefunc", latent: dimensions, hidden: hidden, activation: configuration.activation,
        timeDependence: configuration.timeDependence, in: &builder.parameters)
      return [continuous(name, velocity, in: &builder)]
    case .nice:
      return NICE.block(
        index, isLast: isLast, dimensions: dimensions, hidden: hidden, &names, in: &builder)
    case .realNVP:
      return [form.layer(names.next(), index: index, dimensions: dimensions, hidden: hidden, in: &builder)]
    case .glow:
      return Glow.block(index, form: form, dimensions: dimensions, hidden: hidden, &names, in: &builder)
    case .made, .maf:
      return [
        AutoregressiveFlow.affine(names.next(), dimensions: dimensions, hidden: hidden, order: order, in: &builder)
      ]
    case .deepSigmoidal, .deepDenseSigmoidal:
      return [
        AutoregressiveFlow.sigmoidal(
          names.next(), dimensions: dimensions, hidden: hidden, units: configuration.components,
          denseLayers: kind == .deepDenseSigmoidal ? 2 : nil, order: order, in: &builder)
      ]
    case .tan:
      return TAN.block(
        named: names.next(), dimensions: dimensions, units: hidden.first ?? 1, order: order,
        isLast: isLast, in: &builder)
    }
  }

  private func continuous(
    _ name: String, _ velocity: some ConditionedVelocity, in builder: inout DensityBuilder
  ) -> any DensityLayer {
    ContinuousLayer(
      name, velocity: velocity, timeLength: configuration.timeLength, isTimeTrained: configuration.isTimeTrained,
      solver: solver, gradient: configuration.gradient, regularization: configuration.regularization,
      polynomial: configuration.polynomial, in: &builder)
  }

  /// The blocks at a place of a model of images.
  private mutating func blocks(
    at place: Multiscale.Place, in builder: inout DensityBuilder
  ) -> [any DensityLayer] {
    let (shape, channels) = (place.shape, place.shape.channels)
    alternations = 0
    var layers: [any DensityLayer] = []
    for block in 0..<configuration.blocks {
      let isLast = block == configuration.blocks - 1
      for kind in configuration.flows {
        switch kind {
        case .ffjord:
          let name = names.next()
          let velocity = ConvolutionalNetwork(
            "\(name).odefunc", shape: shape, hidden: configuration.hidden, activation: configuration.activation,
            timeDependence: configuration.timeDependence, in: &builder.parameters)
          layers.append(continuous(name, velocity, in: &builder))
        case .realNVP:
          // The normalization of the configuration follows whole blocks.
          let couplings = RealNVP.imageBlock(
            alternations, isLast: isLast, at: place, hidden: configuration.hidden, batchNormalization: nil, &names,
            in: &builder)
          alternations += couplings.count
          layers += couplings
        case .glow:
          layers += Glow.step(at: place, index: alternations, hidden: configuration.hidden, &names, in: &builder)
          alternations += 1
        default: layers += self.layers(kind, isLast: isLast, shape.dimensions, in: &builder)
        }
      }
      if configuration.hasBatchNormalization { layers.append(normalization(names.next(), channels, in: &builder)) }
    }
    return layers
  }
}
