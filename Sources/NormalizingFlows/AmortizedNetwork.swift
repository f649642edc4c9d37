import Kernels
import Autodiff
import NeuralNetworks
import Tensors

/// The velocity of an FFJORD posterior: a network with an activation between layers, and none after the last, whose
/// weights are in part the image's own,
///
///     low-rank     layer_l(a) = shared_l(t, a) + (a U_l(x)) V_l(x) + bias_l(x)
///     bias         layer_l(a) = shared_l(t, a) + bias_l(x)
///     hyper        layer_l(a) = [t, a] W_l(x) + bias_l(x)
///     last-layer   shared_l(t, a), and the last [t, a] W(x) + bias(x)
///     none         layer_l(a) = shared_l(t, a)
///
/// with shared layers of one ``TimeDependence``. (FFJORD, section 4.2.) Images' weights and shared ones are constants of a
/// solve: a velocity takes them as its conditioning.
public struct AmortizedNetwork: Velocity {
  /// What a layer takes of the image's own weights.
  enum ImagePart: Sendable {
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
    var image: ImagePart
    let activation: ActivationLayer?

    var parameters: [Parameter] { (shared?.parameters ?? []) + (activation?.parameters ?? []) }
  }

  public let amortization: Amortization
  private(set) var layers: [Layer]

  /// - Parameters:
  ///   - name: The block's name; layer l's parameters are `name.diffeq.layers.l._layer.weight` and so on, those of
  ///     activations `name.diffeq.activation_fns.l.beta`.
  ///   - hidden: The widths of hidden layers.
  ///   - rank: Of low-rank amortization.
  ///   - timeDependence: Of shared layers; an image's own layers concatenate the time.
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
      let image: ImagePart =
        switch amortization {
        case .lowRank:
          .lowRank(LowRankLayout(inputs: inputs, rank: rank, outputs: outputs, offset: offset))
        case .bias: .bias(offset: offset, count: outputs)
        case .hyper: .affine(PerSampleAffineLayout(inputs: inputs, outputs: outputs, offset: offset))
        case .lastLayer where isLast:
          .affine(PerSampleAffineLayout(inputs: inputs, outputs: outputs, offset: offset))
        case .lastLayer, .none: .none
        }
      offset += image.count
      var shared: TimeLayer?
      if case .affine = image {
      } else {
        shared = TimeLayer(
          "\(name).diffeq.layers.\(l)", timeDependence, inputs: inputs, outputs: outputs, in: &builder)
      }
      layers.append(
        Layer(
          shared: shared, image: image,
          activation: isLast
            ? nil
            : ActivationLayer("\(name).diffeq.activation_fns.\(l)", activation, isFirst: l == 0, in: &builder)))
      // The published network of this kind has an activation after the last layer too: another name of the shared swish.
      if isLast, amortization == .hyper {
        _ = ActivationLayer("\(name).diffeq.activation_fns.\(l)", activation, isFirst: false, in: &builder)
      }
    }
    self.layers = layers
  }

  /// The same velocity with products of per-sample low-rank weights as exact as `numerics` has it. Weights are rounded
  /// once for a solve, if at all, which therefore sees one smooth velocity.
  func with(_ numerics: Numerics) -> AmortizedNetwork {
    var result = self
    for l in layers.indices {
      guard case .lowRank(var layout) = layers[l].image else { continue }
      layout.numerics = numerics
      result.layers[l].image = .lowRank(layout)
    }
    return result
  }

  /// How many weights each image has of its own.
  public var conditionalCount: Int { layers.reduce(0) { $0 + $1.image.count } }

  /// What the velocity is conditioned on: the image weights `[batch, conditionalCount]`, where there are any, and then
  /// the shared parameters in the order of the set.
  public func conditioning(imageWeights: Variable?, _ parameters: BoundParameters) -> [Variable] {
    precondition(
      (imageWeights?.shape[1] ?? 0) == conditionalCount,
      "conditioning: image weights \(imageWeights?.shape ?? []) where \(conditionalCount) are wanted")
    return [imageWeights].compactMap { $0 } + layers.flatMap(\.parameters).map { parameters[$0] }
  }

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

  /// A layer without its activation; takes the layer's weights off the front of `shared`.
  func affinePart(
    of layer: Layer, _ a: Dual, time: Double, conditioning: [Variable], shared: inout ArraySlice<Variable>
  ) -> Dual {
    let weights = shared.take(layer.shared?.parameters.count ?? 0)
    /// The shared layer alone.
    func base() -> Dual { layer.shared?.apply(a, time: time, weights: weights) ?? a }
    switch layer.image {
    case .none: return base()
    case .lowRank(let layout):
      return layer.shared?.apply(a, time: time, weights: weights, lowRank: layout, imageWeights: conditioning[0])
        ?? a.lowRank(layout, weights: conditioning[0])
    case .bias(let offset, let count):
      return base().adding(conditioning[0].sliced(axis: 1, start: offset, length: count))
    case .affine(let layout): return a.perSampleAffine(layout, weights: conditioning[0], time: time)
    }
  }
}

extension ArraySlice {
  /// Takes elements off the front.
  mutating func take(_ count: Int) -> ArraySlice {
    defer { self = dropFirst(count) }
    return prefix(count)
  }
}

extension Dual {
  /// A dual plus a variable of the shape of its value, which does not depend on what the tangents are of.
  fileprivate func adding(_ b: Variable) -> Dual {
    let count = shape.product
    let rows = stacked.reshaped([1 + tangentCount, count]).addingToRows(b.reshaped([count]), rows: 1)
    return Dual(stacked: rows.reshaped([1 + tangentCount] + shape))
  }
}
