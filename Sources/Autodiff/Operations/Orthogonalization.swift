import Kernels
import Tensors

// Q = the orthogonal polar factor of each matrix a [d, m], d >= m: the closest matrix with orthonormal columns, by
// Björck and Bowie's iteration (1971)
//
//     Q_0 = a / |a|_F        Q_{i+1} = Q_i (I + (I - Q_i^T Q_i) / 2)
//
// A singular value s of Q_i becomes s (3 - s^2) / 2: it grows by up to 3/2 a step while small, and near one its distance
// to one is squared (times 3/2). Dividing by the Frobenius norm puts all of them into (0, 1], where that converges. So
// after the first step that begins with |I - Q^T Q|_F below the square root of the rounding error, the error is rounding;
// each matrix stops there by itself, and its result does not depend on others.
//
// Tangent: that of the steps. Pullback: of a step with S = I - Q^T Q, C = I + S / 2, P = Q^T g: Q receives
// g C - Q (P + P^T) / 2; of the first division, a receives (g - Q_0 (Q_0 . g)) / |a|_F. The steps are done again in the
// pullback, matrix by matrix in the cache: keeping them on the tape would take a hundred times the matrix's memory.

/// The iteration, for one type of numbers and one size of matrix.
private struct BjorckIteration {
  let type: ElementType
  let rows: Int
  let columns: Int

  /// A matrix of singular values down to (2/3)^90 converges; one without full rank does not, and stays without.
  static let stepLimit = 100

  var count: Int { rows * columns }
  private var threshold: Double { type == .float32 ? 2e-4 : 1e-8 }

  /// a / |a|_F and the norm, then the matrices after each step, `count` numbers each.
  func iterates(from a: Tensor) -> (norm: Double, iterates: [Tensor]) {
    let norm = max(a.sumOfSquares().squareRoot(), .leastNormalMagnitude)
    let identity = identity
    var iterates = [a.scaled(by: 1 / norm)]
    for _ in 0..<Self.stepLimit {
      let (next, defect) = step(iterates[iterates.count - 1], identity)
      iterates.append(next)
      if defect <= threshold { break }
    }
    return (norm, iterates)
  }

  private var identity: Tensor {
    let numbers = (0..<(columns * columns)).map { $0 % (columns + 1) == 0 ? 1.0 : 0 }
    return Tensor(numbers, shape: [columns, columns]).converted(to: type)
  }

  /// C = I + S / 2 for S = I - Q^T Q, and |S|_F.
  private func correction(_ q: Tensor, _ identity: Tensor) -> (c: Tensor, defect: Double) {
    var c = Tensor.smallProduct(q, q, transposingFirst: true, alpha: -0.5)
    c.add(identity, scale: 0.5)
    let defect = 2 * c.sumOfSquares().squareRoot()
    c.add(identity)
    return (c, defect)
  }

  private func step(_ q: Tensor, _ identity: Tensor) -> (next: Tensor, defect: Double) {
    let (c, defect) = correction(q, identity)
    return (.smallProduct(q, c), defect)
  }

  /// The cotangent of a for the cotangent g of the last iterate.
  func pullback(_ a: Tensor, _ g: Tensor) -> Tensor {
    let (norm, iterates) = iterates(from: a)
    let identity = identity
    var g = g
    for q in iterates.dropLast().reversed() {
      let c = correction(q, identity).c
      let p = Tensor.smallProduct(q, g, transposingFirst: true)
      let symmetric = Tensor.linearCombination([(1, p), (1, p.permuted([1, 0]))])
      let next = Tensor.smallProduct(q, symmetric, alpha: -0.5, beta: 1, adding: .smallProduct(g, c))
      g = next
    }
    let first = iterates[0]
    let along = first.reshaped([count]).rowDots(g.reshaped([count])).scalar
    return .linearCombination([(1 / norm, g), (-along / norm, first)])
  }
}

extension Variable {
  /// The closest matrices with orthonormal columns: [n, d, m] -> [n, d, m], d >= m.
  public func orthogonalized() -> Variable {
    precondition(shape.count == 3 && shape[1] >= shape[2], "orthogonalized: matrices of shape \(shape)")
    let iteration = BjorckIteration(type: value.elementType, rows: shape[1], columns: shape[2])
    let a = value
    let matrix = [iteration.rows, iteration.columns]
    func each(_ body: (_ matrix: Tensor, _ s: Int) -> Tensor) -> Tensor {
      Tensor.stacking(
        a.shape[0], shape: matrix, a.elementType, cost: 100 * iteration.count * iteration.columns
      ) { s in body(a.leading(s..<(s + 1)).reshaped(matrix), s) }
    }
    let q = each { matrix, _ in
      let iterates = iteration.iterates(from: matrix).iterates
      return iterates[iterates.count - 1]
    }
    return .record(q, [self]) { g, inputs in
      inputs.add(each { iteration.pullback($0, g.leading($1..<($1 + 1)).reshaped(matrix)) }, to: 0)
    }
  }

  /// The greatest number of steps that a matrix takes.
  fileprivate var orthogonalizationSteps: Int {
    let iteration = BjorckIteration(type: value.elementType, rows: shape[1], columns: shape[2])
    return (0..<shape[0]).map { s in
      let matrix = value.leading(s..<(s + 1)).reshaped([shape[1], shape[2]])
      return iteration.iterates(from: matrix).iterates.count - 1
    }.max() ?? 0
  }
}

extension Dual {
  /// The closest matrices with orthonormal columns: [n, d, m] -> [n, d, m], d >= m.
  public func orthogonalized() -> Dual {
    let (n, count, m) = (shape[0], shape[1] * shape[2], shape[2])
    let flat = reshaped([n, count])
    let norm = (flat * flat).sum(axis: -1).applying(.sqrt)
    var q = (flat * norm.applying(.reciprocal).broadcast(over: count)).reshaped(shape)
    let unit = (0..<(n * m * m)).map { $0 % (m * m) % (m + 1) == 0 ? 1.5 : 0 }
    let identity = Variable(Tensor(unit, shape: [n, m, m]).converted(to: primalAndTangents.value.elementType))
    for _ in 0..<primal.orthogonalizationSteps {
      let correction = Dual(identity) - 0.5 * Dual.batchedMatrixProduct(q, q, transposingFirst: true)
      q = Dual.batchedMatrixProduct(q, correction)
    }
    return q
  }
}
