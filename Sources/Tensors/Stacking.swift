extension Tensor {
  /// Tensors of one shape one after another along a new first axis, each made by `body` on some thread:
  /// count times `shape` -> [count] + shape
  package static func stacking(
    _ count: Int, shape: [Int], _ elementType: ElementType, cost: Int, _ body: (_ index: Int) -> Tensor
  ) -> Tensor {
    let result = Tensor(uninitialized: [count] + shape, elementType)
    let bytes = shape.product * elementType.byteCount
    Compute.parallel(count, cost: cost) { begin, end in
      for index in begin..<end {
        let one = body(index)
        precondition(
          one.shape == shape && one.elementType == elementType, "stacking: \(one.shape) where \(shape) is expected")
        (result.freshAddress + index * bytes).copyMemory(from: one.address, byteCount: bytes)
        withExtendedLifetime(one) {}
      }
    }
    return result
  }
}
