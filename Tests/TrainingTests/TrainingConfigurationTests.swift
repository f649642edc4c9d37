import FileTestSupport
import Foundation
import Testing

@testable import Runs

/// What a configuration may be, and what follows from it.
@Suite struct TrainingConfigurationTests {
  /// A change that makes a configuration wrong, and a word that its validationError has.
  struct InvalidConfiguration: Sendable, CustomTestStringConvertible {
    let word: String
    let change: @Sendable (inout TrainingConfiguration) -> Void

    init(_ word: String, _ change: @escaping @Sendable (inout TrainingConfiguration) -> Void) {
      self.word = word
      self.change = change
    }

    var testDescription: String { word }
  }

  static let invalid: [InvalidConfiguration] = [
    InvalidConfiguration("epochs must be at least 1, got 0") { $0.epochs = 0 },
    InvalidConfiguration("epochs must be at least 1, got -3") { $0.epochs = -3 },
    InvalidConfiguration("steps must be at least 1, got 0") { $0.steps = 0 },
    InvalidConfiguration("batch size must be 1…100000, got 0") { $0.batchSize = 0 },
    InvalidConfiguration("batch size must be 1…100000, got 100001") { $0.batchSize = 100_001 },
    InvalidConfiguration("learning rate must be positive, got 0") { $0.learningRate = 0 },
    InvalidConfiguration("learning rate must be positive, got -1") { $0.learningRate = -1 },
    InvalidConfiguration("learning rate must be positive, got nan") { $0.learningRate = .nan },
    InvalidConfiguration("learning rate must be positive, got inf") { $0.learningRate = .infinity },
    InvalidConfiguration("learning-rate warm-up must be at least 0, got -1") { $0.learningRateWarmup = -1 },
    InvalidConfiguration("final learning rate must be from 0 to the learning rate, 0.0005, got 1") {
      $0.finalLearningRate = 1
    },
    InvalidConfiguration("got -1") { $0.finalLearningRate = -1 },
    InvalidConfiguration("plateau factor must be between 0 and 1, got 1") { $0.plateauFactor = 1 },
    InvalidConfiguration("plateau patience must be at least 0, got -1") { $0.plateauPatience = -1 },
    InvalidConfiguration("clip norm must be positive, got 0") { $0.clipNorm = 0 },
    InvalidConfiguration("weight decay must be at least 0, got -1") { $0.weightDecay = -1 },
    InvalidConfiguration("generated weight must be at least 0, got -1") { $0.generatedWeight = -1 },
    InvalidConfiguration("random shift must be 0…100, got -1") { $0.randomShift = -1 },
    InvalidConfiguration("random shift must be 0…100, got 101") { $0.randomShift = 101 },
    InvalidConfiguration("average must be from 0 to below 1, got 1") { $0.average = 1 },
    InvalidConfiguration("got nan") { $0.average = .nan },
    InvalidConfiguration("training tolerance must be between 0 and 1, got 1") { $0.trainingTolerance = 1 },
    InvalidConfiguration("KL warm-up must be at least 0, got -1") { $0.warmup = -1 },
    InvalidConfiguration("patience must be at least 1, got 0") { $0.patience = 0 },
    InvalidConfiguration("tolerance must be between 0 and 1, got 0") { $0.tolerance = 0 },
    InvalidConfiguration("tolerance must be between 0 and 1, got 1") { $0.tolerance = 1 },
    InvalidConfiguration("tolerance must be between 0 and 1, got nan") { $0.tolerance = .nan },
    InvalidConfiguration("solver steps must be 1…100000, got 0") { $0.solverSteps = 0 },
    InvalidConfiguration("limit of training images must be at least 1, got 0") { $0.limitTrain = 0 },
    InvalidConfiguration("limit of validation images must be at least 1, got -1") { $0.limitEvaluation = -1 },
    InvalidConfiguration("solver must be one of") { $0.solver = "dopri6" },
    InvalidConfiguration("latent dimensions must be 1…4096, got 0") { $0.model.latent = 0 },
    InvalidConfiguration("hidden widths must be 1…100 widths, got nothing") { $0.model.hidden = [] },
    InvalidConfiguration("got 8-0") { $0.model.hidden = [8, 0] },
    InvalidConfiguration("blocks must be 1…1000, got 0") { $0.model.blocks = 0 },
    InvalidConfiguration("rank must be 1…256, got 0") { $0.model.rank = 0 },
    InvalidConfiguration("time length must be positive, got 0") { $0.model.timeLength = 0 },
    InvalidConfiguration("image height must be 4…512, got 3") { $0.model.imageHeight = 3 },
    InvalidConfiguration("image width must be 4…512, got 513") { $0.model.imageWidth = 513 },
  ]

  @Test(arguments: invalid)
  func `what makes no sense is complained of, with the value`(example: InvalidConfiguration) throws {
    var configuration = TrainingConfiguration()
    try configuration.validate()
    example.change(&configuration)
    let error = runError { try configuration.validate() }
    #expect(error?.category == .usage)
    #expect(error?.description.contains(example.word) == true, "\(String(describing: error))")
  }

  @Test func `an unknown solver is told the known ones`() {
    var configuration = TrainingConfiguration()
    configuration.solver = "dopri6"
    let text = runError { _ = try configuration.solverOptions() }?.description ?? ""
    for name in ["dopri5", "rk4", "euler"] { #expect(text.contains(name)) }
  }

  @Test func `the weight of the KL term grows to one over the warm-up`() {
    var configuration = TrainingConfiguration()
    configuration.warmup = 4
    #expect((1...6).map { configuration.klWeight(epoch: $0) } == [0.25, 0.5, 0.75, 1, 1, 1])
    configuration.warmup = 1
    #expect(configuration.klWeight(epoch: 1) == 1)
    configuration.warmup = 0
    #expect(configuration.klWeight(epoch: 1) == 1)
  }

  @Test func `the weight of an epoch is that of its steps`() throws {
    // The loss is linear in the weight, and so are its gradient and the first moments after a step.
    let directory = try TemporaryDirectory()
    func moments(warmup: Int) throws -> [Float] {
      let configuration = TinyRun.configuration {
        $0.warmup = warmup
        $0.steps = 1
      }
      let state = try TinyRun.train(configuration, in: directory.path("\(warmup)")).state
      let place = try #require(state.parameters.parameters.firstIndex { $0.name == "q_z_var.0.bias" })
      return state.optimizer.firstMoments[place].floats()
    }
    let (whole, half, quarter) = (try moments(warmup: 0), try moments(warmup: 2), try moments(warmup: 4))
    for i in whole.indices {
      #expect(whole[i] != half[i])
      #expect(abs((whole[i] - half[i]) - 2 * (half[i] - quarter[i])) < 1e-4 * abs(whole[i]) + 1e-7)
    }
  }

  @Test(arguments: Preset.allCases, ["glyphs", "omniglot"])
  func `presets are valid and survive JSON`(preset: Preset, dataset: String) throws {
    let configuration = preset.configuration(dataset: dataset)
    try configuration.validate()
    #expect(configuration.preset == preset && configuration.dataset == dataset)
    let copy = try JSONDecoder().decode(
      TrainingConfiguration.self, from: JSONEncoder().encode(configuration))
    #expect(copy == configuration)
  }

  @Test func `the paper's preset is the paper's experiment`() {
    let paper = Preset.paper.configuration(dataset: "omniglot")
    #expect(paper.model.hidden == [512, 512] && paper.model.blocks == 5 && paper.model.rank == 20)
    #expect(paper.model.latent == 64 && paper.model.timeLength == 0.5)
    #expect(paper.model.activation.rawValue == "softplus")
    #expect(paper.batchSize == 100 && paper.learningRate == 5e-4 && paper.warmup == 100)
    #expect(paper.patience == 35 && paper.solver == "dopri5" && paper.tolerance == 1e-5)
    #expect(paper.divergence == .gaussian)
  }
}
