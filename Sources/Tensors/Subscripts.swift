extension Tensor {
  /// The number at an index of each axis. Reading and writing single numbers is slow: operations on whole tensors are
  /// what is fast.
  ///
  /// ```swift
  /// var a = Tensor(zeros: [2, 3])
  /// a[1, 2] = 5
  /// a[1, 2]        // 5
  /// ```
  public subscript(indices: Int...) -> Double {
    get {
      let place = place(of: indices)
      return withBytes { bytes in
        switch elementType {
        case .float32: Double(bytes.load(fromByteOffset: 4 * place, as: Float.self))
        case .float64: bytes.load(fromByteOffset: 8 * place, as: Double.self)
        }
      }
    }
    set {
      let (place, type) = (place(of: indices), elementType)
      withMutableBytes { bytes in
        switch type {
        case .float32: bytes.storeBytes(of: Float(newValue), toByteOffset: 4 * place, as: Float.self)
        case .float64: bytes.storeBytes(of: newValue, toByteOffset: 8 * place, as: Double.self)
        }
      }
    }
  }

  /// The part at an index of the first axis: `[n, ...]` -> `[...]`. Shares the memory.
  public func row(_ index: Int) -> Tensor { leading(index..<(index + 1)).reshaped(Array(shape.dropFirst())) }

  /// The place of a number in row-major order.
  private func place(of indices: [Int]) -> Int {
    precondition(
      indices.count == rank && zip(indices, shape).allSatisfy { (0..<$1).contains($0) },
      "subscript: \(indices) of a tensor of shape \(shape)")
    return zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
