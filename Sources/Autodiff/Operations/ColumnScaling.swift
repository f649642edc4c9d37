import Tensors

// y[row] = x[row] * s, number by number, with the same s [n] for all rows.
// Tangent: x' * s, s being a constant of whatever the tangents are of.
// Pullback: x receives g * s; s receives the sum over rows of g * x.

extension Variable {
  /// Each row of x [..., n] times s [n], number by number.
  public func scalingColumns(by s: Variable) -> Variable {
    precondition(s.shape == [shape.last ?? 1], "scalingColumns: \(s.shape) for rows of \(shape)")
    let (x, factors) = (value, s.value)
    return .record(x.scalingColumns(by: factors), [self, s]) { g, inputs in
      inputs.add(g.scalingColumns(by: factors), to: 0)
      guard inputs.needs(1) else { return }
      let products = (Variable(g) * Variable(x)).value
      var sums = Tensor(zeros: factors.shape, g.elementType)
      sums.addColumnSums(of: products, rows: x.count / max(factors.count, 1))
      inputs.add(sums, to: 1)
    }
  }
}

extension Dual {
  /// Each row of x [..., n] times s [n], number by number; s does not depend on what the tangents are of.
  public func scalingColumns(by s: Variable) -> Dual {
    Dual(primalAndTangents: primalAndTangents.scalingColumns(by: s))
  }
}
