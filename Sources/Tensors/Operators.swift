import CKernels

// Elementwise arithmetic on tensors of one shape and type, and with numbers. There is no broadcasting.

extension Tensor {
  /// a + b, elementwise, of one shape.
  public static func + (a: Tensor, b: Tensor) -> Tensor { linearCombination([(1, a), (1, b)]) }

  /// a - b, elementwise, of one shape.
  public static func - (a: Tensor, b: Tensor) -> Tensor { linearCombination([(1, a), (-1, b)]) }

  /// a b, elementwise, of one shape.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    precondition(
      a.shape == b.shape && a.elementType == b.elementType,
      "product: \(a.elementType) \(a.shape) and \(b.elementType) \(b.shape)")
    let result = Tensor(uninitialized: a.shape, a.elementType)
    let kernels = a.elementType.kernels
    Compute.parallel(a.count, cost: 1) { begin, end in
      kernels.product_jet(0, 0, a.count, begin, end, a.address, b.address, result.freshAddress)
    }
    withExtendedLifetime((a, b)) {}
    return result
  }

  /// a / b, elementwise, of one shape.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    precondition(
      a.shape == b.shape && a.elementType == b.elementType,
      "quotient: \(a.elementType) \(a.shape) and \(b.elementType) \(b.shape)")
    switch a.elementType {
    case .float32: return Tensor(zip(a.floats(), b.floats()).map { $0 / $1 }, shape: a.shape)
    case .float64: return Tensor(zip(a.doubles(), b.doubles()).map { $0 / $1 }, shape: a.shape)
    }
  }

  /// -a
  public static prefix func - (a: Tensor) -> Tensor { a.scaled(by: -1) }

  /// A number times a tensor.
  public static func * (factor: Double, a: Tensor) -> Tensor { a.scaled(by: factor) }

  /// A tensor times a number.
  public static func * (a: Tensor, factor: Double) -> Tensor { a.scaled(by: factor) }

  /// A tensor divided by a number: times 1 / number.
  public static func / (a: Tensor, number: Double) -> Tensor { a.scaled(by: 1 / number) }

  /// A number divided by a tensor, elementwise.
  public static func / (number: Double, a: Tensor) -> Tensor {
    Tensor(repeating: number, shape: a.shape, a.elementType) / a
  }

  /// A tensor plus a number, elementwise.
  public static func + (a: Tensor, number: Double) -> Tensor {
    a + Tensor(repeating: number, shape: a.shape, a.elementType)
  }

  /// A number plus a tensor, elementwise.
  public static func + (number: Double, a: Tensor) -> Tensor { a + number }

  /// A tensor minus a number, elementwise.
  public static func - (a: Tensor, number: Double) -> Tensor { a + (-number) }

  /// A number minus a tensor, elementwise.
  public static func - (number: Double, a: Tensor) -> Tensor { -a + number }

  /// Each number transformed, in double precision, on the calling thread: for small tensors, and for functions that are
  /// not an ``ElementwiseFunction``.
  public func map(_ transform: (Double) -> Double) -> Tensor {
    Tensor(doubles().map(transform), shape: shape).converted(to: elementType)
  }
}

extension Tensor: Equatable {
  /// Whether two tensors have the same shape, the same element type, and equal numbers.
  ///
  /// Numbers are compared as floating-point numbers are: 0 equals -0, and a number that is undefined (NaN) equals
  /// nothing, so that a tensor with one does not equal itself.
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape, a.elementType == b.elementType else { return false }
    func areEqual<Scalar: TensorScalar>(_: Scalar.Type) -> Bool {
      a.withBytes { x in
        b.withBytes { y in x.bindMemory(to: Scalar.self).elementsEqual(y.bindMemory(to: Scalar.self)) }
      }
    }
    switch a.elementType {
    case .float32: return areEqual(Float.self)
    case .float64: return areEqual(Double.self)
    }
  }
}
