import FileTestSupport
import Foundation
import ImageDatasets
import Randomness
import Tensors
import Testing
import VariationalAutoencoder

@testable import Inference
@testable import Runs
@testable import Training

/// The loop: it learns, it stops when it should, and it fails without losing what was saved.
@Suite struct TrainerTests {
  let directory = try! TemporaryDirectory()

  @Test func `the first step starts warm, from a pass of which nothing is kept`() throws {
    func evaluations(_ warmStart: Bool) throws -> Double {
      let (model, initial) = try TinyRun.state(TinyRun.configuration { $0.warmStart = warmStart })
      var state = initial
      let images = TinyRun.binary(4)
      let step = TrainingStep(
        model: model, images: images, isDynamicallyBinarized: false,
        plan: BatchPlan(imageCount: 4, batchSize: 4, seed: 1))
      let metrics = try step.take(&state, order: [0, 1, 2, 3]).0
      #expect(state.progress.solverState?.count == (warmStart ? 1 : nil))
      return metrics.evaluationsForward
    }
    #expect(try evaluations(true) < evaluations(false))
  }

  @Test(arguments: [PosteriorKind.ffjord, .none])
  func `a tiny model learns four images by heart`(flow: PosteriorKind) throws {
    let (model, initial) = try TinyRun.state(
      TinyRun.configuration {
        $0.learningRate = 5e-3
        $0.warmup = 0
        $0.solver = "rk4"
        $0.solverSteps = 1
        $0.model.flow = flow
      })
    // A gated layer with PyTorch's initial values makes its input about four times smaller. Without that, the
    // latent code reaches the images from the first step on, and a hundred steps are enough.
    var state = initial
    for parameter in state.parameters.parameters where parameter.name.hasSuffix(".h.weight") {
      state.parameters[parameter] = .linearCombination([(4, state.parameters[parameter])])
    }
    let step = TrainingStep(
      model: model, images: TinyRun.binary(4), isDynamicallyBinarized: false,
      plan: BatchPlan(imageCount: 4, batchSize: 4, seed: 1))
    let metrics = try (0..<150).map { _ in try step.take(&state, order: Array(0..<4)).0 }
    // 64 pixels of even odds are 44 nats; which of four images it is takes log 4 = 1.4 nats. A decoder that does
    // not look at the code can get no lower than about 15.
    let first = metrics[0].negativeELBO
    let last = metrics.suffix(30).map(\.negativeELBO).reduce(0, +) / 30
    let kl = metrics.suffix(30).map(\.kl).reduce(0, +) / 30
    #expect((40...50).contains(first), "\(first)")
    #expect(last < first / 4, "from \(first) to \(last)")
    #expect(kl > 1, "the code says nothing: \(kl)")
  }

  @Test func `each step and each epoch has its line`() throws {
    let configuration = TinyRun.configuration { $0.epochs = 2 }
    try TinyRun.train(configuration, in: directory.path("run"))
    let records = try TinyRun.metrics(in: directory.path("run"))
    let expected = ["step", "step", "step", "train", "validation"]
    #expect(records.map(\.split) == expected + expected)
    #expect(records.map(\.step) == [1, 2, 3, 3, 3, 4, 5, 6, 6, 6])
    #expect(records.map(\.epoch) == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    for record in records {
      #expect(abs(record.negativeELBO - record.reconstruction - record.kl) < 1e-9)
      #expect(record.evaluationsForward > 0)
      #expect((record.evaluationsBackward > 0) == (record.split != "validation"))
    }
    // Batches of 4, 4 and 2 images.
    let mean = (4 * records[0].negativeELBO + 4 * records[1].negativeELBO + 2 * records[2].negativeELBO) / 10
    #expect(abs(records[3].negativeELBO - mean) < 1e-9)
    let picture = RunDirectory(directory.path("run")).url.appending(path: "reconstructions-0002.png")
    #expect(try PNGImage(contentsOf: picture).width > 2 * TinyRun.side)
  }

  @Test func `the validation figures are those of an evaluation of the saved model`() throws {
    let configuration = TinyRun.configuration { $0.epochs = 1 }
    try TinyRun.train(configuration, in: directory.path("run"))
    let (model, state) = try Checkpoint.read(
      RunDirectory(directory.path("run")).best, includingOptimizer: false)
    let evaluator = Evaluator(
      model: model, parameters: state.parameters, divergence: configuration.divergence,
      seed: configuration.seed, batchSize: configuration.batchSize)
    let metrics = try evaluator.evaluate(TinyRun.dataset().validation).metrics.mean
    #expect(state.progress.lastValidation == metrics)
  }

  @Test func `training stops when the patience is over, and says which epoch was the best`() throws {
    // Steps so large that the bound soon goes up and down.
    let configuration = TinyRun.configuration {
      $0.epochs = 50
      $0.warmup = 0
      $0.patience = 2
      $0.learningRate = 0.05
      $0.model.flow = .none
    }
    let observer = EpochObserver()
    let (ending, state) = try TinyRun.train(configuration, in: directory.path("run"), observer: observer)
    let best = try #require(state.progress.bestEpoch)
    #expect(ending == .stoppedEarly(bestEpoch: best))
    #expect(state.progress.epoch == best + 3)
    #expect(observer.validation.min() == observer.validation[best - 1])
    // It would not have stopped before.
    for epoch in 1...best {
      let bestBefore = try #require((0..<epoch).min { observer.validation[$0] < observer.validation[$1] })
      #expect(epoch - (bestBefore + 1) <= 2)
    }
    // Nor does it go on when resumed.
    let again = try TinyRun.resume(in: directory.path("run")) { _ in }
    #expect(again.ending == ending && again.state.progress.step == state.progress.step)
    let patient = try TinyRun.resume(in: directory.path("run")) {
      $0.patience = 1000
      $0.epochs = state.progress.epoch + 1
    }
    #expect(patient.ending == .complete && patient.state.progress.epoch == state.progress.epoch + 1)
  }

  @Test func `epochs of the warm-up do not count against the patience`() throws {
    let configuration = TinyRun.configuration {
      $0.epochs = 50
      $0.warmup = 9
      $0.patience = 1
      $0.learningRate = 0.05
      $0.model.flow = .none
    }
    let (ending, state) = try TinyRun.train(configuration, in: directory.path("run"))
    let best = try #require(state.progress.bestEpoch)
    #expect(ending == .stoppedEarly(bestEpoch: best))
    #expect(state.progress.epoch == max(best, 9) + 2)
  }

  @Test(arguments: ["dopri5", "euler"], [2, 3])
  func `diverging training is an error, and the last checkpoint stays`(solver: String, before: Int) throws {
    let path = directory.path("run")
    try TinyRun.train(
      TinyRun.configuration {
        $0.steps = before
        $0.solver = solver
      }, in: path)
    let file = RunDirectory(path).last
    let saved = try Data(contentsOf: file)
    let error = runError {
      let (model, saved) = try Checkpoint.read(file, includingOptimizer: true)
      var state = saved
      state.configuration.steps = nil
      state.configuration.learningRate = 1e10
      var trainer = try Trainer(
        resuming: state, model, dataset: TinyRun.dataset(), directory: RunDirectory(path))
      _ = try trainer.run(observer: SilentObserver()) { false }
    }
    #expect(error?.category == .numerical)
    let text = error?.description ?? ""
    #expect(text.contains("learning rate"), "\(text)")
    // The step after the first huge one fails; or the validation does, where that one ends an epoch.
    if before == 3 { #expect(text.contains("step 5"), "\(text)") }
    #expect(try Data(contentsOf: file) == saved)
  }

  private func stepAndState(_ images: GreyImages, isDynamic: Bool) throws -> (TrainingStep, TrainingState) {
    let (model, state) = try TinyRun.state(
      TinyRun.configuration {
        $0.batchSize = images.count
        $0.learningRate = 1e-30
        $0.model.flow = .none
      })
    let step = TrainingStep(
      model: model, images: images, isDynamicallyBinarized: isDynamic,
      plan: BatchPlan(imageCount: images.count, batchSize: images.count, seed: 1))
    return (step, state)
  }

  @Test func `a step that fails leaves the state as it was`() throws {
    let (step, initial) = try stepAndState(TinyRun.images(10), isDynamic: true)
    var state = initial
    let shape = state.parameters.parameters[0].shape
    state.parameters.tensors[0] = Tensor(repeating: .infinity, shape: shape)
    let before = state.bits
    #expect(throws: RunError.self) { try step.take(&state, order: Array(0..<10)) }
    #expect(state.bits == before && state.progress == TrainingProgress())
  }

  @Test(arguments: [true, false])
  func `training images are binarized anew each step, if they are grey`(isDynamic: Bool) throws {
    let grey = GreyImages(
      height: TinyRun.side, width: TinyRun.side, pixels: [Float](repeating: 0.5, count: 10 * 64))
    let images = isDynamic ? grey : grey.binarized(using: RandomStream(seed: 1, purpose: .test))
    let (step, initial) = try stepAndState(images, isDynamic: isDynamic)
    var state = initial
    // A decoder that expects ink: each pixel of paper costs six nats.
    let bias = try #require(state.parameters["p_x_mean.0.bias"])
    state.parameters[bias] = Tensor(repeating: 6, shape: [1])
    let costs = try (0..<3).map { _ in try step.take(&state, order: Array(0..<10)).0.reconstruction }
    let (least, most) = (try #require(costs.min()), try #require(costs.max()))
    #expect(isDynamic ? most - least > 1 : most - least < 0.1, "\(costs)")
  }

  @Test func `limits take the first images`() throws {
    let configuration = TinyRun.configuration {
      $0.limitTrain = 5
      $0.limitEvaluation = 2
    }
    let trainer = try Trainer(
      configuration, dataset: TinyRun.dataset(), directory: RunDirectory(directory.path("run")))
    #expect(trainer.imageCounts == (5, 2))
    #expect(trainer.stepsPerEpoch == 2 && trainer.totalSteps == 6)
    var absurd = configuration
    absurd.epochs = .max
    #expect(
      try Trainer(absurd, dataset: TinyRun.dataset(), directory: RunDirectory(directory.path("run")))
        .totalSteps == .max)
  }

  @Test func `a run from a trained model with another flow has its encoder and decoder, and a new flow`() throws {
    let directory = try TemporaryDirectory()
    let trained = try TinyRun.train(TinyRun.configuration { $0.epochs = 1 }, in: directory.path("trained")).state
      .parameters
    func beginning(_ change: (inout TrainingConfiguration) -> Void) throws -> Trainer {
      try Trainer(
        TinyRun.configuration { change(&$0) }, dataset: TinyRun.dataset(),
        directory: RunDirectory(directory.path("run")),
        initial: trained)
    }
    let same = try beginning { $0.seed = 5 }
    #expect(!same.hasNewFlow && same.state.parameters.tensors == trained.tensors)
    let wide = try beginning { $0.model.hidden = [16] }
    let random = VariationalAutoencoder.make(wide.state.configuration.model, seed: wide.state.configuration.seed)
      .parameters
    #expect(wide.hasNewFlow)
    for parameter in wide.state.parameters.parameters {
      let isOfFlow = parameter.name.hasPrefix("q_am") || parameter.name.hasPrefix("odefuncs")
      let expected = try isOfFlow ? random[parameter] : trained[#require(trained[parameter.name])]
      #expect(wide.state.parameters[parameter] == expected, "\(parameter.name)")
    }
    #expect(runError { _ = try beginning { $0.model.latent = 3 } }?.category == .usage)
  }
}
