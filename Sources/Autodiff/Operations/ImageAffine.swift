import Tensors

// y_s = x_s W_s + t w_s + b_s for each image s, whose weights lie in its row of a packed tensor [n, P]: b_s [out], then
// [w_s; W_s] [1 + in, out], row-major.
// Tangent: x' W: weights and time are constants of whatever the tangents are of.
// Pullback: x receives g W^T; W receives x^T g; w receives t g, and b receives g, of the value only.

/// Where one layer's affine weights lie in an image's row of flow weights: the bias [out], then the weights
/// [1 + in, out], row-major, whose first row multiplies the time.
public struct ImageAffineLayout: Hashable, Sendable {
  public let inputs: Int
  public let outputs: Int
  /// The first number of the bias within the row.
  public let offset: Int

  public init(inputs: Int, outputs: Int, offset: Int) {
    self.inputs = inputs
    self.outputs = outputs
    self.offset = offset
  }

  /// How many numbers the layer takes of the row.
  public var count: Int { (inputs + 2) * outputs }

  fileprivate var timeOffset: Int { offset + outputs }
  fileprivate var weightOffset: Int { offset + 2 * outputs }
}

extension Variable {
  /// [t, x] W + b with each image's own weights: x [n, in], weights [n, P] -> [n, out].
  public func imageAffine(_ layout: ImageAffineLayout, weights: Variable, time: Double) -> Variable {
    imageAffine(layout, weights: weights, time: time, slots: 1)
  }

  fileprivate func imageAffine(
    _ layout: ImageAffineLayout, weights: Variable, time: Double, slots: Int
  ) -> Variable {
    let n = weights.shape[0]
    let (inputs, outputs) = (layout.inputs, layout.outputs)
    precondition(
      weights.shape.count == 2 && value.count == slots * n * inputs
        && weights.shape[1] >= layout.offset + layout.count,
      "image affine: x \(shape) of \(slots) slots, weights \(weights.shape), layer \(layout)")
    let (x, w) = (value, weights.value)
    let type = x.elementType
    let (size, stride, kernels) = (type.byteCount, w.shape[1], type.kernels)
    let y = Tensor(zeros: shape.dropLast() + [outputs], type)
    Compute.parallel(n, cost: layout.count * slots) { begin, end in
      for s in begin..<end {
        let row = w.address + s * stride * size
        let result = y.freshAddress + s * outputs * size
        // The value's row begins as b + t w; tangents begin as zero.
        kernels.add_row(outputs, 0, 1, 1, row + layout.offset * size, result)
        kernels.add_row(outputs, 0, 1, time, row + layout.timeOffset * size, result)
        multiplySmallMatrices(
          type, MatrixAddress(x.address + s * inputs * size, leading: n * inputs),
          MatrixAddress(row + layout.weightOffset * size, leading: outputs), rows: slots, columns: outputs,
          inner: inputs, beta: 1, into: result, leading: n * outputs)
      }
    }
    let xShape = shape
    return .record(y, [self, weights]) { g, cotangents in
      if cotangents.needs(0) {
        let gx = Tensor(uninitialized: xShape, type)
        Compute.parallel(n, cost: layout.count * slots) { begin, end in
          for s in begin..<end {
            multiplySmallMatrices(
              type, MatrixAddress(g.address + s * outputs * size, leading: n * outputs),
              MatrixAddress(
                w.address + (s * stride + layout.weightOffset) * size, leading: outputs, transposed: true),
              rows: slots, columns: inputs, inner: outputs, into: gx.freshAddress + s * inputs * size,
              leading: n * inputs)
          }
        }
        cotangents.add(gx, to: 0)
      }
      cotangents.add(
        deferred: ImageAffineGradient(shape: w.shape, layout: layout, x: x, g: g, slots: slots, time: time),
        to: 1)
    }
  }
}

/// The contribution x^T g to the gradient of each image's weights: many are formed as one product.
private struct ImageAffineGradient: DeferredGradient {
  let shape: [Int]
  let layout: ImageAffineLayout
  let x: Tensor
  let g: Tensor
  let slots: Int
  let time: Double
  var scale = 1.0

  var elementType: ElementType { x.elementType }
  var byteCount: Int { (x.count + g.count) * x.elementType.byteCount }

  static func add(_ terms: [ImageAffineGradient], to gradient: inout Tensor) {
    for (layout, terms) in Dictionary(grouping: terms, by: \.layout) {
      let (n, stride) = (gradient.shape[0], gradient.shape[1])
      let (inputs, outputs) = (layout.inputs, layout.outputs)
      let type = gradient.elementType
      let (size, kernels) = (type.byteCount, type.kernels)
      // All terms' rows one below the other, image by image: [n, rows, in] and [n, rows, out], g times its factor.
      let xs = imageRows(terms.map { ($0.x, $0.slots) }, n)
      let gs = imageRows(terms.map { ($0.scale == 1 ? $0.g : $0.g.scaled(by: $0.scale), $0.slots) }, n)
      let rows = terms.reduce(0) { $0 + $1.slots }
      gradient.withMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        nonisolated(unsafe) let target = base
        Compute.parallel(n, cost: layout.count * rows) { begin, end in
          for s in begin..<end {
            let (image, factors) = (target + s * stride * size, gs.address + s * rows * outputs * size)
            multiplySmallMatrices(
              type, MatrixAddress(xs.address + s * rows * inputs * size, leading: inputs, transposed: true),
              MatrixAddress(factors, leading: outputs), rows: inputs, columns: outputs, inner: rows, beta: 1,
              into: image + layout.weightOffset * size, leading: outputs)
            var first = 0
            for term in terms {
              let value = factors + first * outputs * size
              kernels.add_row(outputs, 0, 1, 1, value, image + layout.offset * size)
              kernels.add_row(outputs, 0, 1, term.time, value, image + layout.timeOffset * size)
              first += term.slots
            }
          }
        }
      }
      withExtendedLifetime((xs, gs)) {}
    }
  }

  /// [slots, n, c] of each term -> [n, all slots, c]
  private static func imageRows(_ terms: [(tensor: Tensor, slots: Int)], _ n: Int) -> Tensor {
    let columns = terms[0].tensor.count / (terms[0].slots * n)
    let stacked = terms.map { $0.tensor.reshaped([$0.slots, n, columns]) }
    return Tensor.concatenation(stacked, axis: 0).permuted([1, 0, 2])
  }
}

extension Dual {
  /// [t, x] W + b with each image's own weights: x [n, in], weights [n, P] -> [n, out].
  public func imageAffine(_ layout: ImageAffineLayout, weights: Variable, time: Double) -> Dual {
    Dual(stacked: stacked.imageAffine(layout, weights: weights, time: time, slots: 1 + tangentCount))
  }
}
