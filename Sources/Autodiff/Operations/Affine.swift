import Tensors

// y = x W^T + t w + b: an affine map of [t, x], the weight [out, 1 + in] stored as PyTorch stores that of a linear
// layer, its first column w multiplying the time; without time, the weight is [out, in].
// Tangent: x' W^T, the time and the bias being constant: they go to the value's rows only.
// Pullback: x receives g W; W receives g^T x; w receives t times, and b once, the sum of the value's rows of g.

extension Variable {
  /// x W^T + b: x [..., in], weight [out, in], bias [out] -> [..., out]
  ///
  /// - Parameter precision: The arithmetic of large products of single-precision numbers.
  public func affine(
    weight: Variable, bias: Variable? = nil, precision: ProductPrecision = .splitBfloat16
  ) -> Variable {
    affine(
      weight: weight, bias: bias, time: nil, valueRows: value.count / max(shape.last ?? 1, 1), precision: precision)
  }

  /// [t, x] W^T + b: x [..., in], weight [out, 1 + in], bias [out] -> [..., out]
  public func affine(weight: Variable, bias: Variable? = nil, time: Double) -> Variable {
    affine(weight: weight, bias: bias, time: time, valueRows: value.count / max(shape.last ?? 1, 1))
  }

  fileprivate func affine(
    weight: Variable, bias: Variable?, time: Double?, valueRows: Int, precision: ProductPrecision = .splitBfloat16
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
    let precision = precision.worthwhile(inner: inputs, columns: outputs)
    var y = Tensor(uninitialized: shape.dropLast() + [outputs], type)
    let timeTerm = time.map { ($0, w.sliced(axis: 1, start: 0, length: 1).reshaped([outputs])) }
    let shifts = [timeTerm, bias.map { (1, $0.value) }].compactMap { $0 }
    PackedMatrix(
      MatrixView(w, offset: first, leadingDimension: first + inputs, transposed: true), inner: inputs,
      columns: outputs, precision: precision, isEager: false
    ).multiply(
      MatrixView(x, leadingDimension: inputs), rows: rows,
      bias: shifts.isEmpty ? nil : .linearCombination(shifts.map { (coefficient: $0.0, tensor: $0.1) }),
      biasedRows: valueRows, into: &y)
    let xShape = shape
    return .record(y, [self, weight, bias ?? weight.detached]) { g, cotangents in
      if cotangents.needs(0) {
        var gx = Tensor(uninitialized: xShape, type)
        PackedMatrix(
          MatrixView(w, offset: first, leadingDimension: first + inputs), inner: outputs, columns: inputs,
          precision: precision, isEager: false
        ).multiply(MatrixView(g, leadingDimension: outputs), rows: rows, into: &gx)
        cotangents.add(gx, to: 0)
      }
      cotangents.add(
        deferred: AffineWeightGradient(
          shape: [outputs, first + inputs], x: x, g: g, rows: rows, time: time, valueRows: valueRows,
          precision: precision), to: 1)
      if cotangents.needs(2) {
        var sums = Tensor(zeros: [outputs], type)
        sums.addColumnSums(of: g, rows: valueRows)
        cotangents.add(sums, to: 2)
      }
    }
  }
}

/// The contribution g^T [t, x] to the gradient of an affine map's weight.
private struct AffineWeightGradient: DeferredGradient {
  let shape: [Int]
  let x: Tensor
  let g: Tensor
  let rows: Int
  let time: Double?
  let valueRows: Int
  let precision: ProductPrecision
  var scale = 1.0

  var elementType: ElementType { x.elementType }
  var byteCount: Int { (x.count + g.count) * x.elementType.byteCount }
  var factors: Gradient? {
    guard time == nil, scale == 1 else { return nil }
    return .product(
      cotangents: g.reshaped([rows, shape[0]]), inputs: x.reshaped([rows, shape[1]]), precision: precision)
  }

  static func add(_ terms: [AffineWeightGradient], to gradient: inout Tensor) {
    guard let any = terms.first else { return }
    let (outputs, columns) = (any.shape[0], any.shape[1])
    let first = any.time == nil ? 0 : 1
    var timeSums = Tensor(zeros: [outputs, 1], any.elementType)
    for term in terms {
      multiplyMatrices(
        MatrixView(term.g, leadingDimension: outputs, transposed: true),
        MatrixView(term.x, leadingDimension: columns - first),
        rows: outputs, columns: columns - first, inner: term.rows,
        precision: term.precision, alpha: term.scale, beta: 1, into: &gradient,
        resultOffset: first, resultLeadingDimension: columns)
      if let time = term.time {
        timeSums.addColumnSums(of: term.g, rows: term.valueRows, scale: term.scale * time)
      }
    }
    guard first == 1 else { return }
    timeSums.add(gradient.sliced(axis: 1, start: 0, length: 1))
    gradient.replace(axis: 1, start: 0, with: timeSums)
  }
}

extension Dual {
  /// x W^T + b: x [..., in], weight [out, in], bias [out] -> [..., out]
  public func affine(weight: Variable, bias: Variable? = nil) -> Dual {
    Dual(stacked: stacked.affine(weight: weight, bias: bias, time: nil, valueRows: valueRows))
  }

  /// [t, x] W^T + b: x [..., in], weight [out, 1 + in], bias [out] -> [..., out]
  public func affine(weight: Variable, bias: Variable? = nil, time: Double) -> Dual {
    Dual(stacked: stacked.affine(weight: weight, bias: bias, time: time, valueRows: valueRows))
  }

  private var valueRows: Int { shape.dropLast().reduce(1, *) }
}
