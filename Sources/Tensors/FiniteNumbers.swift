import Synchronization

extension Tensor {
  /// What is wrong with the numbers if one is infinite or not a number: its value and its index, to stand after the
  /// tensor's name. One pass over the numbers, shared out over the threads.
  package var validationError: String? {
    guard !isFinite, let place = firstNonFinite else { return nil }
    var index: [Int] = []
    var rest = place
    for size in shape.reversed() {
      index.insert(rest % size, at: 0)
      rest /= size
    }
    let number = withBytes { bytes in
      switch elementType {
      case .float32: Double(bytes.load(fromByteOffset: 4 * place, as: Float.self))
      case .float64: bytes.load(fromByteOffset: 8 * place, as: Double.self)
      }
    }
    return "\(shape) is \(number) at \(index)"
  }

  /// Whether every number is finite.
  public var isFinite: Bool {
    let isFinite = Atomic(true)
    let (kernels, address) = (elementType.kernels, address)
    Compute.parallel(count, cost: 1) { begin, end in
      if kernels.first_not_finite(begin, end, address) >= 0 { isFinite.store(false, ordering: .relaxed) }
    }
    return isFinite.load(ordering: .relaxed)
  }
}
