import Kernels
import Tensors

// c = a b.
// Tangent: a' b + a b'. Pullback: a receives g b^T, b receives a^T g.

extension Variable {
  /// The matrix product of a [m, k] and b [k, n].
  public static func matrixProduct(_ a: Variable, _ b: Variable) -> Variable {
    precondition(
      a.shape.count == 2 && b.shape.count == 2 && a.shape[1] == b.shape[0],
      "matrix product: shapes \(a.shape) and \(b.shape)")
    let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
    let (x, y) = (a.value, b.value)
    var c = Tensor(uninitialized: [m, n], x.elementType)
    multiplyMatrices(MatrixView(x), MatrixView(y), rows: m, columns: n, inner: k, into: &c)
    return record(c, [a, b]) { g, inputs in
      if inputs.needs(0) {
        var gx = Tensor(uninitialized: [m, k], x.elementType)
        multiplyMatrices(
          MatrixView(g), MatrixView(y, transposed: true), rows: m, columns: k, inner: n, into: &gx)
        inputs.add(gx, to: 0)
      }
      if inputs.needs(1) {
        var gy = Tensor(uninitialized: [k, n], x.elementType)
        multiplyMatrices(
          MatrixView(x, transposed: true), MatrixView(g), rows: k, columns: n, inner: m, into: &gy)
        inputs.add(gy, to: 1)
      }
    }
  }
}

extension Dual {
  /// The matrix product of a [m, k] and b [k, n].
  public static func matrixProduct(_ a: Dual, _ b: Dual) -> Dual {
    let (m, k) = (a.shape[0], a.shape[1])
    // The primal and the tangents of a at once against b's primal: a b and the tangents a_i b.
    let left = Variable.matrixProduct(a.primalAndTangents.reshaped([(1 + a.tangentCount) * m, k]), b.primal)
      .reshaped([1 + a.tangentCount, m, b.shape[1]])
    guard b.tangentCount > 0 else { return Dual(primalAndTangents: left) }
    // a against all of b's tangents side by side: the tangents a b_i.
    let n = b.shape[1]
    let sideBySide = b.tangents.permuted([1, 0, 2]).reshaped([k, b.tangentCount * n])
    let right = Variable.matrixProduct(a.primal, sideBySide)
      .reshaped([m, b.tangentCount, n]).permuted([1, 0, 2])
    let zero = Variable(Tensor(zeros: [1, m, n], a.primalAndTangents.value.elementType))
    return Dual(primalAndTangents: left) + Dual(primalAndTangents: .concatenation([zero, right], axis: 0))
  }
}
