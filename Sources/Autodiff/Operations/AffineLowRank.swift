import Kernels
import Tensors

// y_s = x_s W^T + t w + b + (x_s U_s) V_s + b_s for each sample s: a shared affine map of [t, x] and per-sample
// low-rank weights, as one operation, since both read x and add to y. The weights are stored as in Affine and LowRank.
// Tangent: x' W^T + (x' U) V: time, biases and weights are constants of whatever the tangents are of.
// Pullback: x receives g W + (g V^T) U^T; the weights receive what they do in Affine and LowRank.

extension Variable {
  /// [t, x] W^T + b + (x U) V + b_s: x [n, in], weight [out, 1 + in], bias [out], per-sample weights [n, P] -> [n, out]; without
  /// time, the weight is [out, in].
  public func affine(
    weight: Variable, bias: Variable, time: Double? = nil, lowRank layout: LowRankLayout, perSampleWeights: Variable
  ) -> Variable {
    affine(weight: weight, bias: bias, time: time, lowRank: layout, perSampleWeights: perSampleWeights, tangents: 0)
  }

  fileprivate func affine(
    weight: Variable, bias: Variable, time: Double?, lowRank layout: LowRankLayout, perSampleWeights: Variable,
    tangents: Int
  ) -> Variable {
    let n = perSampleWeights.shape[0]
    let (inputs, outputs, first) = (layout.inputs, layout.outputs, time == nil ? 0 : 1)
    precondition(
      weight.shape == [outputs, first + inputs] && value.count == (1 + tangents) * n * inputs
        && perSampleWeights.shape.count == 2 && perSampleWeights.shape[1] >= layout.offset + layout.count,
      "affine and low rank: x \(shape) with \(tangents) tangents, weight \(weight.shape)\(time == nil ? "" : " with time"), "
        + "per-sample weights \(perSampleWeights.shape), layer \(layout)")
    let own = PreparedLowRank(perSampleWeights.value, layout)
    let (x, w) = (value, weight.value)
    /// W^T, or W for the way back.
    func shared(transposed: Bool) -> PreparedMatrix {
      PreparedMatrix(
        MatrixView(w, offset: first, leadingDimension: first + inputs, transposed: transposed),
        inner: transposed ? inputs : outputs, columns: transposed ? outputs : inputs)
    }
    let (y, xu) = own.product(
      x, components: 1 + tangents, adding: shared(transposed: true),
      shift: .affineShift(weight: w, bias: bias.value, time: time))
    let (xShape, wShape, weightsShape) = (shape, w.shape, perSampleWeights.shape)
    return .record(y.reshaped(shape.dropLast() + [outputs]), [self, weight, bias, perSampleWeights]) { g, cotangents in
      let (gx, gv) = own.product(g, components: 1 + tangents, transposed: true, adding: shared(transposed: false))
      cotangents.add(gx.reshaped(xShape), to: 0)
      cotangents.addAffineGradients(
        weight: 1, shape: wShape, bias: 2, g: g, x: x, time: time, primalRows: n,
        numerics: .full)
      cotangents.add(
        deferred: LowRankGradient(shape: weightsShape, layout: layout, x: x, xu: xu, g: g, gv: gv, tangents: tangents),
        to: 3)
    }
  }
}

extension Dual {
  /// [t, x] W^T + b + (x U) V + b_s: x [n, in], weight [out, 1 + in], bias [out], per-sample weights [n, P] -> [n, out]; without
  /// time, the weight is [out, in].
  public func affine(
    weight: Variable, bias: Variable, time: Double? = nil, lowRank layout: LowRankLayout, perSampleWeights: Variable
  ) -> Dual {
    Dual(
      primalAndTangents: primalAndTangents.affine(
        weight: weight, bias: bias, time: time, lowRank: layout, perSampleWeights: perSampleWeights,
        tangents: tangentCount))
  }
}
