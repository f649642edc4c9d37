import Tensors

/// Every operation by its definition, number by number, in double precision whatever the tensors hold: slow, without
/// vectors or threads, and what the other backends are compared with.
package struct ReferenceBackend: Backend {
  package let name = "reference"
  package let isAvailable = true

  package init() {}
}

/// A tensor's numbers in double precision, read by row and column.
struct Rows {
  let numbers: [Double]
  let columns: Int

  init(_ tensor: Tensor, columns: Int) { (numbers, self.columns) = (tensor.doubles(), columns) }

  subscript(_ row: Int, _ column: Int) -> Double { numbers[row * columns + column] }
}

extension MatrixView {
  /// Element (row, column) of the matrix as a product takes it, as a place in the tensor.
  func place(_ row: Int, _ column: Int) -> Int {
    offset + (transposed ? column * leadingDimension + row : row * leadingDimension + column)
  }
}
