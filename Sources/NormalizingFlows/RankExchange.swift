import Autodiff
import Communication
import NeuralNetworks
import Tensors

// A layer whose rows are divided over ranks: each rank has some of the outputs' weights, for all images. The features of all
// images come to each rank; it forms its columns of the layer's output for all of them; then each rank gets all columns for
// its own images. Backward, the cotangents go the same way back.
//
//     x [images, in] of each rank  ->  x [batch, in] on all  ->  columns [batch, own]  ->  y [images, out]
//
// A rank sends, for n of N images and r of P outputs, (N - n) r numbers forward and n (P - r) backward, and never a weight or
// its gradient. In mixed precision these numbers are rounded, those that a rank keeps for itself too: what comes of an image
// does not depend on which rank has it.

extension Variable {
  /// The rows of all images of a batch on each rank, from those of its own: `[images, ...]` -> `[batch, ...]`.
  ///
  /// Each rank does something else with them: the cotangents of a rank's images are the sums of those of all ranks, in their
  /// order.
  func gathered(over batch: BatchShare) -> Variable {
    let shape = shape
    return .record(batch.gathered(value), [self]) { g, inputs in
      inputs.add(batch.sumOfOwnRows(g).reshaped(shape), to: 0)
    }
  }
}

extension BatchShare {
  /// The rows of this rank's images, summed over ranks: `[batch, ...]` -> `[images, ...]`.
  fileprivate func sumOfOwnRows(_ rows: Tensor) -> Tensor {
    guard isSplit else {
      var sum = rows
      communicator.sum(&sum)
      return sum
    }
    let width = rows.count / total
    var parts = Tensor(uninitialized: [communicator.size, count, width], .float32)
    communicator.succeed {
      try rows.withBytes { rows in
        try parts.withMutableBytes { parts in
          try communicator.beginAllToAll(
            rows, sentByteCounts: counts.map { 4 * width * $0 }, into: parts,
            receivedByteCounts: counts.map { _ in 4 * width * count }
          ).wait()
        }
      }
    }
    var sum = parts.row(0)
    for rank in 1..<communicator.size { sum.add(parts.row(rank)) }
    return sum
  }
}

/// Columns of an output for all images, `[batch, own]`, on their way to the ranks that have the images, where they become all
/// columns, `[images, outputs]`.
struct TravellingColumns {
  private let columns: Variable
  private let outputs: Int
  private let batch: BatchShare
  private let precision: Precision
  /// Kept until the exchange is over.
  private let sent: SentNumbers
  /// Of each rank, `[images, its columns]`, one after another.
  private let received: SentNumbers
  private let exchange: Exchange?

  /// Sends this rank's columns off. They are those of the layer's `outputs` that ``Int/part(_:of:)`` says.
  init(_ columns: Variable, of outputs: Int, _ batch: BatchShare, _ precision: Precision = .float32) {
    (self.columns, self.outputs, self.batch, self.precision) = (columns, outputs, batch, precision)
    let sent = SentNumbers(columns.value, precision)
    let received = SentNumbers(room: batch.count * outputs, precision)
    (self.sent, self.received) = (sent, received)
    let bytes = precision.sentByteCount
    let receivedByteCounts = batch.columns(of: outputs).map { bytes * batch.count * $0.count }
    guard batch.isSplit else {
      // Each rank has all images.
      batch.communicator.succeed {
        try batch.communicator.allGather(sent.bytes, into: received.freshBytes, byteCounts: receivedByteCounts)
      }
      exchange = nil
      return
    }
    let own = columns.shape[1]
    exchange = batch.communicator.succeed {
      try batch.communicator.beginAllToAll(
        sent.bytes, sentByteCounts: batch.counts.map { bytes * own * $0 }, into: received.freshBytes,
        receivedByteCounts: receivedByteCounts, numberByteCount: bytes)
    }
  }

  /// Waits for the columns of all ranks.
  func arrived() -> Variable {
    let (batch, outputs, own, precision) = (batch, outputs, columns.shape[1], precision)
    batch.communicator.succeed { try exchange?.wait() }
    withExtendedLifetime(sent) {}
    return .record(received.joiningColumns(batch.columns(of: outputs)), [columns]) { g, inputs in
      let parts = SentNumbers(g, dividingColumns: batch.columns(of: outputs), precision)
      guard batch.isSplit else {
        let place = batch.columns(of: outputs)[batch.communicator.rank].lowerBound * batch.total
        inputs.add(parts.tensor.leading(place..<place + batch.total * own).reshaped([batch.total, own]), to: 0)
        return
      }
      let back = SentNumbers(room: batch.total * own, precision)
      let bytes = precision.sentByteCount
      batch.communicator.succeed {
        try batch.communicator.beginAllToAll(
          parts.bytes, sentByteCounts: batch.columns(of: outputs).map { bytes * batch.count * $0.count },
          into: back.freshBytes, receivedByteCounts: batch.counts.map { bytes * own * $0 }, numberByteCount: bytes
        ).wait()
      }
      withExtendedLifetime(parts) {}
      inputs.add(back.tensor.reshaped([batch.total, own]), to: 0)
    }
  }
}

extension BatchShare {
  /// The columns of each rank.
  fileprivate func columns(of outputs: Int) -> [Range<Int>] {
    (0..<communicator.size).map { outputs.part($0, of: communicator.size) }
  }
}
