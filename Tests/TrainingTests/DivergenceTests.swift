import FileTestSupport
import Foundation
import ImageDatasets
import Tensors
import Testing
import VariationalAutoencoder

@testable import Inference
@testable import Runs
@testable import Training

/// Training whose numbers are no longer finite ends with an error that names tensor and step, and loses nothing.
@Suite struct DivergenceTests {
  let directory = try! TemporaryDirectory()

  private func train(_ change: (inout TrainingConfiguration) -> Void) -> RunError? {
    runError {
      try TinyRun.train(
        TinyRun.configuration {
          $0.learningRate = 1e38
          change(&$0)
        }, in: directory.path("run"))
    }
  }

  private var files: RunDirectory { RunDirectory(directory.path("run")) }

  /// The first update makes parameters infinite, and no step follows that would find it.
  @Test func `a last step that makes a parameter infinite is not saved`() throws {
    let error = train { $0.steps = 1 }
    #expect(error?.category == .numerical)
    let text = error?.description ?? ""
    #expect(text.contains("step 1: ") && text.contains("No checkpoint was saved"), "\(text)")
    #expect(text.contains("q_z_nn.0.h.weight [32, 1, 5, 5] is "), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: files.last.path))
  }

  @Test func `the step after names the parameter, not only the loss`() throws {
    let text = train { $0.steps = 2 }?.description ?? ""
    #expect(text.contains("step 1: q_z_nn.0.h.weight [32, 1, 5, 5] is "), "\(text)")
  }

  @Test func `an epoch that ends so is not saved`() throws {
    let error = train {
      $0.epochs = 1
      $0.limitTrain = 4
      $0.model.flow = .none
    }
    let text = error?.description ?? ""
    #expect(error?.category == .numerical && text.contains("step 1: q_z_nn.0.h.weight"), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: files.last.path))
  }

  @Test func `the checkpoint from before stays, and is named`() throws {
    try TinyRun.train(TinyRun.configuration { $0.steps = 2 }, in: directory.path("run"))
    let saved = try Data(contentsOf: files.last)
    let error = runError {
      let (model, saved) = try Checkpoint.read(files.last, includingOptimizer: true)
      var state = saved
      state.configuration.steps = 3
      state.configuration.learningRate = 1e38
      state.optimizer.learningRate = 1e38
      var trainer = try Trainer(resuming: state, model, dataset: TinyRun.dataset(), directory: files)
      _ = try trainer.run(observer: SilentObserver()) { false }
    }
    let text = error?.description ?? ""
    #expect(text.contains("step 3: q_z_nn.0.h.weight"), "\(text)")
    #expect(text.contains("\(files.last.relativePath) is from before this step"), "\(text)")
    #expect(try Data(contentsOf: files.last) == saved)
  }

  @Test func `what a model makes of an image is used only where it is finite`() throws {
    let (model, initial) = try TinyRun.state(TinyRun.configuration { $0.model.flow = .none })
    var state = initial
    let images = TinyRun.binary(6)
    func evaluator() -> Evaluator {
      Evaluator(model: model, parameters: state.parameters, divergence: .exact, batchSize: 4)
    }
    _ = try evaluator().codes(of: images)
    _ = try evaluator().reconstructions(of: images)
    // Finite, all of them, and their products are not.
    for (name, number) in [("q_z_nn.5.h.bias", 10.0), ("q_z_mean.weight", 3e38)] {
      let parameter = try #require(state.parameters[name])
      state.parameters[parameter] = Tensor(repeating: number, shape: parameter.shape)
    }
    for error in [
      runError { _ = try evaluator().codes(of: images) },
      runError { _ = try evaluator().reconstructions(of: images) },
      runError { _ = try evaluator().interpolations(from: images, to: images, steps: 2) },
    ] {
      #expect(error?.category == .numerical)
      #expect(error?.description.contains(" 0 is not finite") == true, "\(error?.description ?? "")")
    }
    state = initial
    _ = try evaluator().priorSamples(count: 3)
    // Sums of what is infinite, of either sign.
    for (name, numbers) in [
      ("p_x_nn.5.h.bias", [Double.infinity, -Double.infinity]), ("p_x_mean.0.weight", [1.0, 1.0]),
    ] {
      let parameter = try #require(state.parameters[name])
      let values = (0..<parameter.shape.reduce(1, *)).map { numbers[$0 % 2] }
      state.parameters[parameter] = Tensor(values, shape: parameter.shape).converted(to: .float32)
    }
    let error = runError { _ = try evaluator().priorSamples(count: 3) }
    #expect(error?.category == .numerical)
    #expect(error?.description.contains("sample 0 is not finite") == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [PosteriorKind.none, .ffjord])
  func `where it may be undefined, the bound of such an image is, and the others keep theirs`(_ flow: PosteriorKind)
    throws
  {
    let (model, initial) = try TinyRun.state(TinyRun.configuration { $0.model.flow = flow })
    var parameters = initial.parameters
    // The products of ink overflow, and those of paper are zero.
    let weight = try #require(parameters["q_z_nn.0.h.weight"])
    parameters[weight] = Tensor(repeating: 3e38, shape: weight.shape)
    let inked = TinyRun.binary(6)
    let side = inked.height * inked.width
    var pixels = [Float](repeating: 0, count: 6 * side)
    for image in [1, 2, 5] {
      pixels.replaceSubrange(image * side..<(image + 1) * side, with: inked.selecting([image]).pixels)
    }
    let images = GreyImages(height: inked.height, width: inked.width, pixels: pixels)
    let blank = GreyImages(height: inked.height, width: inked.width, pixels: [Float](repeating: 0, count: 6 * side))
    let evaluator = Evaluator(model: model, parameters: parameters, divergence: .exact, batchSize: 4)
    #expect(runError { _ = try evaluator.evaluate(images) }?.description.contains("the bound of image 1 ") == true)
    for samples in [1, 3] {
      let whole = try evaluator.evaluate(blank, samples: samples)
      var passes: [Int] = []
      let result = try evaluator.evaluate(images, samples: samples, allowingUndefined: true) { done, _ in
        passes.append(done)
      }
      #expect(result.undefinedImages == [1, 2, 5] && passes.last == 2 * samples)
      for image in 0..<6 {
        let isDefined = ![1, 2, 5].contains(image)
        #expect(isDefined ? abs(result.bounds[image] - whole.bounds[image]) < 1e-3 : !result.bounds[image].isFinite)
        #expect(result.klDivergences[image].isNaN == !isDefined)
      }
      #expect(result.importanceBounds.count == (samples > 1 ? 6 : 0))
    }
  }

  @Test func `a checkpoint of another run in the directory is not offered`() throws {
    try TinyRun.train(TinyRun.configuration { $0.steps = 2 }, in: directory.path("run"))
    let error = runError {
      var trainer = try Trainer(
        TinyRun.configuration {
          $0.learningRate = 1e38
          $0.steps = 1
        }, dataset: TinyRun.dataset(), directory: files)
      _ = try trainer.run(observer: SilentObserver()) { false }
    }
    #expect(error?.description.contains("No checkpoint was saved") == true, "\(error?.description ?? "")")
  }
}
