import Autodiff
import Kernels
import NeuralNetworks
import Tensors

/// The velocity of an FFJORD posterior: a network with an activation between layers, and none after the last, whose
/// weights are in part per-sample (``Amortization``).
///
///     low-rank     layer_l(a) = shared_l(t, a) + (a U_l(x)) V_l(x) + bias_l(x)
///     bias         layer_l(a) = shared_l(t, a) + bias_l(x)
///     hyper        layer_l(a) = [t, a] W_l(x) + bias_l(x)
///     last-layer   layer_l(a) = shared_l(t, a), the last one [t, a] W(x) + bias(x)
///     none         layer_l(a) = shared_l(t, a)
///
/// All shared layers have one ``TimeDependence``. Per-sample and shared weights are constant during a solve: the
/// velocity is conditioned on them.
///
/// Grathwohl et al. 2019 (FFJORD).
public struct AmortizedNetwork: Velocity {
  /// The per-sample part of a layer, and where its numbers lie in a sample's row of weights.
  enum PerSamplePart: Sendable {
    case none
    case lowRank(LowRankLayout)
    case bias(offset: Int, count: Int)
    case affine(PerSampleAffineLayout)

    var count: Int {
      switch self {
      case .none: 0
      case .lowRank(let layout): layout.count
      case .bias(_, let count): count
      case .affine(let layout): layout.count
      }
    }
  }

  struct Layer: Sendable {
    let shared: TimeLayer?
    var perSample: PerSamplePart
    let activation: ActivationLayer?

    var parameters: [Parameter] { (shared?.parameters ?? []) + (activation?.parameters ?? []) }
  }

  /// Which weights are per-sample.
  public let amortization: Amortization
  private(set) var layers: [Layer]

  /// Adds the parameters of the shared layers to a builder.
  ///
  /// - Parameters:
  ///   - name: The block's name. The parameters of layer l are `name.diffeq.layers.l._layer.weight` and so on, those of
  ///     activations `name.diffeq.activation_fns.l.beta`.
  ///   - latent: The number of latent dimensions.
  ///   - hidden: The widths of the hidden layers.
  ///   - amortization: Which weights are per-sample.
  ///   - rank: The rank of the per-sample weights, where they are low-rank.
  ///   - activation: The activation between layers.
  ///   - timeDependence: How shared layers depend on the time. Per-sample layers always concatenate it.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, latent: Int, hidden: [Int], amortization: Amortization = .lowRank, rank: Int = 1,
    activation: ElementwiseFunction = .softplus, timeDependence: TimeDependence = .concat,
    in builder: inout ParameterBuilder
  ) {
    self.amortization = amortization
    let widths = [latent] + hidden + [latent]
    var layers: [Layer] = []
    var offset = 0
    for (l, (inputs, outputs)) in zip(widths, widths.dropFirst()).enumerated() {
      let isLast = l == hidden.count
      let perSample: PerSamplePart =
        switch amortization {
        case .lowRank:
          .lowRank(LowRankLayout(inputs: inputs, rank: rank, outputs: outputs, offset: offset))
        case .bias: .bias(offset: offset, count: outputs)
        case .hyper: .affine(PerSampleAffineLayout(inputs: inputs, outputs: outputs, offset: offset))
        case .lastLayer where isLast:
          .affine(PerSampleAffineLayout(inputs: inputs, outputs: outputs, offset: offset))
        case .lastLayer, .none: .none
        }
      offset += perSample.count
      var shared: TimeLayer?
      if case .affine = perSample {
      } else {
        shared = TimeLayer(
          "\(name).diffeq.layers.\(l)", timeDependence, inputs: inputs, outputs: outputs, in: &builder)
      }
      layers.append(
        Layer(
          shared: shared, perSample: perSample,
          activation: isLast
            ? nil
            : ActivationLayer("\(name).diffeq.activation_fns.\(l)", activation, isFirst: l == 0, in: &builder)))
      // The published network of this kind has an activation after its last layer too, whose beta is one more name of
      // the shared one.
      if isLast, amortization == .hyper {
        _ = ActivationLayer("\(name).diffeq.activation_fns.\(l)", activation, isFirst: false, in: &builder)
      }
    }
    self.layers = layers
  }

  /// This velocity with products of its per-sample low-rank weights in the given numerics. Where weights are rounded, they
  /// are rounded once, before the solve, which therefore sees one smooth velocity.
  func with(_ numerics: Numerics) -> AmortizedNetwork {
    var result = self
    for l in layers.indices {
      guard case .lowRank(var layout) = layers[l].perSample else { continue }
      layout.numerics = numerics
      result.layers[l].perSample = .lowRank(layout)
    }
    return result
  }

  /// The number of per-sample weights, biases included: what the hypernetwork gives for each sample.
  public var conditionalCount: Int { layers.reduce(0) { $0 + $1.perSample.count } }

  /// What the velocity is conditioned on: the per-sample weights, where there are any, followed by the shared
  /// parameters in the order of the parameter set.
  ///
  /// - Parameters:
  ///   - perSampleWeights: The per-sample weights, `[batch, conditionalCount]`; nil where there are none.
  ///   - parameters: The model's parameters.
  public func conditioning(perSampleWeights: Variable?, _ parameters: BoundParameters) -> [Variable] {
    precondition(
      (perSampleWeights?.shape[1] ?? 0) == conditionalCount,
      "conditioning: per-sample weights \(perSampleWeights?.shape ?? []) where \(conditionalCount) are wanted")
    return [perSampleWeights].compactMap { $0 } + layers.flatMap(\.parameters).map { parameters[$0] }
  }

  /// The velocity dz/dt, `[batch, latent]`.
  ///
  /// - Parameters:
  ///   - time: The time t.
  ///   - z: The state, `[batch, latent]`.
  ///   - conditioning: As ``conditioning(perSampleWeights:_:)`` gives it.
  public func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    var shared = sharedWeights(conditioning)
    var swish = shared.prefix(0)
    return layers.reduce(z) { a, layer in
      let b = affinePart(of: layer, a, time: time, conditioning: conditioning, shared: &shared)
      guard let activation = layer.activation else { return b }
      let own = shared.take(activation.parameters.count)
      if !own.isEmpty { swish = own }
      return activation.apply(b, weights: swish)
    }
  }

  /// The shared weights of all layers, one after another.
  func sharedWeights(_ conditioning: [Variable]) -> ArraySlice<Variable> {
    conditionalCount > 0 ? conditioning.dropFirst() : conditioning[...]
  }

  /// A layer without its activation. Removes the layer's weights from the front of `shared`.
  func affinePart(
    of layer: Layer, _ a: Dual, time: Double, conditioning: [Variable], shared: inout ArraySlice<Variable>
  ) -> Dual {
    let weights = shared.take(layer.shared?.parameters.count ?? 0)
    /// The shared layer alone.
    func base() -> Dual { layer.shared?.apply(a, time: time, weights: weights) ?? a }
    switch layer.perSample {
    case .none: return base()
    case .lowRank(let layout):
      return layer.shared?.apply(a, time: time, weights: weights, lowRank: layout, perSampleWeights: conditioning[0])
        ?? a.lowRank(layout, weights: conditioning[0])
    case .bias(let offset, let count):
      return base().adding(conditioning[0].sliced(axis: 1, start: offset, length: count))
    case .affine(let layout): return a.perSampleAffine(layout, weights: conditioning[0], time: time)
    }
  }
}

extension ArraySlice {
  /// Removes the first elements and returns them.
  package mutating func take(_ count: Int) -> ArraySlice {
    defer { self = dropFirst(count) }
    return prefix(count)
  }
}

extension Dual {
  /// A dual plus a variable of the shape of its primal value, which is constant with respect to the tangents.
  fileprivate func adding(_ b: Variable) -> Dual {
    let count = shape.product
    let rows = primalAndTangents.reshaped([1 + tangentCount, count]).addingToRows(b.reshaped([count]), rows: 1)
    return Dual(primalAndTangents: rows.reshaped([1 + tangentCount] + shape))
  }
}
