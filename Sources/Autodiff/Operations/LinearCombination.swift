import Tensors

// y = sum of c_i x_i for numbers c_i.
// Tangent: the same of the tangents. Pullback: x_i receives c_i g.

extension Variable {
  /// sum of coefficient * variable, all of one shape.
  public static func linearCombination(_ terms: [(coefficient: Double, variable: Variable)]) -> Variable {
    let y = Tensor.linearCombination(terms.map { ($0.coefficient, $0.variable.value) })
    let coefficients = terms.map(\.coefficient)
    return record(y, terms.map(\.variable)) { g, inputs in
      for (input, c) in coefficients.enumerated() {
        inputs.add(c == 1 ? g : g.scaled(by: c), to: input)
      }
    }
  }

  /// a + b, of one shape.
  public static func + (a: Variable, b: Variable) -> Variable { linearCombination([(1, a), (1, b)]) }

  /// a - b, of one shape.
  public static func - (a: Variable, b: Variable) -> Variable { linearCombination([(1, a), (-1, b)]) }

  /// -a
  public static prefix func - (a: Variable) -> Variable { linearCombination([(-1, a)]) }

  /// A number times a variable.
  public static func * (factor: Double, a: Variable) -> Variable { linearCombination([(factor, a)]) }

  /// A variable plus a number.
  public static func + (a: Variable, number: Double) -> Variable {
    a + Variable(Tensor(repeating: number, shape: a.shape, a.value.elementType))
  }
}

extension Dual {
  /// sum of coefficient * dual, all of one shape.
  public static func linearCombination(_ terms: [(coefficient: Double, dual: Dual)]) -> Dual {
    let count = terms.map(\.dual.tangentCount).max() ?? 0
    return Dual(
      primalAndTangents: .linearCombination(terms.map { ($0.coefficient, $0.dual.padded(to: count).primalAndTangents) })
    )
  }

  /// a + b, of one shape.
  public static func + (a: Dual, b: Dual) -> Dual { linearCombination([(1, a), (1, b)]) }

  /// a - b, of one shape.
  public static func - (a: Dual, b: Dual) -> Dual { linearCombination([(1, a), (-1, b)]) }

  /// -a
  public static prefix func - (a: Dual) -> Dual { linearCombination([(-1, a)]) }

  /// A number times a dual.
  public static func * (factor: Double, a: Dual) -> Dual { linearCombination([(factor, a)]) }

  /// A dual plus a number.
  public static func + (a: Dual, number: Double) -> Dual {
    a + Dual(Variable(Tensor(repeating: number, shape: a.shape, a.primalAndTangents.value.elementType)))
  }
}
