import Autodiff
import Tensors

extension Variable {
  /// Columns of x in the order of their indices, each at most once: `[rows, n]` -> `[rows, count of indices]`.
  func selectingColumns(_ columns: [Int]) -> Variable {
    let width = shape[1]
    return .record(value.selectingColumns(columns), of: [self]) { g in [g.placingColumns(columns, of: width)] }
  }
}

extension Tensor {
  /// Columns in the order of their indices: `[rows, n]` -> `[rows, count of indices]`.
  func selectingColumns(_ columns: [Int]) -> Tensor {
    let result = Tensor(uninitialized: [shape[0], columns.count], elementType)
    switch elementType {
    case .float32: move(columns, width: shape[1], into: result, isPlacing: false, as: Float.self)
    case .float64: move(columns, width: shape[1], into: result, isPlacing: false, as: Double.self)
    }
    return result
  }

  /// The columns back in their places among `width`, with zeros in the others.
  func placingColumns(_ columns: [Int], of width: Int) -> Tensor {
    let result =
      columns.count == width
      ? Tensor(uninitialized: [shape[0], width], elementType) : Tensor(zeros: [shape[0], width], elementType)
    switch elementType {
    case .float32: move(columns, width: width, into: result, isPlacing: true, as: Float.self)
    case .float64: move(columns, width: width, into: result, isPlacing: true, as: Double.self)
    }
    return result
  }

  private func move<Scalar>(
    _ columns: [Int], width: Int, into result: Tensor, isPlacing: Bool, as _: Scalar.Type
  ) {
    let from = address.assumingMemoryBound(to: Scalar.self)
    let to = result.freshAddress.assumingMemoryBound(to: Scalar.self)
    let count = columns.count
    columns.withUnsafeBufferPointer { columns in
      Compute.parallel(shape[0], cost: count) { begin, end in
        for row in begin..<end {
          let (wide, narrow) = (row * width, row * count)
          if isPlacing {
            for i in 0..<count { to[wide + columns[i]] = from[narrow + i] }
          } else {
            for i in 0..<count { to[narrow + i] = from[wide + columns[i]] }
          }
        }
      }
    }
    withExtendedLifetime(self) {}
  }
}
