import Autodiff
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

@testable import DensityEstimation

/// A configuration's model is the chain of its flow: the chains that other tests check are those that are trained.
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
    var (model, parameters, buffers) = try DensityModel.make(configuration, in: DensityBuilder(seed: 4))
    var builder = DensityBuilder(seed: 4)
    let layers = LayerChain(chain(&builder))
    #expect(parameters.parameters == builder.parameters.parameters.parameters)
    #expect(!parameters.parameters.isEmpty)
    // Some layers begin as the identity, in which a wrong order of dimensions does not show.
    for (step, parameter) in parameters.parameters.enumerated() {
      let noise = RandomStream(seed: 1, purpose: .test, step: UInt64(step)).normals(0..<parameters[parameter].count)
      parameters[parameter].add(Tensor(noise.map { 0.1 * $0 }, shape: parameters[parameter].shape))
    }
    let x = Variable(
      Tensor(RandomStream(seed: 2, purpose: .test).normals(0..<(3 * model.dimensions)), shape: [3, model.dimensions]))
    func forward(_ layers: LayerChain) throws -> LayerOutput {
      try layers.forward(x, DensityPass(parameters.constants, buffers: buffers))
    }
    let (ours, chains) = (try forward(model.layers), try forward(layers))
    #expect(ours.z.value == chains.z.value && ours.logDeterminant.value == chains.logDeterminant.value)
  }

  @Test(arguments: [
    [DensityFlowKind.realNVP, .realNVP], [.realNVP, .nice], [.maf, .deepSigmoidal], [.maf, .maf], [.glow, .realNVP],
  ]) func layersOfABlockTakeTurns(_ flows: [DensityFlowKind]) throws {
    var configuration = configuration(flows[0], 2)
    (configuration.flows, configuration.blocks) = (flows, 1)
    let (model, parameters, buffers) = try DensityModel.make(configuration, in: DensityBuilder(seed: 4))
    let pass = DensityPass(parameters.constants, buffers: buffers)
    func z(_ x: [Float]) throws -> [Float] {
      try model.layers.forward(Variable(Tensor(x, shape: [1, 2])), pass).z.value.floats()
    }
    // Both of them depend on both.
    let (here, right, above) = (try z([0.3, -0.2]), try z([0.9, -0.2]), try z([0.3, 0.8]))
    #expect(zip(here, right).allSatisfy { $0 != $1 } && zip(here, above).allSatisfy { $0 != $1 })
  }

  @Test func theLayoutOfAClaimedModelTakesNoMemory() throws {
    var configuration = configuration(.deepDenseSigmoidal, 100_000)
    (configuration.components, configuration.blocks) = (4096, 1000)
    let layout = DensityModel.layout(configuration)
    #expect(layout.parameters.parameters.count > 1000)
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
