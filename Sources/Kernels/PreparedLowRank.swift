import Tensors

/// Low-rank weights of one layer, each sample's own, as factors of many products: those of a solve.
package struct PreparedLowRank: Sendable {
  package let layout: LowRankLayout
  /// Samples.
  package let count: Int
  /// `[count, P]`
  let weights: Tensor
  /// The weights as the backend packed them.
  let packed: TensorStorage?

  /// Prepares the weights that lie in each row of `weights` [n, P].
  package init(_ weights: Tensor, _ layout: LowRankLayout) {
    precondition(
      weights.rank == 2 && weights.shape[1] >= layout.offset + layout.count,
      "low rank: weights \(weights.shape), layer \(layout)")
    (self.layout, self.weights, count) = (layout, weights, weights.shape[0])
    packed = Backends.current.pack(weights, layout)
  }

  /// t = x U, y = addend + t V + bias for x [components, n, inputs], the bias for the first component only; or, transposed,
  /// t = x V^T, y = addend + t U^T for x [components, n, outputs]. Returns y [components, n, outputs], and t [components, n, rank].
  package func product(_ x: Tensor, components: Int, transposed: Bool = false, adding addend: Tensor? = nil) -> (
    y: Tensor, t: Tensor
  ) {
    let product = check(x, components, transposed)
    precondition(
      addend.map { $0.elementType == x.elementType && $0.count == components * count * product.to } ?? true,
      "low rank: addend \(addend?.shape ?? []) for \(components) components of \(count) samples, \(product.to) numbers each"
    )
    layout.countWork(samples: count, components: components, x.elementType)
    return Backends.current.multiply(x, self, product, adding: addend)
  }

  /// The same with x W for the addend, and a shift in the first component beside the bias; or, transposed, with x W alone: in
  /// one pass over the samples.
  package func product(
    _ x: Tensor, components: Int, transposed: Bool = false, adding matrix: PreparedMatrix, shift: Tensor? = nil
  ) -> (y: Tensor, t: Tensor) {
    let product = check(x, components, transposed)
    precondition(
      matrix.inner == product.from && matrix.columns == product.to && shift.map { $0.count == product.to } ?? true,
      "low rank: matrix [\(matrix.inner), \(matrix.columns)], shift \(shift?.shape ?? []) for \(product.from) to "
        + "\(product.to)")
    layout.countWork(samples: count, components: components, x.elementType)
    return Backends.current.multiply(x, self, product, adding: matrix, shift: shift)
  }

  private func check(_ x: Tensor, _ components: Int, _ transposed: Bool) -> LowRankProduct {
    let product = LowRankProduct(layout, components: components, transposed: transposed)
    precondition(
      x.elementType == weights.elementType && x.count == components * count * product.from,
      "low rank: x \(x.shape) for \(components) components of \(count) samples, \(product.from) numbers each")
    return product
  }
}

/// The sizes of a product with low-rank weights.
package struct LowRankProduct: Sendable {
  /// The primal, and tangents.
  package let components: Int
  package let transposed: Bool
  /// Numbers of a row of x and of y.
  package let from, to: Int

  init(_ layout: LowRankLayout, components: Int, transposed: Bool) {
    (self.components, self.transposed) = (components, transposed)
    (from, to) = transposed ? (layout.outputs, layout.inputs) : (layout.inputs, layout.outputs)
  }
}

/// One product's contribution to the gradient of low-rank weights.
package struct LowRankTerm: Sendable {
  let (x, xu, g, gv): (Tensor, Tensor, Tensor, Tensor)
  let components: Int
  let scale: Double

  /// - Parameters:
  ///   - x: What the product took, [components, n, inputs].
  ///   - xu: Its t, [components, n, rank].
  ///   - g: The cotangent of its y, [components, n, outputs].
  ///   - gv: The t of the transposed product with g, [components, n, rank].
  package init(x: Tensor, xu: Tensor, g: Tensor, gv: Tensor, components: Int, scale: Double = 1) {
    (self.x, self.xu, self.g, self.gv, self.components, self.scale) = (x, xu, g, gv, components, scale)
  }
}

/// The gradient of one layer's low-rank weights: the sum of scale * (x^T gv, xu^T g, and the first component of g).
package struct LowRankGradientSum: Sendable {
  let layout: LowRankLayout
  let terms: [LowRankTerm]

  package init(_ layout: LowRankLayout, terms: [LowRankTerm]) { (self.layout, self.terms) = (layout, terms) }

  /// Adds the gradients of layers to that of their weights, [n, P]; to zeros, whatever is there, if it is fresh.
  package static func add(_ layers: [LowRankGradientSum], to gradient: inout Tensor, isFresh: Bool) {
    let n = gradient.shape[0]
    for layer in layers {
      let (layout, type) = (layer.layout, gradient.elementType)
      precondition(
        gradient.rank == 2 && gradient.shape[1] >= layout.offset + layout.count,
        "low-rank gradient: \(gradient.shape), layer \(layout)")
      for term in layer.terms {
        let rows = term.components * n
        precondition(
          term.x.count == rows * layout.inputs && term.g.count == rows * layout.outputs
            && term.xu.count == rows * layout.rank && term.gv.count == rows * layout.rank
            && [term.x, term.xu, term.g, term.gv].allSatisfy { $0.elementType == type },
          "low-rank gradient: x \(term.x.shape), g \(term.g.shape) for \(term.components) components of \(n) samples")
      }
      layout.countWork(samples: n, components: layer.terms.reduce(0) { $0 + $1.components }, type)
    }
    Backends.current.add(layers, to: &gradient, isFresh: isFresh)
  }
}
