import Tensors

extension Tensor {
  /// The rows at some indices, in their order: `[n, columns]` becomes `[indices, columns]`.
  func rows(_ indices: some Collection<Int>) -> Tensor {
    precondition(rank == 2, "rows of a tensor of shape \(shape)")
    let length = shape[1] * elementType.byteCount
    let result = Tensor(uninitialized: [indices.count, shape[1]], elementType)
    for (place, index) in indices.enumerated() {
      precondition(index >= 0 && index < shape[0], "no row \(index) among \(shape[0])")
      (result.freshAddress + place * length).copyMemory(from: address + index * length, byteCount: length)
    }
    return result
  }
}
