import Autodiff
import DifferentialEquations
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// The posterior of one image on its way through a continuous flow: from q(z0 given x) at time 0 to q(zT given x) at
/// ``duration``, with the time counted through all blocks.
///
/// ```swift
/// if let trajectory = evaluator.trajectory(of: images, image: 0) {
///   let states = try trajectory.particles(100, at: [0, trajectory.duration])  // z0 and zT, each [100, latent]
/// }
/// ```
public struct PosteriorTrajectory: Sendable {
  private let evaluator: Evaluator
  private let flow: AmortizedContinuousFlow
  private let image: Int
  private let features: Tensor
  private let mean: Tensor
  private let variance: Tensor

  fileprivate init(_ evaluator: Evaluator, _ flow: AmortizedContinuousFlow, _ images: GreyImages, image: Int) {
    let constants = evaluator.constants
    let features = evaluator.model.encode(Variable(images.selecting([image]).tensor), constants)
    let (mean, variance) = evaluator.model.posterior(features, constants)
    (self.evaluator, self.flow, self.image) = (evaluator, flow, image)
    (self.features, self.mean, self.variance) = (features.value, mean.value, variance.value)
  }

  /// The time at which the last block ends.
  public var duration: Double { flow.totalTime }

  /// Samples of the posterior at times: the first `count` samples that ``Evaluator`` draws of the image's posterior.
  ///
  /// - Parameters:
  ///   - count: The number of samples.
  ///   - times: The times, ascending, from 0 to ``duration``.
  /// - Returns: z at each time, `[count, latent]`; at ``duration`` it is zT.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult`
  public func particles(_ count: Int, at times: [Double]) throws(RunError) -> [Tensor] {
    let latent = mean.shape[1]
    let noise = (0..<count).flatMap { sample in
      RandomStream(seed: evaluator.seed, purpose: .evaluationNoise, step: UInt64(sample))
        .normals(image * latent..<(image + 1) * latent)
    }
    var z = GaussianPosterior.sample(
      mean: repeated(mean, count), variance: repeated(variance, count), noise: Tensor(noise, shape: [count, latent]))
    var (now, states) = (0.0, [Tensor]())
    for time in times {
      if time > now {
        let part = flow.withoutDensity.part(now...time)
        z = try solved { () throws(SolveError) in
          try part.forward(z, features: repeated(features, count), evaluator.constants, Self.probes).z
        }
        now = time
      }
      try Evaluator.require(z.value, "particle", 0..<count)
      states.append(z.value)
    }
    return states
  }

  /// The logarithm of the posterior's density at a time, in nats, by an exact change of variables:
  ///
  ///     log q_t(z) = log q(z0 given x) - ∫ tr(df/dz) dt    along the path from z0 that reaches z at t
  ///
  /// - Parameters:
  ///   - points: `[points, latent]`
  ///   - time: From 0 to ``duration``.
  /// - Throws: `RunError.solve`
  public func logDensity(at points: Tensor, time: Double) throws(RunError) -> [Double] {
    var densities: [Double] = []
    for start in stride(from: 0, to: points.shape[0], by: evaluator.batchSize) {
      let batch = points.leading(start..<min(start + evaluator.batchSize, points.shape[0]))
      let count = batch.shape[0]
      let origin = try solved { () throws(SolveError) in
        try flow.part(0...time).inverse(
          Variable(batch), features: repeated(features, count), evaluator.constants, Self.probes)
      }
      let deviation = repeated(variance, count).applying(.sqrt)
      let noise = (origin.z - repeated(mean, count)) * deviation.applying(.reciprocal)
      let density =
        GaussianPosterior.logDensity(variance: repeated(variance, count), noise: noise.value) - origin.deltaLogDensity
      densities += density.value.doubles()
    }
    return densities
  }

  private static let probes = ProbeSource(.exact, seed: 0)

  private func repeated(_ row: Tensor, _ count: Int) -> Variable {
    Variable(.concatenation(Array(repeating: row, count: count), axis: 0))
  }

  private func solved<Result>(_ body: () throws(SolveError) -> Result) throws(RunError) -> Result {
    do throws(SolveError) { return try body() } catch { throw .solve(step: nil, error) }
  }
}

extension Evaluator {
  /// The trajectory of the posterior of one of the images; nil where the model's flow is not continuous.
  ///
  /// - Parameters:
  ///   - images: The images, as the model takes them.
  ///   - image: The index of one of them.
  public func trajectory(of images: GreyImages, image: Int) -> PosteriorTrajectory? {
    (model.flow as? AmortizedContinuousFlow).map { PosteriorTrajectory(self, $0, images, image: image) }
  }
}
