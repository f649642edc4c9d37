import Communication
import NeuralNetworks
import NormalizingFlows

/// What a rank sends to others in a training step.
public struct StepTraffic: Sendable, Equatable {
  /// The number of ranks.
  public let ranks: Int
  /// The numbers of the layers that are divided by rows over ranks; 0 where each rank has all parameters.
  public let dividedCount: Int
  /// The bytes that rank 0 is expected to send, without a few hundred for each step of a solve.
  public let expectedBytes: Int

  /// What is sent for n of N images, a part of r of P outputs of each divided layer of F inputs, and D other numbers, all in
  /// single precision but the outputs and their cotangents in mixed precision, which are half as long:
  ///
  ///     outputs and their cotangents     (N - n) r + n (P - r)          for each divided layer
  ///     features and their cotangents    n F (R - 1) + (N - n) F        once
  ///     gradients                        D - d + d (R - 1)              d = D / R
  ///     factors of outer products        n (P + F) (R - 1)              where these are fewer than their gradient
  init(
    _ division: RowDivision, _ parameters: ParameterSet, batchSize: Int, ranks: Int, _ precision: Precision
  ) {
    self.ranks = ranks
    guard ranks > 1, batchSize >= ranks else {
      (dividedCount, expectedBytes) = (0, 0)
      return
    }
    let images = batchSize.part(0, of: ranks).count
    var (exchanged, numbers, rest, divided, features) = (0, 0, 0, 0, 0)
    for (place, parameter) in parameters.parameters.enumerated() {
      let (outputs, inputs) = (parameter.shape.first ?? 1, parameter.shape.dropFirst().reduce(1, *))
      if division.places.contains(place) {
        divided += outputs * inputs
        guard parameter.shape.count == 2 else { continue }
        let rows = outputs.part(0, of: ranks).count
        exchanged += (batchSize - images) * rows + images * (outputs - rows)
        features = inputs
      } else if parameter.shape.count == 2, outputs * inputs >= RowDivision.leastCount,
        BatchShare.areFactorsFewer(rows: batchSize, outputs: outputs, inputs: inputs)
      {
        numbers += images * (outputs + inputs) * (ranks - 1)
      } else {
        rest += outputs * inputs
      }
    }
    let part = rest.part(0, of: ranks).count
    numbers += features * (images * (ranks - 1) + batchSize - images) + rest - part + part * (ranks - 1)
    (dividedCount, expectedBytes) = (divided, precision.sentByteCount * exchanged + 4 * numbers)
  }
}
