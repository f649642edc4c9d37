import Tensors

// y = a . b for each row, accumulated in double precision: [..., n], [..., n] -> [...]
// Tangent: a' . b + a . b'. Pullback: a receives g b, b receives g a, row by row.

extension Variable {
  /// Dot products of rows: [..., n], [..., n] -> [...]
  public static func rowDot(_ a: Variable, _ b: Variable) -> Variable {
    precondition(a.shape == b.shape, "rowDot: shapes \(a.shape) and \(b.shape)")
    let (x, y) = (a.value, b.value)
    return record(x.rowDots(y), [a, b]) { g, inputs in
      inputs.add(y.scalingRows(by: g), to: 0)
      inputs.add(x.scalingRows(by: g), to: 1)
    }
  }
}

extension Dual {
  /// Dot products of rows: [..., n], [..., n] -> [...]
  public static func rowDot(_ a: Dual, _ b: Dual) -> Dual { (a * b).sum(axis: -1) }
}
