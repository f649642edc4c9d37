import Testing
import VariationalAutoencoder

@testable import Runs

/// The published sizes, by dataset and posterior.
@Suite struct PresetTests {
  @Test(arguments: [
    ("mnist", [1024, 1024], "softplus", 2, 64), ("omniglot", [512, 512], "softplus", 5, 20),
    ("freyfaces", [512, 512], "softplus", 2, 20), ("caltech101", [2048], "tanh", 1, 20),
    ("glyphs", [512, 512], "softplus", 5, 20),
  ])
  func `the paper's dynamics`(
    _ dataset: String, _ hidden: [Int], _ activation: String, _ blocks: Int, _ rank: Int
  ) throws {
    let configuration = Preset.paper.configuration(dataset: dataset)
    try configuration.validate()
    let model = configuration.model
    #expect(model.flow == .ffjord && model.amortization == .lowRank)
    #expect(model.hidden == hidden && model.activation.rawValue == activation)
    #expect(model.blocks == blocks && model.rank == rank && model.latent == 64 && model.timeLength == 0.5)
  }

  @Test(arguments: PosteriorKind.allCases)
  func `every preset is valid for every posterior`(_ flow: PosteriorKind) throws {
    for preset in Preset.allCases {
      let configuration = preset.configuration(dataset: "omniglot", flow: flow)
      try configuration.validate()
      #expect(configuration.model.flow == flow && configuration.preset == preset)
    }
    let model = Preset.paper.configuration(dataset: "mnist", flow: flow).model
    #expect(model.flows == (flow == .iaf ? 8 : 16))
    #expect(model.maskedWidth == 1280 && model.orthogonalVectors == 32 && model.reflections == 8)
  }

  @Test(arguments: [
    ("mnist", [128, 128], "softplus", 5, 3), ("omniglot", [128, 128], "tanh", 5, 3),
    ("freyfaces", [128, 128], "softplus", 2, 4), ("caltech101", [1024, 1024], "tanh", 1, 1),
    ("glyphs", [128, 128], "tanh", 5, 3),
  ])
  func `the fast preset's dynamics, whose models have at most a quarter of the published parameters`(
    _ dataset: String, _ hidden: [Int], _ activation: String, _ blocks: Int, _ rank: Int
  ) throws {
    let configuration = Preset.fast.configuration(dataset: dataset)
    try configuration.validate()
    let model = configuration.model
    #expect(model.hidden == hidden && model.activation.rawValue == activation)
    #expect(model.blocks == blocks && model.rank == rank)
    #expect(configuration.warmup < configuration.epochs && configuration.schedule == .cosine)
    let published = Preset.paper.configuration(dataset: dataset).model
    #expect(VariationalAutoencoder.layout(model).count * 4 < VariationalAutoencoder.layout(published).count)
  }

  @Test func `the small preset trains two minutes, with the whole bound from the first epoch on`() throws {
    let small = Preset.small.configuration(dataset: "glyphs")
    let images = try #require(small.limitTrain)
    // Two cores with AVX2 take about 180 images a second.
    #expect(small.epochs * images <= 20_000 && images % small.batchSize == 0)
    #expect(small.klWeight(epoch: 1) == 1)
  }
}
