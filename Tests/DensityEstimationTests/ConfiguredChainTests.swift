import DensityEstimation
import Testing

/// A configuration's model has the parameters of the chain of its flow: the chains that other tests check are those that
/// are trained.
@Suite struct ConfiguredChainTests {
  private func configuration(_ flow: DensityFlowKind, _ dimensions: Int) -> DensityConfiguration {
    var configuration = DensityConfiguration()
    (configuration.flows, configuration.dimensions) = ([flow], dimensions)
    (configuration.blocks, configuration.hidden, configuration.components) = (3, [6, 5], 4)
    configuration.hasBatchNormalization = false
    return configuration
  }

  private func check(_ configuration: DensityConfiguration, _ chain: (inout DensityBuilder) -> [any DensityLayer])
    throws
  {
    let (_, parameters, _) = try DensityModel.make(configuration, in: DensityBuilder(seed: 4))
    var builder = DensityBuilder(seed: 4)
    _ = chain(&builder)
    #expect(parameters.parameters == builder.parameters.parameters.parameters)
    #expect(!parameters.parameters.isEmpty)
  }

  @Test(arguments: [2, 5]) func ofRows(_ d: Int) throws {
    let form: CouplingForm = d == 2 ? .split : .masked
    try check(configuration(.nice, d)) { NICE.layers(dimensions: d, blocks: 3, hidden: [6, 5], in: &$0) }
    try check(configuration(.realNVP, d)) {
      RealNVP.layers(dimensions: d, blocks: 3, hidden: [6, 5], form: form, in: &$0)
    }
    try check(configuration(.glow, d)) {
      Glow.layers(dimensions: d, blocks: 3, hidden: [6, 5], form: form, in: &$0)
    }
    var made = configuration(.made, d)
    made.blocks = 1
    try check(made) { MADE.layers(dimensions: d, hidden: [6, 5], in: &$0) }
    try check(configuration(.tan, d)) {
      let layers = TAN.layers(dimensions: d, blocks: 3, units: 6, in: &$0)
      // Its density has parameters, too: the first width is that of the recurrent units, the others are those of layers.
      _ = TAN.base(named: "chain.3", dimensions: d, units: 6, hidden: [5], components: 4, in: &$0)
      return layers
    }
    try check(configuration(.maf, d)) { MAF.layers(dimensions: d, blocks: 3, hidden: [6, 5], in: &$0) }
    try check(configuration(.deepSigmoidal, d)) {
      NAF.layers(dimensions: d, blocks: 3, hidden: [6, 5], units: 4, in: &$0)
    }
    try check(configuration(.deepDenseSigmoidal, d)) {
      NAF.layers(dimensions: d, blocks: 3, hidden: [6, 5], units: 4, denseLayers: 2, in: &$0)
    }
  }

  @Test(arguments: [true, false]) func ofImages(_ isMultiscale: Bool) throws {
    let shape = ImageShape(height: 8, width: 8)
    let scales = isMultiscale ? nil : 1
    for flow in [DensityFlowKind.realNVP, .glow] {
      var configuration = configuration(flow, shape.dimensions)
      (configuration.image, configuration.isMultiscale) = (shape, isMultiscale)
      try check(configuration) {
        flow == .glow
          ? Glow.imageLayers(shape: shape, scales: scales, blocks: 3, hidden: [6, 5], in: &$0)
          : RealNVP.imageLayers(shape: shape, scales: scales, blocks: 3, hidden: [6, 5], in: &$0)
      }
    }
  }
}
