import NormalizingFlows
import Runs

extension DensityConfiguration {
  /// How the divergence is computed where the likelihood is evaluated: exactly up to 64 dimensions; of more as in training,
  /// since the exact one takes as many passes as there are dimensions.
  public var evaluationDivergence: Divergence { (dimensions ?? 0) <= Self.mostDimensionsOfTrace ? .exact : divergence }

  /// The most dimensions for which the exact divergence is the usual choice.
  static let mostDimensionsOfTrace = 64

  /// An estimate of the least memory of a run; see `MemoryEstimate`. Activations are those that a step keeps for its
  /// backward pass.
  ///
  /// - Parameters:
  ///   - samples: The number of training samples; nil where they are drawn without end.
  ///   - isStateHeld: Whether parameters and moments are already in memory, and not counted.
  public func trainingMemory(samples: Int?, isStateHeld: Bool = false) -> MemoryEstimate {
    let parameterCount = DensityModel.layout(self).parameters.count
    let batch = min(batchSize, samples ?? batchSize)
    let evaluations = (try? solverOptions())?.leastKeptEvaluations(gradient) ?? 0
    let perSample = places.reduce(0) { sum, place in
      flows.reduce(sum) { sum, kind in
        let passes = kind == .ffjord ? MemoryEstimate.product(evaluations, place.rows(divergence)) : 1
        let perBlock = MemoryEstimate.product(passes, place.activations(hidden))
        return MemoryEstimate.sum(sum, MemoryEstimate.product(blocks, perBlock))
      }
    }
    return MemoryEstimate(parts: [
      ("parameters and moments", isStateHeld ? 0 : MemoryEstimate.bytes(3, parameterCount)),
      ("gradients", MemoryEstimate.bytes(parameterCount)),
      ("activations of \(batch) samples", MemoryEstimate.bytes(batch, perSample)),
    ])
  }

  /// An estimate of the least memory of evaluating samples in batches: the input and output of one layer at a time.
  public func evaluationMemory(_ divergence: Divergence, batchSize: Int) -> MemoryEstimate {
    MemoryEstimate(parts: [
      ("activations of \(batchSize) samples", MemoryEstimate.bytes(batchSize, numbersAtOnce(divergence)))
    ])
  }

  /// As many samples for a batch of an evaluation as take about 2 GB, at most 500.
  public func evaluationBatchSize(_ divergence: Divergence) -> Int { batchSize(numbersAtOnce(divergence), atMost: 500) }

  /// As many samples for a batch as take about 2 GB while they are drawn, at most 1000.
  var samplingBatchSize: Int { batchSize(numbersAtOnce(nil), atMost: 1000) }

  /// An estimate of the least memory of samples, and of states on their way; twice, since batches are joined.
  func samplingMemory(count: Int, states: Int) -> MemoryEstimate {
    MemoryEstimate(parts: [("\(count) samples", MemoryEstimate.bytes(2, count, dimensions ?? 0, states))])
  }

  private func batchSize(_ numbersPerSample: Int, atMost limit: Int) -> Int {
    max(1, min(limit, 2_000_000_000 / MemoryEstimate.bytes(max(1, numbersPerSample))))
  }

  /// The input and output of the largest layer for a sample, and as much for what is computed of them.
  private func numbersAtOnce(_ divergence: Divergence?) -> Int {
    let widest = places.map { MemoryEstimate.product($0.rows(isContinuous ? divergence : nil), $0.widest(hidden)) }
    return MemoryEstimate.product(3, widest.max() ?? 0)
  }

  /// Where the model has blocks.
  private var places: [Place] {
    guard let image, hasConvolutions else { return [Place(pixels: 1, channels: dimensions ?? 0)] }
    var places: [Place] = []
    // The shapes alone are asked for.
    _ = Multiscale(image, scales: isMultiscale ? nil : 1) { place -> [any DensityLayer] in
      places.append(Place(pixels: place.shape.pixels, channels: place.shape.channels))
      return []
    }
    return places
  }

  /// Where blocks stand: of rows there is one such place, with a channel for each dimension.
  private struct Place {
    let pixels: Int
    let channels: Int

    /// How many rows a sample is to a layer: itself, and its tangents.
    func rows(_ divergence: Divergence?) -> Int {
      switch divergence {
      case .exact: 1 + pixels * channels
      case .gaussian, .rademacher: 2
      case nil: 1
      }
    }

    /// The numbers before and after each activation, and those that come out.
    func activations(_ hidden: [Int]) -> Int {
      MemoryEstimate.product(pixels, hidden.reduce(channels) { MemoryEstimate.sum($0, 2 * $1) })
    }

    /// The numbers at the widest layer.
    func widest(_ hidden: [Int]) -> Int { MemoryEstimate.product(pixels, max(channels, hidden.max() ?? 0)) }
  }
}
