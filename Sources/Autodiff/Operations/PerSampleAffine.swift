import Kernels
import Tensors

// y_s = x_s W_s + t w_s + b_s for each sample s, whose weights lie in its row of a tensor [n, P]: b_s [out], then
// [w_s; W_s] [1 + in, out], row-major.
// Tangent: x' W: weights and time are constants of whatever the tangents are of.
// Pullback: x receives g W^T; W receives x^T g; w receives t g, and b receives g, of the primal only.

extension Variable {
  /// [t, x] W + b with per-sample weights: x [n, in], weights [n, P] -> [n, out].
  public func perSampleAffine(_ layout: PerSampleAffineLayout, weights: Variable, time: Double) -> Variable {
    perSampleAffine(layout, weights: weights, time: time, tangents: 0)
  }

  fileprivate func perSampleAffine(
    _ layout: PerSampleAffineLayout, weights: Variable, time: Double, tangents: Int
  ) -> Variable {
    let n = weights.shape[0]
    let (inputs, outputs) = (layout.inputs, layout.outputs)
    precondition(
      weights.shape.count == 2 && value.count == (1 + tangents) * n * inputs
        && weights.shape[1] >= layout.offset + layout.count,
      "per-sample affine: x \(shape) with \(tangents) tangents, weights \(weights.shape), layer \(layout)")
    let (x, w) = (value, weights.value)
    let y = Backends.current.affine(x, w, layout, time: time, components: 1 + tangents)
    let xShape = shape
    return .record(y.reshaped(shape.dropLast() + [outputs]), [self, weights]) { g, cotangents in
      if cotangents.needs(0) {
        cotangents.add(Backends.current.affinePullback(g, w, layout, components: 1 + tangents).reshaped(xShape), to: 0)
      }
      cotangents.add(
        deferred: PerSampleAffineGradient(shape: w.shape, layout: layout, x: x, g: g, tangents: tangents, time: time),
        to: 1)
    }
  }
}

/// The contribution x^T g to the gradient of per-sample weights: many are computed as one product.
private struct PerSampleAffineGradient: DeferredGradient {
  let shape: [Int]
  let layout: PerSampleAffineLayout
  let x: Tensor
  let g: Tensor
  let tangents: Int
  let time: Double
  var scale = 1.0

  var elementType: ElementType { x.elementType }
  var byteCount: Int { (x.count + g.count) * x.elementType.byteCount }

  static func add(_ terms: [PerSampleAffineGradient], to gradient: inout Tensor) {
    for (layout, terms) in Dictionary(grouping: terms, by: \.layout) {
      Backends.current.add(
        terms.map {
          PerSampleAffineTerm(x: $0.x, g: $0.g, components: 1 + $0.tangents, time: $0.time, scale: $0.scale)
        },
        layout,
        to: &gradient)
    }
  }
}

extension Dual {
  /// [t, x] W + b with per-sample weights: x [n, in], weights [n, P] -> [n, out].
  public func perSampleAffine(_ layout: PerSampleAffineLayout, weights: Variable, time: Double) -> Dual {
    Dual(
      primalAndTangents: primalAndTangents.perSampleAffine(layout, weights: weights, time: time, tangents: tangentCount)
    )
  }
}
