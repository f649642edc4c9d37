import Tensors

// y[row] = x[row] + b for the first `rows` rows of n numbers; later rows, which are tangents, stay as they are.
// Tangent: x' + b'. Pullback: x receives g; b receives the sum of those rows of g.

extension Variable {
  /// x [..., n] + b [n], the same for all rows.
  public func addingToRows(_ b: Variable) -> Variable {
    addingToRows(b, rows: value.count / max(b.value.count, 1))
  }

  package func addingToRows(_ b: Variable, rows: Int) -> Variable {
    precondition(b.shape == [shape.last ?? 1], "addingToRows: \(b.shape) to rows of \(shape)")
    var y = value
    b.value.addToRows(rows, of: &y)
    let bShape = b.shape
    return .record(y, [self, b]) { g, inputs in
      inputs.add(g, to: 0)
      guard inputs.needs(1) else { return }
      var sums = Tensor(zeros: bShape, g.elementType)
      sums.addColumnSums(of: g, rows: rows)
      inputs.add(sums, to: 1)
    }
  }
}

extension Dual {
  /// x [..., n] + b [n], the same for all rows; b does not depend on what the tangents are of.
  public func addingToRows(_ b: Variable) -> Dual {
    Dual(primalAndTangents: primalAndTangents.addingToRows(b, rows: shape.dropLast().reduce(1, *)))
  }
}
