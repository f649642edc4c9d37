import Foundation
import Testing

@testable import Training

/// What a configuration may be, and what follows from it.
@Suite struct TrainingConfigurationTests {
  /// A change that makes a configuration wrong, and a word that its complaint has.
  struct Complaint: Sendable, CustomTestStringConvertible {
    let word: String
    let change: @Sendable (inout TrainingConfiguration) -> Void

    init(_ word: String, _ change: @escaping @Sendable (inout TrainingConfiguration) -> Void) {
      self.word = word
      self.change = change
    }

    var testDescription: String { word }
  }

  static let complaints: [Complaint] = [
    Complaint("epochs 0") { $0.epochs = 0 },
    Complaint("epochs -3") { $0.epochs = -3 },
    Complaint("steps 0") { $0.steps = 0 },
    Complaint("batch size 0") { $0.batchSize = 0 },
    Complaint("batch size 100001") { $0.batchSize = 100_001 },
    Complaint("learning rate 0") { $0.learningRate = 0 },
    Complaint("learning rate -1") { $0.learningRate = -1 },
    Complaint("learning rate nan") { $0.learningRate = .nan },
    Complaint("learning rate inf") { $0.learningRate = .infinity },
    Complaint("learning-rate warm-up -1") { $0.learningRateWarmup = -1 },
    Complaint("final learning rate 1.0") { $0.finalLearningRate = 1 },
    Complaint("final learning rate -1") { $0.finalLearningRate = -1 },
    Complaint("plateau factor 1") { $0.plateauFactor = 1 },
    Complaint("plateau patience -1") { $0.plateauPatience = -1 },
    Complaint("clip norm 0") { $0.clipNorm = 0 },
    Complaint("weight decay -1") { $0.weightDecay = -1 },
    Complaint("average 1") { $0.average = 1 },
    Complaint("average nan") { $0.average = .nan },
    Complaint("training tolerance 1") { $0.trainingTolerance = 1 },
    Complaint("warm-up -1") { $0.warmup = -1 },
    Complaint("patience 0") { $0.patience = 0 },
    Complaint("tolerance 0") { $0.tolerance = 0 },
    Complaint("tolerance 1") { $0.tolerance = 1 },
    Complaint("tolerance nan") { $0.tolerance = .nan },
    Complaint("solver steps 0") { $0.solverSteps = 0 },
    Complaint("limit") { $0.limitTrain = 0 },
    Complaint("limit") { $0.limitEvaluation = -1 },
    Complaint("dopri6") { $0.solver = "dopri6" },
    Complaint("latent 0") { $0.model.latent = 0 },
    Complaint("hidden") { $0.model.hidden = [] },
    Complaint("hidden 8-0") { $0.model.hidden = [8, 0] },
    Complaint("blocks 0") { $0.model.blocks = 0 },
    Complaint("rank 0") { $0.model.rank = 0 },
    Complaint("time length 0") { $0.model.timeLength = 0 },
    Complaint("3x28") { $0.model.imageHeight = 3 },
    Complaint("28x513") { $0.model.imageWidth = 513 },
  ]

  @Test(arguments: complaints)
  func `what makes no sense is complained of, with the value`(complaint: Complaint) throws {
    var configuration = TrainingConfiguration()
    try configuration.validate()
    complaint.change(&configuration)
    let error = trainingError { try configuration.validate() }
    #expect(error?.category == .usage)
    #expect(error?.description.contains(complaint.word) == true, "\(String(describing: error))")
  }

  @Test func `an unknown solver is told the known ones`() {
    var configuration = TrainingConfiguration()
    configuration.solver = "dopri6"
    let text = trainingError { _ = try configuration.solverOptions() }?.description ?? ""
    for name in ["dopri5", "rk4", "euler"] { #expect(text.contains(name)) }
  }

  @Test func `the weight of the KL term grows to one over the warm-up`() {
    var configuration = TrainingConfiguration()
    configuration.warmup = 4
    #expect((1...6).map { configuration.divergenceWeight(epoch: $0) } == [0.25, 0.5, 0.75, 1, 1, 1])
    configuration.warmup = 1
    #expect(configuration.divergenceWeight(epoch: 1) == 1)
    configuration.warmup = 0
    #expect(configuration.divergenceWeight(epoch: 1) == 1)
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
