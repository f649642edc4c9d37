import NormalizingFlows
import Testing

@testable import DensityEstimation

/// The published experiments, as the papers and their codes have them.
@Suite struct DensityPresetTests {
  private func table(_ name: String, _ dimensions: Int, _ flow: DensityFlowKind = .ffjord) -> DensityConfiguration {
    .published(.table, name: name, dimensions: dimensions, flows: [flow])
  }

  @Test func toys() {
    let continuous = DensityConfiguration.published(.points, name: "moons", dimensions: 2, flows: [.ffjord])
    #expect(continuous.hidden == [64, 64, 64] && continuous.activation == .tanh)
    #expect(continuous.timeDependence == .concatsquash && continuous.blocks == 1)
    #expect(continuous.timeLength == 0.5 && continuous.isTimeTrained && continuous.divergence == .exact)
    #expect((continuous.steps, continuous.batchSize) == (10_000, 100))
    #expect((continuous.learningRate, continuous.weightDecay, continuous.tolerance) == (1e-3, 1e-5, 1e-5))
    let couplings = DensityConfiguration.published(.points, name: "moons", dimensions: 2, flows: [.realNVP])
    #expect((couplings.steps, couplings.blocks, couplings.learningRate) == (100_000, 10, 1e-4))
    #expect(couplings.optimizer == .adamax)
  }

  @Test(arguments: [
    ("miniboone.npy", 43, [860, 860], 1, 1000), ("/data/POWER.npy", 6, [60, 60, 60], 5, 10_000),
    ("gas.csv", 8, [160, 160, 160], 5, 1000), ("hepmass.npy", 21, [210, 210], 10, 10_000),
    ("bsds300.npz", 63, [1260, 1260, 1260], 2, 10_000), ("own.csv", 5, [100, 100], 1, 1000),
  ]) func tables(_ name: String, _ dimensions: Int, _ hidden: [Int], _ blocks: Int, _ batch: Int) {
    let preset = table(name, dimensions)
    #expect((preset.hidden, preset.blocks, preset.batchSize) == (hidden, blocks, batch))
    let isTanh = name.lowercased().contains("power") || name.contains("gas")
    #expect(preset.activation == (isTanh ? .tanh : .softplus))
    #expect(preset.divergence == .gaussian && preset.patience == 30)
    #expect((preset.tolerance, preset.relativeTolerance) == (1e-8, 1e-6))
    #expect((preset.learningRate, preset.weightDecay) == (1e-3, 1e-6))
  }

  @Test func otherFlowsOfTables() {
    for flow in [DensityFlowKind.realNVP, .glow] {
      let preset = table("miniboone.npy", 43, flow)
      #expect((preset.blocks, preset.hidden, preset.learningRate, preset.batchSize) == (10, [100, 100], 1e-4, 1000))
    }
    let (made, maf) = (table("miniboone.npy", 43, .made), table("miniboone.npy", 43, .maf))
    #expect((made.blocks, made.hidden, made.hasBatchNormalization) == (1, [512], false))
    #expect((maf.blocks, maf.hidden, maf.hasBatchNormalization, maf.patience) == (5, [512], true, 30))
    #expect((made.learningRate, made.batchSize, made.weightDecay) == (1e-3, 100, 1e-6))
    #expect((maf.learningRate, maf.batchSize, maf.weightDecay) == (1e-4, 100, 1e-6))
    #expect(table("power.npy", 6, .maf).hidden == [100])
    for flow in [DensityFlowKind.deepSigmoidal, .deepDenseSigmoidal] {
      let preset = table("miniboone.npy", 43, flow)
      #expect((preset.blocks, preset.hidden, preset.components) == (5, [100], 16))
      #expect((preset.batchSize, preset.clipNorm, preset.learningRate) == (100, 5, 1e-4))
    }
    let tan = table("miniboone.npy", 43, .tan)
    #expect((tan.batchSize, tan.steps, tan.learningRate, tan.clipNorm) == (1024, 60_000, 1.5e-3, 1))
    #expect(table("gas.npy", 8, .tan).learningRate == 5e-3)
  }

  @Test func images() {
    let shape = ImageShape(height: 28, width: 28)
    let preset = DensityConfiguration.published(.images(shape), name: "mnist", dimensions: 784, flows: [.ffjord])
    #expect(preset.hidden == [64, 64, 64] && preset.activation == .softplus && preset.timeDependence == .concat)
    #expect(preset.blocks == 2 && preset.isMultiscale && preset.divergence == .rademacher)
    #expect((preset.batchSize, preset.learningRate, preset.learningRateWarmup) == (200, 1e-3, 1000))
    #expect((preset.timeLength, preset.logitAlpha, preset.weightDecay) == (1, 1e-6, 0))
  }
}
