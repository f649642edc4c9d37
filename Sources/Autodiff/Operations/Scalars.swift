// a * c, c + a, c - a, a - c, a / c, c / a for numbers c, elementwise; c * a and a + c are in LinearCombination.
// Tangent and pullback are those of the operations that they are made of.

extension Variable {
  /// A variable times a number.
  public static func * (a: Variable, factor: Double) -> Variable { factor * a }

  /// A number plus a variable.
  public static func + (number: Double, a: Variable) -> Variable { a + number }

  /// A variable minus a number.
  public static func - (a: Variable, number: Double) -> Variable { a + (-number) }

  /// A number minus a variable.
  public static func - (number: Double, a: Variable) -> Variable { -a + number }

  /// A variable divided by a number: times 1 / number.
  public static func / (a: Variable, number: Double) -> Variable { (1 / number) * a }

  /// A number divided by a variable.
  public static func / (number: Double, a: Variable) -> Variable { number * a.applying(.reciprocal) }
}

extension Dual {
  /// A dual times a number.
  public static func * (a: Dual, factor: Double) -> Dual { factor * a }

  /// A number plus a dual.
  public static func + (number: Double, a: Dual) -> Dual { a + number }

  /// A dual minus a number.
  public static func - (a: Dual, number: Double) -> Dual { a + (-number) }

  /// A number minus a dual.
  public static func - (number: Double, a: Dual) -> Dual { -a + number }

  /// A dual divided by a number: times 1 / number.
  public static func / (a: Dual, number: Double) -> Dual { (1 / number) * a }

  /// A number divided by a dual.
  public static func / (number: Double, a: Dual) -> Dual { number * a.applying(.reciprocal) }
}
