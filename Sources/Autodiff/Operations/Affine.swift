import Kernels
import Tensors

// y = x W^T + t w + b: an affine map of [t, x], the weight [out, 1 + in] stored as PyTorch stores that of a linear
// layer, its first column w multiplying the time; without time, the weight is [out, in].
// Tangent: x' W^T, the time and the bias being constant: they go to the primal's rows only.
// Pullback: x receives g W; W receives g^T x; w receives t times, and b once, the sum of the primal's rows of g.

extension Variable {
  /// x W^T + b: x [..., in], weight [out, in], bias [out] -> [..., out]
  ///
  /// - Parameters:
  ///   - weight: W.
  ///   - bias: b; nil for none.
  ///   - numerics: How exact the products of single-precision numbers are to be.
  public func affine(
    weight: Variable, bias: Variable? = nil, numerics: Numerics = .full
  ) -> Variable {
    affine(
      weight: weight, bias: bias, time: nil, primalRows: value.count / max(shape.last ?? 1, 1), numerics: numerics)
  }

  /// [t, x] W^T + b: x [..., in], weight [out, 1 + in], bias [out] -> [..., out]
  public func affine(weight: Variable, bias: Variable? = nil, time: Double) -> Variable {
    affine(weight: weight, bias: bias, time: time, primalRows: value.count / max(shape.last ?? 1, 1))
  }

  func affine(
    weight: Variable, bias: Variable?, time: Double?, primalRows: Int, numerics: Numerics = .full
  ) -> Variable {
    let inputs = shape.last ?? 1
    let outputs = weight.shape[0]
    let first = time == nil ? 0 : 1
    precondition(
      weight.shape == [outputs, first + inputs],
      "affine: weight \(weight.shape) for rows of \(inputs)\(time == nil ? "" : " with time")")
    let rows = value.count / max(inputs, 1)
    let (x, w) = (value, weight.value)
    let type = x.elementType
    var y = Tensor(uninitialized: shape.dropLast() + [outputs], type)
    PreparedMatrix(
      MatrixView(w, offset: first, leadingDimension: first + inputs, transposed: true), inner: inputs,
      columns: outputs, numerics: numerics, isEager: false
    ).multiply(
      MatrixView(x, leadingDimension: inputs), rows: rows, bias: .affineShift(weight: w, bias: bias?.value, time: time),
      biasedRows: primalRows, into: &y)
    let xShape = shape
    return .record(y, [self, weight, bias ?? weight.detached]) { g, cotangents in
      if cotangents.needs(0) {
        var gx = Tensor(uninitialized: xShape, type)
        PreparedMatrix(
          MatrixView(w, offset: first, leadingDimension: first + inputs), inner: outputs, columns: inputs,
          numerics: numerics, isEager: false
        ).multiply(MatrixView(g, leadingDimension: outputs), rows: rows, into: &gx)
        cotangents.add(gx, to: 0)
      }
      cotangents.addAffineGradients(
        weight: 1, shape: [outputs, first + inputs], bias: 2, g: g, x: x, time: time, primalRows: primalRows,
        numerics: numerics)
    }
  }
}

extension Tensor {
  /// t w + b, what an affine map of [t, x] adds to each row: weight [out, 1 + in], bias [out] -> [out]; nothing without
  /// time and bias.
  static func affineShift(weight: Tensor, bias: Tensor?, time: Double?) -> Tensor? {
    guard let time else { return bias }
    let outputs = weight.shape[0]
    let column = weight.sliced(axis: 1, start: 0, length: 1).reshaped([outputs])
    return .linearCombination([(time, column)] + (bias.map { [(1, $0)] } ?? []))
  }
}

extension InputCotangents {
  /// The contributions of an affine map to the gradients of its weight `[out, in]`, or `[out, 1 + in]` with time, and of
  /// its bias, for the cotangent g of its result and the x that it took.
  mutating func addAffineGradients(
    weight: Int, shape: [Int], bias: Int, g: Tensor, x: Tensor, time: Double?, primalRows: Int,
    numerics: Numerics
  ) {
    guard needs(weight) || needs(bias) else { return }
    var timePart: (time: Double, sums: Tensor)?
    if needs(bias) || time != nil {
      var sums = Tensor(zeros: [shape[0]], g.elementType)
      sums.addColumnSums(of: g, rows: primalRows)
      add(sums, to: bias)
      timePart = time.map { ($0, sums) }
    }
    add(deferred: AffineWeightGradient(shape: shape, x: x, g: g, timePart: timePart, numerics: numerics), to: weight)
  }
}

/// The contribution g^T [t, x] to the gradient of an affine map's weight.
private struct AffineWeightGradient: DeferredGradient {
  let shape: [Int]
  let x: Tensor
  let g: Tensor
  /// The time, and the column sums of the primal's rows of g; or nothing in a map without time.
  let timePart: (time: Double, sums: Tensor)?
  let numerics: Numerics
  var scale = 1.0

  var elementType: ElementType { x.elementType }
  var byteCount: Int { (x.count + g.count) * x.elementType.byteCount }
  var factors: Gradient? {
    guard timePart == nil, scale == 1 else { return nil }
    return .outerProduct(
      cotangents: g.reshaped([g.count / shape[0], shape[0]]), inputs: x.reshaped([x.count / shape[1], shape[1]]),
      numerics: numerics)
  }

  static func add(_ terms: [AffineWeightGradient], to gradient: inout Tensor) {
    guard let any = terms.first else { return }
    let (outputs, columns) = (any.shape[0], any.shape[1])
    let first = any.timePart == nil ? 0 : 1
    // All terms have the same numerics, and but for those of an adjoint solve the same scale.
    var rest = terms[...]
    while let scale = rest.first?.scale {
      let alike = rest.prefix { $0.scale == scale }
      var sum = OuterProductSum(alike.map { ($0.g, $0.x) }, outputs: outputs, inputs: columns - first)
      (sum.alpha, sum.resultOffset, sum.resultLeadingDimension) = (scale, first, columns)
      addOuterProducts(sum, numerics: any.numerics, to: &gradient)
      rest = rest.dropFirst(alike.count)
    }
    let times = terms.compactMap { term in
      term.timePart.map { (coefficient: term.scale * $0.time, tensor: $0.sums) }
    }
    guard !times.isEmpty else { return }
    var column = Tensor.linearCombination(times).reshaped([outputs, 1])
    column.add(gradient.sliced(axis: 1, start: 0, length: 1))
    gradient.replace(axis: 1, start: 0, with: column)
  }
}

extension Dual {
  /// x W^T + b: x [..., in], weight [out, in], bias [out] -> [..., out]
  public func affine(weight: Variable, bias: Variable? = nil) -> Dual {
    Dual(primalAndTangents: primalAndTangents.affine(weight: weight, bias: bias, time: nil, primalRows: primalRows))
  }

  /// [t, x] W^T + b: x [..., in], weight [out, 1 + in], bias [out] -> [..., out]
  public func affine(weight: Variable, bias: Variable? = nil, time: Double) -> Dual {
    Dual(primalAndTangents: primalAndTangents.affine(weight: weight, bias: bias, time: time, primalRows: primalRows))
  }

  private var primalRows: Int { shape.dropLast().reduce(1, *) }
}
