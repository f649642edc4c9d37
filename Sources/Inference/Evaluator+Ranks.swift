import Autodiff
import Communication
import DifferentialEquations
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Runs
import Tensors
import VariationalAutoencoder

// The leader has the images. Before it computes with them, it sends them to the other ranks, with what is to be computed;
// then all do the same, each with its part of each batch.

/// What an evaluator is asked for.
struct EvaluationRequest: Codable {
  enum Work: Codable {
    case evaluate(samples: Int, SolverState, allowingUndefined: Bool)
    case time(samples: Int)
    case sample(Int, isMean: Bool)
  }

  let work: Work
  let images: SharedImageLayout
  let divergence: Divergence
  let seed: UInt64
  let batchSize: Int
  let warmStart: Bool
  let precision: Precision
}

extension Evaluator {
  /// Has the other ranks do the same as this one, if it is the leader.
  func ask(_ work: EvaluationRequest.Work, _ images: GreyImages) {
    guard communicator.isShared, communicator.isLeader else { return }
    callOthers(self)
    communicator.tell(
      EvaluationRequest(
        work: work, images: SharedImageLayout(images), divergence: divergence, seed: seed, batchSize: batchSize,
        warmStart: warmStart, precision: precision))
    _ = communicator.share(images, of: SharedImageLayout(images))
  }

  /// Takes part in what the leader computes; this evaluator has its model. What comes of it, failures too, the leader knows.
  package func follow() {
    let request = communicator.hear(EvaluationRequest.self)
    let images = communicator.share(nil, of: request.images)
    var evaluator = self
    (evaluator.divergence, evaluator.seed, evaluator.batchSize) = (request.divergence, request.seed, request.batchSize)
    (evaluator.warmStart, evaluator.precision) = (request.warmStart, request.precision)
    do throws(RunError) {
      switch request.work {
      case .evaluate(let samples, let solverState, let allowingUndefined):
        _ = try evaluator.evaluate(
          images, samples: samples, startingFrom: solverState, allowingUndefined: allowingUndefined)
      case .time(let samples): _ = try evaluator.estimatedSeconds(of: images, samples: samples)
      case .sample(let number, let isMean):
        try evaluator.forEachPosteriorSample(of: images, sample: number, isMean: isMean) { _, _ in }
      }
    } catch {}
  }
}

/// The size of images that travel between ranks.
package struct SharedImageLayout: Codable, Sendable {
  let count: Int
  let height: Int
  let width: Int
  let areLevels: Bool

  package init(_ images: GreyImages) {
    (count, height, width) = (images.count, images.height, images.width)
    areLevels = images.levels != nil
  }
}

extension Communicator {
  /// The leader's images, which it alone gives.
  package func share(_ images: GreyImages?, of shape: SharedImageLayout) -> GreyImages {
    let (height, width, count) = (shape.height, shape.width, shape.count * shape.height * shape.width)
    if shape.areLevels {
      var levels = images?.levels ?? [UInt8](repeating: 0, count: count)
      share(&levels)
      return GreyImages(height: height, width: width, levels: levels)
    }
    var pixels = images?.pixels ?? [Float](repeating: 0, count: count)
    share(&pixels)
    return GreyImages(height: height, width: width, pixels: pixels)
  }
}

extension PosteriorSample {
  /// The sample of all images of a batch, from this rank's part of them.
  func ofWholeBatch(_ share: BatchShare) -> PosteriorSample {
    guard share.isSplit else { return self }
    func gathered(_ part: Variable) -> Variable { Variable(share.gathered(part.value)) }
    var flow = flow
    (flow.z, flow.deltaLogDensity) = (gathered(flow.z), gathered(flow.deltaLogDensity))
    return PosteriorSample(mean: gathered(mean), variance: gathered(variance), z0: gathered(z0), flow: flow)
  }
}
