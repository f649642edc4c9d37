import Tensors

// y[row] = x[row][index of the row]: [..., n] -> [...]
// Tangent: x' at the same places. Pullback: g in those places, zeros elsewhere.

extension Variable {
  /// One number of each row: [..., n] with an index for each row -> [...]
  public func gathered(at indices: [Int]) -> Variable { gathered(at: indices, repeats: 1) }

  fileprivate func gathered(at indices: [Int], repeats: Int) -> Variable {
    let columns = shape.last ?? 1
    precondition(
      indices.count * repeats * columns == value.count && indices.allSatisfy { (0..<columns).contains($0) },
      "gathered: \(indices.count) indices for \(shape)")
    let places = (0..<(repeats * indices.count)).map { $0 * columns + indices[$0 % indices.count] }
    let x = shape
    return .record(value.gathered(places, shape: Array(shape.dropLast())), [self]) { g, inputs in
      inputs.add(g.scattered(to: places, shape: x), to: 0)
    }
  }
}

extension Dual {
  /// One number of each row: [..., n] with an index for each row -> [...]
  public func gathered(at indices: [Int]) -> Dual {
    Dual(primalAndTangents: primalAndTangents.gathered(at: indices, repeats: 1 + tangentCount))
  }
}
