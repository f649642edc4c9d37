import Tensors

// The order in which a library adds up the numbers of ranks is its own, and may differ between runs. Here each number is the
// sum over ranks in their order, whatever the way by which it comes about.

extension Communicator {
  /// The numbers of all ranks: those of rank 0 first. All ranks have equally many.
  public func allGather(_ numbers: [Double]) -> [[Double]] {
    let all = allGather(numbers, counts: Array(repeating: numbers.count, count: size))
    return (0..<size).map { Array(all[$0 * numbers.count..<($0 + 1) * numbers.count]) }
  }

  /// The numbers of all ranks, one after another.
  ///
  /// - Parameters:
  ///   - numbers: This rank's numbers.
  ///   - counts: How many each rank has.
  public func allGather(_ numbers: [Double], counts: [Int]) -> [Double] {
    guard isShared else { return numbers }
    var all = [Double](repeating: 0, count: counts.reduce(0, +))
    succeed {
      try numbers.withUnsafeBytes { own in
        try all.withUnsafeMutableBytes { all in
          try allGather(own, into: all, byteCounts: counts.map { 8 * $0 })
        }
      }
    }
    return all
  }

  /// The sum of each number over ranks, in their order.
  public func sum(_ numbers: [Double]) -> [Double] {
    guard isShared else { return numbers }
    return allGather(numbers).reduce([Double](repeating: 0, count: numbers.count)) { zip($0, $1).map { $0 + $1 } }
  }

  /// Replaces each number of a single-precision tensor by its sum over ranks, in their order. Each rank adds up a part of the
  /// numbers, so that it sends and receives about twice what it has, however many ranks there are.
  public func sum(_ tensor: inout Tensor) {
    guard isShared else { return }
    precondition(tensor.elementType == .float32, "sum over ranks: \(tensor.elementType)")
    let parts = (0..<size).map { tensor.count.part($0, of: size) }
    let own = parts[rank].count
    // This rank's part of the numbers, from each rank.
    let received = Tensor(uninitialized: [size, own], .float32)
    succeed {
      try beginAllToAll(
        UnsafeRawBufferPointer(start: tensor.address, count: 4 * tensor.count),
        sentByteCounts: parts.map { 4 * $0.count },
        into: UnsafeMutableRawBufferPointer(start: received.freshAddress, count: 4 * received.count),
        receivedByteCounts: parts.map { _ in 4 * own }
      ).wait()
    }
    var sum = received.leading(0..<1).reshaped([own])
    for rank in 1..<size { sum.add(received.leading(rank..<rank + 1).reshaped([own])) }
    succeed {
      try sum.withBytes { own in
        try tensor.withMutableBytes { all in
          try allGather(own, into: all, byteCounts: parts.map { 4 * $0.count })
        }
      }
    }
  }
}

extension Int {
  /// The places of part `index` where 0..<self is divided into parts of almost equal size, the larger ones first.
  public func part(_ index: Int, of parts: Int) -> Range<Int> {
    let (least, larger) = quotientAndRemainder(dividingBy: parts)
    let start = index * least + Swift.min(index, larger)
    return start..<start + least + (index < larger ? 1 : 0)
  }
}
