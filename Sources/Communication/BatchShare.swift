import Tensors

/// A rank's part of a batch of images: each rank takes as many of the batch's images as the others, or one more.
///
/// Where a batch has fewer images than there are ranks, it is not split: all ranks take all of it, and do the same.
public struct BatchShare: Sendable {
  /// The ranks.
  public let communicator: any Communicator
  /// The number of images of the whole batch.
  public let total: Int

  /// The part of a batch of `total` images.
  public init(of total: Int, over communicator: any Communicator) {
    (self.total, self.communicator) = (total, communicator)
  }

  /// Whether this rank has only a part of the batch.
  public var isSplit: Bool { communicator.isShared && total >= communicator.size }

  /// The places in the batch of this rank's images.
  public var places: Range<Int> { places(of: communicator.rank) }

  /// The number of this rank's images.
  public var count: Int { places.count }

  /// The places in the batch of a rank's images.
  public func places(of rank: Int) -> Range<Int> {
    isSplit ? total.part(rank, of: communicator.size) : 0..<total
  }

  /// The number of images of each rank.
  public var counts: [Int] { (0..<communicator.size).map { places(of: $0).count } }

  /// Numbers of each image of the batch, in their order, from those of each rank: as many arrays as it was given, each with a
  /// number for each image.
  public func gathered(_ numbers: [[Double]]) -> [[Double]] {
    guard isSplit else { return numbers }
    let counts = counts
    let all = communicator.allGather(numbers.flatMap { $0 }, counts: counts.map { $0 * numbers.count })
    var result = numbers.map { _ in [Double]() }
    var start = 0
    for count in counts {
      for array in numbers.indices {
        result[array] += all[start..<start + count]
        start += count
      }
    }
    return result
  }

  /// The rows of all images of the batch, in their order, from those of each rank: `[count, ...]` -> `[total, ...]`.
  ///
  /// A rank's rows may be a multiple of its images, the same for all.
  public func gathered(_ rows: Tensor) -> Tensor {
    guard isSplit else { return rows }
    let each = rows.count * rows.elementType.byteCount / count
    var result = Tensor(uninitialized: [rows.shape[0] / count * total] + rows.shape.dropFirst(), rows.elementType)
    communicator.succeed {
      try rows.withBytes { own in
        try result.withMutableBytes { all in
          try communicator.allGather(own, into: all, byteCounts: counts.map { $0 * each })
        }
      }
    }
    return result
  }

  /// The sum of each number over ranks, in their order; the numbers themselves where each has the whole batch.
  public func sum(_ numbers: [Double]) -> [Double] { isSplit ? communicator.sum(numbers) : numbers }
}
