import Tensors

/// The sum of g^T x over pairs of g [rows, outputs] and x [rows, inputs], times alpha: what adds up to the gradient of a
/// linear layer's weights [outputs, inputs].
package struct OuterProductSum {
  package let pairs: [(g: Tensor, x: Tensor)]
  package let outputs, inputs: Int
  package var alpha = 1.0
  /// Where the gradient begins in the result, in elements, and how far apart its rows are.
  package var resultOffset = 0
  package var resultLeadingDimension: Int

  package init(_ pairs: [(g: Tensor, x: Tensor)], outputs: Int, inputs: Int) {
    precondition(
      pairs.allSatisfy { $0.count * inputs == $1.count * outputs && $0.elementType == $1.elementType },
      "outer products: \(pairs.map { ($0.shape, $1.shape) }) for [\(outputs), \(inputs)]")
    (self.pairs, self.outputs, self.inputs) = (pairs, outputs, inputs)
    resultLeadingDimension = inputs
  }
}

/// result += the sum of outer products.
package func addOuterProducts(_ sum: OuterProductSum, numerics: Numerics = .full, to result: inout Tensor) {
  precondition(
    sum.pairs.allSatisfy { $0.g.elementType == result.elementType }, "outer products: element types differ")
  Backends.current.add(sum, numerics, to: &result)
}

/// The sum of squares of g^T x [outputs, inputs], which is not formed, for g [rows, outputs] and x [rows, inputs].
package func sumOfSquares(ofOuterProduct g: Tensor, _ x: Tensor, numerics: Numerics) -> Double {
  precondition(
    g.rank == 2 && x.rank == 2 && g.shape[0] == x.shape[0] && g.elementType == x.elementType,
    "outer products: \(g.shape) and \(x.shape)")
  return g.count == 0 || x.count == 0 ? 0 : Backends.current.sumOfSquares(g: g, x: x, numerics)
}
