import Autodiff
import Kernels
import Tensors

// The Jacobian of a network is a product of its layers' weights and its activations' derivatives. In the convention of
// row vectors times matrices, let M_l be the weights of layer l for one sample (shared and per-sample ones together),
// and D_l = diag(sigma'(h_l)). For two hidden layers,
//
//     df/dz = M_1 D_1 M_2 D_2 M_3
//     trace(df/dz) = sum over i, j of sigma'(h_1)_i (M_2)_ij sigma'(h_2)_j (M_3 M_1)_ji
//                  = sigma'(h_2)^T C sigma'(h_1),      C = M_2^T o (M_3 M_1)
//
// where o is the elementwise product. C, [hidden 2, hidden 1], is constant during a solve: the trace takes one pass
// over C instead of a tangent for each latent dimension through the second layer. For one hidden layer, df/dz = M_1
// D_1 M_2 and
//
//     trace(df/dz) = sigma'(h_1)^T c,                  c_i = sum over d of (M_1)_di (M_2)_id
//
// This holds where a layer's weights do not depend on the time (concat, ignore, per-sample layers), and where the
// activation has no parameters.

extension AmortizedNetwork {
  /// The exact divergence in closed form, for networks with one or two hidden layers; nil for others, for layers whose
  /// weights depend on the time, and for activations with parameters.
  ///
  ///     trace(df/dz) = sigma'(h_2)^T C sigma'(h_1),      C = M_2^T o (M_3 M_1)
  ///
  /// with the weights M_l of layer l and its values h_l before the activation sigma. The weights are in full precision,
  /// also for the velocity, whatever the precision of the pass.
  ///
  /// - Parameter conditioning: As ``conditioning(perSampleWeights:_:)`` gives it.
  public func exactDivergence(conditioning: [Variable]) -> ExactDivergence? {
    with(.full).traceOfWeights(conditioning)
  }

  private func traceOfWeights(_ conditioning: [Variable]) -> ExactDivergence? {
    guard layers.count == 2 || layers.count == 3, layers.allSatisfy(\.hasConstantWeights) else { return nil }
    let divergence = divergence(conditioning)
    return { time, z in
      var shared = sharedWeights(conditioning)
      var (a, derivatives) = (z, [Tensor]())
      for layer in layers {
        a = affinePart(of: layer, Dual(a), time: time, conditioning: conditioning, shared: &shared).primal
        guard let activation = layer.activation else { continue }
        let (value, derivative) = activation.valueAndDerivative(a.value)
        derivatives.append(derivative)
        a = Variable(value)
      }
      return (a, Variable(divergence(derivatives)))
    }
  }

  /// The trace `[n]` as a function of the activations' derivatives, each `[n, hidden]`. What is constant during a
  /// solve is computed here, once.
  private func divergence(_ conditioning: [Variable]) -> (_ derivatives: [Tensor]) -> Tensor {
    var rest = sharedWeights(conditioning)
    let shared = layers.map { layer in rest.take(layer.shared?.parameters.count ?? 0).first?.value }
    let own = amortization == .none ? nil : conditioning[0].value
    let type = (own ?? shared[0])?.elementType ?? .float32
    func weights(_ sample: Int) -> [LayerWeights] {
      zip(layers, shared).map { $0.weights(shared: $1, own: own, sample: sample) }
    }
    // Where nothing but biases is per-sample, the form is the same for all samples.
    let isShared = layers.allSatisfy { $0.perSample.weightCount == 0 }
    let samples = isShared ? 1 : own?.shape[0] ?? 1
    switch (layers.count, isShared) {
    case (2, true):
      let vector = Variable(traceVectors(type, samples: 1, weights))
      return { derivatives in
        Variable(derivatives[0]).affine(weight: vector).value.reshaped([derivatives[0].shape[0]])
      }
    case (2, false):
      let vectors = traceVectors(type, samples: samples, weights)
      return { derivatives in derivatives[0].rowDots(vectors) }
    case (_, true):
      let matrix = Variable(TraceForms.matrix(type, weights(0)))
      return { derivatives in derivatives[1].rowDots(Variable(derivatives[0]).affine(weight: matrix).value) }
    case (_, false):
      let forms = TraceForms(type, count: samples, layers: weights)
      return { derivatives in forms.values(derivatives[1], derivatives[0]) }
    }
  }

  /// The vector c of each sample, `[samples, hidden]`.
  private func traceVectors(_ type: ElementType, samples: Int, _ weights: (_ sample: Int) -> [LayerWeights]) -> Tensor {
    let (latent, hidden) = (weights(0)[0].inputs, weights(0)[0].outputs)
    return Tensor.stacking(samples, shape: [hidden], type, cost: hidden * latent) { sample in
      let layers = weights(sample).map { $0.transposed(type) }
      return layers[0].rowDots(layers[1].permuted([1, 0]))
    }
  }
}

extension AmortizedNetwork.PerSamplePart {
  /// How many of the per-sample numbers are weights, not biases.
  fileprivate var weightCount: Int {
    switch self {
    case .none, .bias: 0
    case .lowRank(let layout): layout.count
    case .affine(let layout): layout.count
    }
  }
}

extension AmortizedNetwork.Layer {
  /// Whether the layer's weights are the same at all times.
  fileprivate var hasConstantWeights: Bool {
    let isConstant = shared.map { $0.dependence == .concat || $0.dependence == .ignore } ?? true
    return isConstant && activation?.parameters.isEmpty ?? true
  }

  /// The layer's weights for one sample, without those that multiply the time: from the weight of the shared layer,
  /// [out, 1 + in] or [out, in], and the sample's row of per-sample weights.
  fileprivate func weights(shared weight: Tensor?, own: Tensor?, sample: Int) -> LayerWeights {
    if case .affine(let layout) = self.perSample, let own { return LayerWeights(layout, own, sample: sample) }
    guard let weight, let shared else { preconditionFailure("a layer without weights") }
    var lowRank: (layout: LowRankLayout, weights: Tensor, sample: Int)?
    if case .lowRank(let layout) = self.perSample, let own { lowRank = (layout, own, sample) }
    return LayerWeights(inputs: shared.inputs, outputs: shared.outputs, shared: weight, lowRank: lowRank)
  }
}
