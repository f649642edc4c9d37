import Autodiff
import Communication
import Tensors

// A layer whose rows are divided over ranks: each rank has some of the outputs' weights, for all images. The features of all
// images come to each rank; it forms its columns of the layer's output for all of them; then each rank gets all columns for
// its own images. Backward, the cotangents go the same way back.
//
//     x [images, in] of each rank  ->  x [batch, in] on all  ->  columns [batch, own]  ->  y [images, out]
//
// A rank sends, for n of N images and r of P outputs, (N - n) r numbers forward and n (P - r) backward, and never a weight or
// its gradient.

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
  /// Of each rank, `[images, its columns]`, one after another.
  private let received: Tensor
  private let exchange: Exchange?

  /// Sends this rank's columns off. They are those of the layer's `outputs` that ``Int/part(_:of:)`` says.
  init(_ columns: Variable, of outputs: Int, _ batch: BatchShare) {
    (self.columns, self.outputs, self.batch) = (columns, outputs, batch)
    let received = Tensor(uninitialized: [batch.count * outputs], .float32)
    self.received = received
    guard batch.isSplit else {
      // Each rank has all images.
      batch.communicator.succeed {
        try columns.value.withBytes {
          try batch.communicator.allGather(
            $0, into: received.freshBytes, byteCounts: batch.columns(of: outputs).map { 4 * batch.total * $0.count })
        }
      }
      exchange = nil
      return
    }
    let own = columns.shape[1]
    exchange = batch.communicator.succeed {
      try batch.communicator.beginAllToAll(
        columns.value.bytes, sentByteCounts: batch.counts.map { 4 * own * $0 }, into: received.freshBytes,
        receivedByteCounts: batch.columns(of: outputs).map { 4 * batch.count * $0.count })
    }
  }

  /// Waits for the columns of all ranks.
  func arrived() -> Variable {
    let (batch, outputs, own) = (batch, outputs, columns.shape[1])
    batch.communicator.succeed { try exchange?.wait() }
    return .record(received.joiningColumns(batch.columns(of: outputs)), [columns]) { g, inputs in
      let parts = g.dividingColumns(batch.columns(of: outputs))
      guard batch.isSplit else {
        let place = batch.columns(of: outputs)[batch.communicator.rank].lowerBound * batch.total
        inputs.add(parts.leading(place..<place + batch.total * own).reshaped([batch.total, own]), to: 0)
        return
      }
      let back = Tensor(uninitialized: [batch.total, own], .float32)
      batch.communicator.succeed {
        try batch.communicator.beginAllToAll(
          parts.bytes, sentByteCounts: batch.columns(of: outputs).map { 4 * batch.count * $0.count },
          into: back.freshBytes, receivedByteCounts: batch.counts.map { 4 * own * $0 }
        ).wait()
      }
      withExtendedLifetime(parts) {}
      inputs.add(back, to: 0)
    }
  }
}

extension BatchShare {
  /// The columns of each rank.
  fileprivate func columns(of outputs: Int) -> [Range<Int>] {
    (0..<communicator.size).map { outputs.part($0, of: communicator.size) }
  }
}

extension Tensor {
  /// The memory of a tensor that is kept while it is in use.
  fileprivate var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address, count: 4 * count) }

  /// The memory of a fresh tensor that is kept while it is in use.
  fileprivate var freshBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: freshAddress, count: 4 * count)
  }

  /// Blocks of columns, one after another, as one matrix: [rows, columns].
  fileprivate func joiningColumns(_ blocks: [Range<Int>]) -> Tensor { movingColumns(blocks, isJoining: true) }

  /// A matrix, [rows, columns], as blocks of its columns, one after another.
  fileprivate func dividingColumns(_ blocks: [Range<Int>]) -> Tensor { movingColumns(blocks, isJoining: false) }

  private func movingColumns(_ blocks: [Range<Int>], isJoining: Bool) -> Tensor {
    let columns = blocks.last?.upperBound ?? 0
    let rows = count / max(columns, 1)
    let result = Tensor(uninitialized: isJoining ? [rows, columns] : [count], .float32)
    let (from, to) = (address, result.freshAddress)
    Compute.parallel(rows, cost: columns) { begin, end in
      for row in begin..<end {
        for block in blocks {
          let inMatrix = 4 * (row * columns + block.lowerBound)
          let inBlocks = 4 * (rows * block.lowerBound + row * block.count)
          let source = from + (isJoining ? inBlocks : inMatrix)
          (to + (isJoining ? inMatrix : inBlocks)).copyMemory(from: source, byteCount: 4 * block.count)
        }
      }
    }
    withExtendedLifetime(self) {}
    return result
  }
}
