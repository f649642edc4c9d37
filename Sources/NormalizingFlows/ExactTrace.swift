import Autodiff
import CKernels
import Tensors

// The Jacobian of a network is a product of its layers' weights and of its activations' slopes. With rows times matrices,
// M_l all of layer l's weights for one image and D_l = diag(sigma'(h_l)), for two hidden layers
//
//     df/dz = M_1 D_1 M_2 D_2 M_3
//     trace(df/dz) = sum over i, j of sigma'(h_1)_i (M_2)_ij sigma'(h_2)_j (M_3 M_1)_ji
//                  = sigma'(h_2)^T C sigma'(h_1),      C = M_2^T o (M_3 M_1)
//
// and C, [hidden 2, hidden 1], is constant during a solve: the trace costs one pass over C instead of a tangent for each
// latent number through the second layer. For one hidden layer, df/dz = M_1 D_1 M_2 and
//
//     trace(df/dz) = sigma'(h_1)^T c,                  c_i = sum over d of (M_1)_di (M_2)_id
//
// This holds where a layer's weights do not depend on the time (concat, ignore, an image's own layers), and where an
// activation has no weights.

extension AmortizedNetwork {
  public func exactDivergence(conditioning: [Variable]) -> ExactDivergence? {
    guard layers.count == 2 || layers.count == 3, layers.allSatisfy(\.hasConstantWeights) else { return nil }
    let images = amortization == .none ? nil : conditioning[0]
    // Where no weight but a bias is an image's own, the form is the same for all.
    let isShared = layers.allSatisfy { $0.image.weightCount == 0 }
    let form = traceForm(sharedWeights(conditioning), images?.value, images: isShared ? 1 : images?.shape[0] ?? 1)
    return { time, z in
      var shared = sharedWeights(conditioning)
      var (a, slopes) = (Dual(z), [Variable]())
      for layer in layers {
        a = affinePart(of: layer, a, time: time, conditioning: conditioning, shared: &shared)
        guard let activation = layer.activation else { continue }
        let units = Variable(Tensor(repeating: 1, shape: [1] + a.shape, z.value.elementType))
        let jet = activation.apply(Dual(value: a.value, tangents: units), weights: [])
        slopes.append(jet.tangents.reshaped(a.shape))
        a = Dual(jet.value)
      }
      return (a.value, divergence(slopes, form, isShared))
    }
  }

  /// The trace from the slopes of the activations, each `[n, hidden]`.
  private func divergence(_ slopes: [Variable], _ form: Tensor, _ isShared: Bool) -> Variable {
    let (first, last) = (slopes[0], slopes[slopes.count - 1])
    switch (slopes.count, isShared) {
    case (1, true): return first.affine(weight: Variable(form)).reshaped([first.shape[0]])
    case (1, false): return .rowDot(first, Variable(form))
    case (_, true):
      return .rowDot(last, first.affine(weight: Variable(form.reshaped(Array(form.shape.dropFirst())))))
    case (_, false): return Variable(.bilinearForms(last.value, form, first.value))
    }
  }

  /// C for each image, `[images, hidden 2, hidden 1]`; or c, `[images, hidden]`.
  private func traceForm(_ shared: ArraySlice<Variable>, _ own: Tensor?, images: Int) -> Tensor {
    var rest = shared
    let weights = layers.map { layer in
      let weights = rest.take(layer.shared?.parameters.count ?? 0)
      return weights.first.map { layer.withoutTime($0.value) }
    }
    let sizes = layers.map { $0.size }
    let type = shared.first?.value.elementType ?? own?.elementType ?? .float32
    let (latent, hidden) = (sizes[0].inputs, sizes.map(\.outputs).dropLast())
    let form = Tensor(uninitialized: [images] + hidden.reversed(), type)
    let (bytes, count) = (type.byteCount, hidden.reduce(1, *))
    Compute.parallel(images, cost: count * latent) { begin, end in
      // M^T of each layer, [outputs, inputs], for one image after another.
      let transposed = sizes.map { Tensor(uninitialized: [$0.outputs, $0.inputs], type) }
      let product = Tensor(uninitialized: [count], type)
      for image in begin..<end {
        for (l, layer) in layers.enumerated() {
          layer.writeTransposed(to: transposed[l], shared: weights[l], own: own, image: image)
        }
        let result = form.freshAddress + image * count * bytes
        let (first, last) = (transposed[0], transposed[transposed.count - 1])
        if hidden.count == 1 {
          let across = last.permuted([1, 0])
          type.kernels.row_dot(latent, 0, hidden[0], first.address, across.address, result)
        } else {
          multiplySmallMatrices(
            type, MatrixAddress(last, transposed: true), MatrixAddress(first, transposed: true), rows: hidden[1],
            columns: hidden[0], inner: latent, into: product.freshAddress, leading: hidden[0])
          type.kernels.product_jet(0, 0, count, 0, count, product.address, transposed[1].address, result)
        }
      }
    }
    return form
  }
}

extension AmortizedNetwork.ImagePart {
  /// How many of an image's numbers are weights and not biases.
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

  fileprivate var size: (inputs: Int, outputs: Int) {
    if let shared { return (shared.inputs, shared.outputs) }
    guard case .affine(let layout) = image else { preconditionFailure("a layer without weights") }
    return (layout.inputs, layout.outputs)
  }

  /// The weights [out, in] of a shared layer's [out, 1 + in].
  fileprivate func withoutTime(_ weight: Tensor) -> Tensor {
    shared?.dependence == .concat ? weight.sliced(axis: 1, start: 1, length: weight.shape[1] - 1) : weight
  }

  /// Writes the transposed whole of the layer's weights for an image, [out, in]: W + (U V)^T, or its own W^T.
  fileprivate func writeTransposed(to result: Tensor, shared weight: Tensor?, own: Tensor?, image: Int) {
    let type = result.elementType
    let bytes = type.byteCount
    if let weight {
      result.freshAddress.copyMemory(from: weight.address, byteCount: weight.count * bytes)
    }
    guard let own else { return }
    let row = own.address + image * own.shape[1] * bytes
    switch self.image {
    case .none, .bias: break
    case .lowRank(let layout):
      let (u, v) = (row + layout.offset * bytes, row + (layout.offset + layout.inputs * layout.rank) * bytes)
      multiplySmallMatrices(
        type, MatrixAddress(v, leading: layout.outputs, transposed: true),
        MatrixAddress(u, leading: layout.rank, transposed: true), rows: layout.outputs, columns: layout.inputs,
        inner: layout.rank, beta: 1, into: result.freshAddress, leading: layout.inputs)
    case .affine(let layout):
      type.kernels.permute(
        [1, 1, layout.outputs, layout.inputs], [0, 0, 1, layout.outputs], 0, 1,
        row + (layout.offset + 2 * layout.outputs) * bytes, result.freshAddress)
    }
  }
}
