import Kernels
import Tensors

// c_s = op(a_s) op(b_s) for each s, where op transposes at most one of the two.
// Tangent: op(a') op(b) + op(a) op(b').
// Pullback: for c = a b, a receives g b^T and b receives a^T g; for c = a^T b, a receives b g^T and b receives a g; for
// c = a b^T, a receives g b and b receives g^T a.

extension Variable {
  /// The product of each pair of matrices, one of each pair transposed where asked: a [n, p, q], b [n, q, r] -> [n, p, r].
  public static func batchedMatrixProduct(
    _ a: Variable, _ b: Variable, transposingFirst ta: Bool = false, transposingSecond tb: Bool = false
  ) -> Variable {
    precondition(!(ta && tb), "batched matrix product: at most one factor may be transposed")
    let (x, y) = (a.value, b.value)
    return record(.batchedProduct(x, y, transposingFirst: ta, transposingSecond: tb), [a, b]) { g, inputs in
      if ta {
        inputs.add(.batchedProduct(y, g, transposingSecond: true), to: 0)
        inputs.add(.batchedProduct(x, g), to: 1)
      } else {
        inputs.add(.batchedProduct(g, y, transposingSecond: !tb), to: 0)
        inputs.add(.batchedProduct(tb ? g : x, tb ? x : g, transposingFirst: true), to: 1)
      }
    }
  }
}

extension Dual {
  /// The product of each pair of matrices, one of each pair transposed where asked: a [n, p, q], b [n, q, r] -> [n, p, r].
  public static func batchedMatrixProduct(
    _ a: Dual, _ b: Dual, transposingFirst ta: Bool = false, transposingSecond tb: Bool = false
  ) -> Dual {
    func product(_ x: Variable, _ y: Variable) -> Variable {
      .batchedMatrixProduct(x, y, transposingFirst: ta, transposingSecond: tb)
    }
    func tangent(_ dual: Dual, _ i: Int) -> Variable {
      dual.tangents.sliced(axis: 0, start: i, length: 1).reshaped(dual.shape)
    }
    let count = max(a.tangentCount, b.tangentCount)
    precondition(
      [0, count].contains(a.tangentCount) && [0, count].contains(b.tangentCount),
      "batched matrix product: duals with \(a.tangentCount) and \(b.tangentCount) tangents")
    let primal = product(a.primal, b.primal)
    let primalAndTangents =
      [primal]
      + (0..<count).map { i in
        let left = a.tangentCount > 0 ? product(tangent(a, i), b.primal) : nil
        let right = b.tangentCount > 0 ? product(a.primal, tangent(b, i)) : nil
        let terms = [left, right].compactMap { $0 }
        return .linearCombination(terms.map { (1, $0) })
      }
    return Dual(primalAndTangents: .concatenation(primalAndTangents.map { $0.reshaped([1] + primal.shape) }, axis: 0))
  }
}
