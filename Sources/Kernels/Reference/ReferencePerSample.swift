import Tensors

extension ReferenceBackend {
  package func roundsLowRank(_ numerics: Numerics) -> Bool { false }

  package func pack(_ weights: Tensor, _ layout: LowRankLayout) -> TensorStorage? { nil }

  package func multiply(_ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding addend: Tensor?)
    -> (y: Tensor, t: Tensor)
  {
    let (layout, n, rank) = (weights.layout, weights.count, weights.layout.rank)
    let w = Rows(weights.weights, columns: weights.weights.shape[1])
    let x64 = Rows(x, columns: product.from)
    let rows = product.components * n
    var t = [Double](repeating: 0, count: rows * rank)
    var y = addend?.doubles() ?? [Double](repeating: 0, count: rows * product.to)
    for row in 0..<rows {
      func u(_ i: Int, _ r: Int) -> Double { w[row % n, layout.uOffset + i * rank + r] }
      func v(_ r: Int, _ o: Int) -> Double { w[row % n, layout.vOffset + r * layout.outputs + o] }
      for r in 0..<rank {
        for i in 0..<product.from { t[row * rank + r] += x64[row, i] * (product.transposed ? v(r, i) : u(i, r)) }
        for o in 0..<product.to {
          y[row * product.to + o] += t[row * rank + r] * (product.transposed ? u(o, r) : v(r, o))
        }
      }
      guard row < n, !product.transposed else { continue }
      for o in 0..<product.to { y[row * product.to + o] += w[row, layout.biasOffset + o] }
    }
    return (
      Tensor(y, shape: [product.components, n, product.to]).converted(to: x.elementType),
      Tensor(t, shape: [product.components, n, rank]).converted(to: x.elementType)
    )
  }

  package func multiply(
    _ x: Tensor, _ weights: PreparedLowRank, _ product: LowRankProduct, adding matrix: PreparedMatrix, shift: Tensor?
  ) -> (y: Tensor, t: Tensor) {
    let rows = product.components * weights.count
    var shared = MatrixProduct(rows: rows, columns: product.to, inner: product.from)
    (shared.bias, shared.biasedRows) = (shift, shift == nil ? 0 : weights.count)
    var base = Tensor(zeros: [rows, product.to], .float64)
    multiply(MatrixView(x, leadingDimension: product.from), matrix.matrix, shared, into: &base)
    let (y, t) = multiply(x, weights, product, adding: base)
    return (y, t)
  }

  package func add(_ layers: [LowRankGradientSum], to gradient: inout Tensor, isFresh: Bool) {
    let (n, width) = (gradient.shape[0], gradient.shape[1])
    var sums = isFresh ? [Double](repeating: 0, count: gradient.count) : gradient.doubles()
    for layer in layers {
      let (layout, rank) = (layer.layout, layer.layout.rank)
      for term in layer.terms {
        let (x, g) = (Rows(term.x, columns: layout.inputs), Rows(term.g, columns: layout.outputs))
        let (xu, gv) = (Rows(term.xu, columns: rank), Rows(term.gv, columns: rank))
        for row in 0..<(term.components * n) {
          let first = row % n * width
          for r in 0..<rank {
            for i in 0..<layout.inputs {
              sums[first + layout.uOffset + i * rank + r] += term.scale * x[row, i] * gv[row, r]
            }
            for o in 0..<layout.outputs {
              sums[first + layout.vOffset + r * layout.outputs + o] += term.scale * xu[row, r] * g[row, o]
            }
          }
          guard row < n else { continue }
          for o in 0..<layout.outputs { sums[first + layout.biasOffset + o] += term.scale * g[row, o] }
        }
      }
    }
    gradient = Tensor(sums, shape: gradient.shape).converted(to: gradient.elementType)
  }

  package func affine(_ x: Tensor, _ weights: Tensor, _ layout: PerSampleAffineLayout, time: Double, components: Int)
    -> Tensor
  {
    let (n, inputs, outputs) = (weights.shape[0], layout.inputs, layout.outputs)
    let (x64, w) = (Rows(x, columns: inputs), Rows(weights, columns: weights.shape[1]))
    var y = [Double](repeating: 0, count: components * n * outputs)
    for row in 0..<(components * n) {
      for o in 0..<outputs {
        if row < n { y[row * outputs + o] = w[row, layout.offset + o] + time * w[row, layout.timeOffset + o] }
        for i in 0..<inputs {
          y[row * outputs + o] += x64[row, i] * w[row % n, layout.weightOffset + i * outputs + o]
        }
      }
    }
    return Tensor(y, shape: [components, n, outputs]).converted(to: x.elementType)
  }

  package func affinePullback(_ g: Tensor, _ weights: Tensor, _ layout: PerSampleAffineLayout, components: Int)
    -> Tensor
  {
    let (n, inputs, outputs) = (weights.shape[0], layout.inputs, layout.outputs)
    let (g64, w) = (Rows(g, columns: outputs), Rows(weights, columns: weights.shape[1]))
    var gx = [Double](repeating: 0, count: components * n * inputs)
    for row in 0..<(components * n) {
      for i in 0..<inputs {
        for o in 0..<outputs {
          gx[row * inputs + i] += g64[row, o] * w[row % n, layout.weightOffset + i * outputs + o]
        }
      }
    }
    return Tensor(gx, shape: [components, n, inputs]).converted(to: g.elementType)
  }

  package func add(_ terms: [PerSampleAffineTerm], _ layout: PerSampleAffineLayout, to gradient: inout Tensor) {
    let (n, width, inputs, outputs) = (gradient.shape[0], gradient.shape[1], layout.inputs, layout.outputs)
    var sums = gradient.doubles()
    for term in terms {
      let (x, g) = (Rows(term.x, columns: inputs), Rows(term.g, columns: outputs))
      for row in 0..<(term.components * n) {
        let first = row % n * width
        for o in 0..<outputs {
          for i in 0..<inputs {
            sums[first + layout.weightOffset + i * outputs + o] += term.scale * x[row, i] * g[row, o]
          }
          guard row < n else { continue }
          sums[first + layout.offset + o] += term.scale * g[row, o]
          sums[first + layout.timeOffset + o] += term.scale * term.time * g[row, o]
        }
      }
    }
    gradient = Tensor(sums, shape: gradient.shape).converted(to: gradient.elementType)
  }

  package func traceForms(_ type: ElementType, count: Int, layers: (_ sample: Int) -> [LayerWeights])
    -> TraceForms.Matrices
  {
    let sizes = layers(0)
    let (latent, first, second) = (sizes[0].inputs, sizes[0].outputs, sizes[1].outputs)
    var forms = [Double](repeating: 0, count: count * second * first)
    for sample in 0..<count {
      let m = layers(sample).map(\.definition)
      for j in 0..<second {
        for i in 0..<first {
          let sum = (0..<latent).reduce(0.0) { $0 + m[2][j * latent + $1] * m[0][$1 * first + i] }
          forms[(sample * second + j) * first + i] = m[1][i * second + j] * sum
        }
      }
    }
    return .plain(Tensor(forms, shape: [count, second, first]).converted(to: type))
  }

  package func values(of forms: TraceForms, _ y: Tensor, _ x: Tensor) -> Tensor {
    guard case .plain(let plain) = forms.matrices else {
      preconditionFailure("trace forms of another backend")
    }
    let (left, right) = (Rows(y, columns: forms.second), Rows(x, columns: forms.first))
    let c = Rows(plain, columns: forms.first)
    let values = (0..<forms.count).map { sample in
      (0..<forms.second).reduce(0.0) { sum, j in
        (0..<forms.first).reduce(sum) {
          $0 + left[sample, j] * c[sample * forms.second + j, $1] * right[sample, $1]
        }
      }
    }
    return Tensor(values, shape: [forms.count]).converted(to: x.elementType)
  }
}

extension LayerWeights {
  /// M [inputs, outputs] by its definition.
  fileprivate var definition: [Double] {
    let w = matrix.tensor.doubles()
    let (u, v) = (lowRank?.u.tensor.doubles() ?? [], lowRank?.v.tensor.doubles() ?? [])
    return (0..<(inputs * outputs)).map { at in
      let (i, o) = (at / outputs, at % outputs)
      var value = w[matrix.place(i, o)]
      if let lowRank {
        for r in 0..<lowRank.rank { value += u[lowRank.u.place(i, r)] * v[lowRank.v.place(r, o)] }
      }
      return value
    }
  }
}
