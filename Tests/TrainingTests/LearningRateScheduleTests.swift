import FileTestSupport
import Foundation
import Testing

@testable import Runs

/// The learning rate over a run, against PyTorch's schedulers.
@Suite struct LearningRateScheduleTests {
  private func rates(_ configuration: TrainingConfiguration, _ steps: Int) -> [Double] {
    (0..<steps).map { configuration.learningRate(step: $0, totalSteps: steps, plateau: Plateau()) }
  }

  private func close(_ rates: [Double], _ expected: [Double]) -> Bool {
    rates.count == expected.count && zip(rates, expected).allSatisfy { abs($0 - $1) < 1e-15 }
  }

  @Test func `a constant rate stays, after its warm-up`() {
    var configuration = TrainingConfiguration()
    configuration.learningRate = 3
    #expect(rates(configuration, 4) == [3, 3, 3, 3])
    configuration.learningRateWarmup = 3
    #expect(rates(configuration, 5) == [1, 2, 3, 3, 3])
  }

  // o = torch.optim.SGD([p], lr=2e-3)
  // w = LinearLR(o, start_factor=1/3, end_factor=1.0, total_iters=2)
  // c = CosineAnnealingLR(o, T_max=7, eta_min=1e-4)
  // s = SequentialLR(o, [w, c], milestones=[3]); the rates of ten steps, PyTorch 2.15
  @Test func `a cosine after a warm-up is PyTorch's`() {
    var configuration = TrainingConfiguration()
    configuration.learningRate = 2e-3
    configuration.schedule = .cosine
    configuration.learningRateWarmup = 3
    configuration.finalLearningRate = 1e-4
    let expected = [
      0.0006666666666666666, 0.0013333333333333333, 0.002, 0.002, 0.0019059204245072982, 0.0016423153117657969,
      0.0012613948872584988, 0.0008386051127415015, 0.0004576846882342032, 0.00019407957549270194,
    ]
    #expect(close(rates(configuration, 10), expected))
  }

  // o = torch.optim.SGD([p], lr=1e-2); s = ReduceLROnPlateau(o, factor=0.5, patience=1, min_lr=2e-3)
  @Test func `a plateau is PyTorch's`() {
    var configuration = TrainingConfiguration()
    configuration.learningRate = 1e-2
    configuration.schedule = .plateau
    configuration.finalLearningRate = 2e-3
    var plateau = Plateau()
    var rates: [Double] = []
    for bound in [100, 99, 99, 98.9999, 99.5, 98, 98, 98, 98, 98, 98, 90, 90, 90, 90] {
      rates.append(configuration.learningRate(step: 0, totalSteps: 1, plateau: plateau))
      plateau.add(bound, factor: 0.5, patience: 1)
    }
    let expected = [
      0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.005, 0.0025, 0.0025, 0.002, 0.002, 0.002, 0.002, 0.002,
    ]
    #expect(close(rates, expected), "\(rates)")
  }

  @Test func `each step's rate, weight and norm are in the metrics`() throws {
    let directory = try TemporaryDirectory()
    let configuration = TinyRun.configuration {
      $0.schedule = .cosine
      $0.learningRateWarmup = 2
      $0.clipNorm = 1
      $0.epochs = 2
    }
    try TinyRun.train(configuration, in: directory.path("run"))
    let records = try TinyRun.metrics(in: directory.path("run"))
    let steps = records.filter { $0.split == "step" }
    #expect(steps.map(\.learningRate) == rates(configuration, 6))
    #expect(steps.map(\.klWeight) == [0.5, 0.5, 0.5, 1, 1, 1])
    #expect(steps.allSatisfy { ($0.gradientNorm ?? 0) > 1 })
    let epochs = records.filter { $0.split == "train" }
    let mean = steps[..<3].reduce(0) { $0 + ($1.gradientNorm ?? 0) } / 3
    #expect(abs((epochs[0].gradientNorm ?? 0) - mean) < 1e-12 * mean && epochs[0].learningRate == steps[2].learningRate)
    #expect(records.filter { $0.split == "validation" }.allSatisfy { $0.learningRate == nil })
  }

  @Test func `a count of epochs that no run has is not plausible`() throws {
    func plateau(_ epochs: Int) throws -> Plateau {
      let json = "{\"scale\":1,\"best\":90,\"epochsWithoutGain\":\(epochs)}"
      return try JSONDecoder().decode(Plateau.self, from: Data(json.utf8))
    }
    #expect(try plateau(3).isPlausible)
    for epochs in [-1, Int.max] { #expect(try !plateau(epochs).isPlausible) }
  }
}
