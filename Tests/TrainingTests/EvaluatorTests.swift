import Autodiff
import FileTestSupport
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing
import VariationalAutoencoder

@testable import Inference
@testable import Runs

/// Figures of a model on images: each image's own, and means that weight all images the same.
@Suite struct EvaluatorTests {
  /// An evaluator of a model with its initial parameters; its solves take fixed steps unless told otherwise.
  private func evaluator(
    _ divergence: Divergence, batchSize: Int = 4,
    change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> Evaluator {
    let configuration = TinyRun.configuration {
      $0.solver = "rk4"
      $0.solverSteps = 4
      change(&$0)
    }
    let (model, state) = try TinyRun.state(configuration)
    return Evaluator(model: model, parameters: state.parameters, divergence: divergence, batchSize: batchSize)
  }

  @Test(arguments: Divergence.allCases)
  func `the figures of an image do not depend on the batch size`(divergence: Divergence) throws {
    let images = TinyRun.binary(7)
    var evaluator = try evaluator(divergence)
    evaluator.batchSize = 7
    let whole = try evaluator.evaluate(images, samples: 3)
    let pictures = try evaluator.reconstructions(of: images)
    for size in [1, 2, 3, 5, 100] {
      evaluator.batchSize = size
      let parts = try evaluator.evaluate(images, samples: 3)
      #expect(relativeDifference(parts.bounds, whole.bounds) < 1e-5)
      #expect(relativeDifference(parts.klDivergences, whole.klDivergences) < 1e-5)
      #expect(relativeDifference(parts.logLikelihoods, whole.logLikelihoods) < 1e-5)
      #expect(relativeDifference(parts.importanceBounds, whole.importanceBounds) < 1e-5)
      let difference = zip(try evaluator.reconstructions(of: images).pixels, pictures.pixels)
        .map { abs($0 - $1) }.max()
      #expect(try #require(difference) < 1e-5)
    }
  }

  @Test func `an adaptive solver's figures depend on the batch size within its tolerance only`() throws {
    let images = TinyRun.binary(7)
    var evaluator = try evaluator(.exact, batchSize: 7) { $0.solver = "dopri5" }
    let whole = try evaluator.evaluate(images)
    evaluator.batchSize = 2
    // The tolerance is 1e-3 a step and number.
    #expect(relativeDifference(try evaluator.evaluate(images).bounds, whole.bounds) < 1e-2)
  }

  @Test func `a warm start spares evaluations and changes figures within the tolerance only`() throws {
    let images = TinyRun.binary(9)
    var evaluator = try evaluator(.gaussian, batchSize: 3) {
      $0.solver = "dopri5"
      $0.tolerance = 1e-6
      $0.model.blocks = 2
    }
    let warm = try evaluator.evaluate(images, samples: 2)
    #expect(warm.solverState.count == 2)
    let again = try evaluator.evaluate(images, samples: 2)
    #expect(again.bounds == warm.bounds, "an evaluation begins cold, whatever was evaluated before")
    let on = try evaluator.evaluate(images, samples: 2, startingFrom: warm.solverState)
    #expect(on.metrics.mean.evaluationsForward <= warm.metrics.mean.evaluationsForward)
    evaluator.warmStart = false
    let cold = try evaluator.evaluate(images, samples: 2, startingFrom: warm.solverState)
    #expect(warm.metrics.mean.evaluationsForward < cold.metrics.mean.evaluationsForward)
    for result in [warm, on] { #expect(relativeDifference(result.bounds, cold.bounds) < 1e-5) }
  }

  @Test func `means weight images the same, also in a short last batch`() throws {
    let images = TinyRun.binary(7)
    let result = try evaluator(.exact, batchSize: 5).evaluate(images, samples: 2)
    let mean = result.metrics.mean
    #expect(result.bounds.count == 7 && result.importanceBounds.count == 7)
    #expect(abs(mean.negativeELBO + result.bounds.reduce(0, +) / 7) < 1e-5 * abs(mean.negativeELBO))
    #expect(abs(mean.kl - result.klDivergences.reduce(0, +) / 7) < 1e-5 * max(1, abs(mean.kl)))
    #expect(
      abs(mean.reconstruction + result.logLikelihoods.reduce(0, +) / 7) < 1e-5 * abs(mean.reconstruction))
    for i in 0..<7 {
      let bound = result.logLikelihoods[i] - result.klDivergences[i]
      #expect(abs(result.bounds[i] - bound) < 1e-5 * abs(bound))
    }
    let average = result.bounds.reduce(0, +) / 7
    let variance = result.bounds.reduce(0) { $0 + ($1 - average) * ($1 - average) } / 6
    #expect(abs(result.standardError - (variance / 7).squareRoot()) < 1e-12)
  }

  @Test(arguments: [Divergence.gaussian, .rademacher])
  func `Hutchinson's estimate agrees with the exact divergence within its standard error`(
    divergence: Divergence
  ) throws {
    let images = TinyRun.binary(5)
    let change: (inout TrainingConfiguration) -> Void = { $0.solverSteps = 1 }
    var exact = try evaluator(.exact, batchSize: 5, change: change)
    var estimate = try evaluator(divergence, batchSize: 5, change: change)
    let count = 16.0
    var errors: [Double] = []
    for seed in 1...UInt64(count) {
      // The noise of the posterior is the same: the difference is the estimate's error alone.
      (exact.seed, estimate.seed) = (seed, seed)
      let difference =
        try estimate.evaluate(images).metrics.mean.kl - exact.evaluate(images).metrics.mean.kl
      errors.append(difference)
    }
    let mean = errors.reduce(0, +) / count
    let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let standardError = (variance / count).squareRoot()
    #expect(standardError > 1e-6 && standardError < 0.1, "an error of \(standardError) says nothing")
    #expect(abs(mean) < 4 * standardError, "\(mean) ± \(standardError)")
  }

  @Test func `the importance bound is no less than the ELBO, and grows with the samples`() throws {
    let images = TinyRun.binary(40)
    // The divergence is exact: the weights are then those of importance sampling.
    let evaluator = try evaluator(.exact, batchSize: 40) { $0.solverSteps = 1 }
    var means = [try -evaluator.evaluate(images).metrics.mean.negativeELBO]
    for samples in [4, 40] {
      let result = try evaluator.evaluate(images, samples: samples)
      // Of the same samples, the log of a mean is no less than the mean of logs: for every image.
      for (importance, bound) in zip(result.importanceBounds, result.bounds) {
        #expect(importance >= bound - 1e-9)
      }
      means.append(result.importanceBounds.reduce(0, +) / 40)
    }
    #expect(means[0] < means[1] && means[1] < means[2], "\(means)")
    #expect(try evaluator.evaluate(images).importanceBounds.isEmpty)
  }

  @Test func `without a flow the importance bound of many samples is the likelihood`() throws {
    // With one latent number, log p(x) is an integral over a line, found by the trapezoidal rule.
    let configuration = TinyRun.configuration {
      $0.model.flow = .none
      $0.model.latent = 1
    }
    let (model, state) = try TinyRun.state(configuration)
    let images = TinyRun.binary(3)
    let evaluator = Evaluator(model: model, parameters: state.parameters, divergence: .exact)
    let bounds = try evaluator.evaluate(images, samples: 500).importanceBounds
    let grid = (-600...600).map { Double($0) / 100 }
    let z = Variable(Tensor(grid.map { Float($0) }, shape: [grid.count, 1]))
    let decoded = model.decodeMean(z, state.parameters.constants).doubles()
    for image in 0..<3 {
      let pixels = Array(images[image])
      var density = LogMeanExp()
      for (i, x) in grid.enumerated() {
        let log = pixels.indices.reduce(-0.5 * x * x - 0.5 * log(2 * .pi)) { sum, p in
          let mean = decoded[i * pixels.count + p]
          return sum + Foundation.log(pixels[p] == 1 ? mean : 1 - mean)
        }
        density.add(log)
      }
      let likelihood = density.value + log(12.01)
      #expect(abs(bounds[image] - likelihood) < 0.05, "\(bounds[image]), \(likelihood)")
    }
  }

  @Test func `a trained model evaluates as its run does, in precision and in starts of solves`() throws {
    let directory = try TemporaryDirectory()
    for (precision, warmStart) in [(Precision.mixed, false), (.float32, true)] {
      let (_, state) = try TinyRun.state(
        TinyRun.configuration { ($0.precision, $0.warmStart, $0.divergence) = (precision, warmStart, .rademacher) })
      let path = directory.path("\(precision).safetensors.zst")
      try Checkpoint.write(state, to: URL(filePath: path))
      let trained = try TrainedModel(at: path)
      let evaluator = trained.evaluator(seed: 7)
      #expect(evaluator.precision == precision && evaluator.warmStart == warmStart && evaluator.seed == 7)
      #expect(evaluator.divergence == .rademacher)
      #expect(trained.evaluator(divergence: .exact).divergence == .exact)
    }
  }

  @Test func `codes and reconstructions start solves where the last batch's ended, if the run does`() throws {
    let images = TinyRun.binary(8)
    var warm = try evaluator(.exact) { ($0.solver, $0.tolerance) = ("dopri5", 1e-6) }
    var cold = warm
    (warm.warmStart, cold.warmStart) = (true, false)
    let (a, b) = (try warm.codes(of: images).zT, try cold.codes(of: images).zT)
    #expect(a.leading(0..<4).floats() == b.leading(0..<4).floats())
    #expect(a.leading(4..<8).floats() != b.leading(4..<8).floats())
    #expect(relativeDifference(a.doubles(), b.doubles()) < 1e-3)
    let (drawn, others) = (try warm.reconstructions(of: images).pixels, try cold.reconstructions(of: images).pixels)
    #expect(zip(drawn, others).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test func `reconstructions and samples are images of intensities from 0 to 1`() throws {
    let evaluator = try evaluator(.gaussian)
    let reconstructions = try evaluator.reconstructions(of: TinyRun.binary(7))
    for images in [reconstructions, try evaluator.priorSamples(count: 7)] {
      #expect(images.count == 7 && images.height == TinyRun.side && images.width == TinyRun.side)
      #expect(images.pixels.allSatisfy { (0...1).contains($0) })
      #expect(Set(images.pixels).count > 7)
    }
  }

  @Test func `samples do not depend on the batch size, and differ between seeds`() throws {
    var evaluator = try evaluator(.gaussian, batchSize: 7)
    let whole = try evaluator.priorSamples(count: 7)
    evaluator.batchSize = 3
    let difference = zip(try evaluator.priorSamples(count: 7).pixels, whole.pixels).map { abs($0 - $1) }.max()
    #expect(try #require(difference) < 1e-5)
    evaluator.seed = 2
    #expect(try evaluator.priorSamples(count: 7) != whole)
  }

  @Test func `progress counts the passes up to all of them`() throws {
    var seen: [[Int]] = []
    _ = try evaluator(.gaussian, batchSize: 3).evaluate(TinyRun.binary(7), samples: 2) {
      seen.append([$0, $1])
    }
    #expect(seen == (1...6).map { [$0, 6] })
  }

  @Test(arguments: [PosteriorKind.ffjord, .none])
  func `parameters that are no numbers are an error, not a figure`(flow: PosteriorKind) throws {
    var configuration = TinyRun.configuration()
    configuration.model.flow = flow
    let (model, initial) = try TinyRun.state(configuration)
    var state = initial
    let bias = try #require(state.parameters["q_z_mean.bias"])
    state.parameters[bias] = Tensor(repeating: .nan, shape: bias.shape)
    let evaluator = Evaluator(model: model, parameters: state.parameters, divergence: .exact)
    let error = #expect(throws: RunError.self) { try evaluator.evaluate(TinyRun.binary(3)) }
    #expect(error?.category == .numerical)
  }
}
