import Autodiff
import NeuralNetworks
import Tensors

/// A masked autoregressive network (MADE): fully connected layers, of whose weights a mask keeps those that lead from a
/// dimension to units for dimensions after it.
///
///     a_0 = x   a_l = activation(a_{l-1} (W_l * M_l)^T + b_l)   numbers = a_L (V * M)^T + b + x (D * M_D)^T
///
/// Dimension i has its place in the order as degree, 1 to d. Hidden units have the degrees 1 to d - 1 in turn; those of
/// a layer narrower than d - 1 have degrees spread evenly, up to d - 1. A hidden unit sees inputs and units of at most
/// its own degree, an output those of lower degree. The direct connections D are optional. Layers of any width fit,
/// unlike `MaskedLinear`, whose groups of units must divide each other.
///
/// Names, shapes and initial values are those of PyTorch's linear layers: `name.layers.l.weight` `[out, in]` and its
/// bias, uniform within 1 / sqrt(in); `name.direct.weight`.
///
/// Germain, Gregor, Murray and Larochelle 2015, "MADE: Masked Autoencoder for Distribution Estimation", section 4;
/// degrees in turn as in the code of Papamakarios et al. 2017.
public struct MaskedNetwork: AutoregressiveConditioner {
  public let dimensions: Int
  public let outputs: Int
  /// The order of the dimensions.
  public let order: AutoregressiveOrder
  private let activation: ElementwiseFunction
  private let layers: [MaskedLayer]
  private let direct: MaskedLayer?

  /// Adds the network's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: What its parameters' names begin with.
  ///   - dimensions: The number of dimensions d.
  ///   - outputs: How many numbers it computes for each dimension.
  ///   - hidden: The widths of the hidden layers; none makes the numbers linear in x.
  ///   - order: The order of the dimensions.
  ///   - activation: The function between layers.
  ///   - hasDirectConnections: Whether outputs also see x directly.
  ///   - outputBound: Draws the last layer's initial weights uniformly within this bound, and makes its biases zero:
  ///     for a flow that begins near the identity. By default they are as PyTorch's.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, dimensions: Int, outputs: Int, hidden: [Int], order: AutoregressiveOrder = .natural,
    activation: ElementwiseFunction = .relu, hasDirectConnections: Bool = false, outputBound: Double? = nil,
    in builder: inout ParameterBuilder
  ) {
    precondition(
      dimensions > 0 && outputs > 0 && hidden.allSatisfy { $0 > 0 },
      "masked network: \(dimensions) dimensions, \(outputs) outputs for each, hidden \(hidden)")
    (self.dimensions, self.outputs, self.order, self.activation) = (dimensions, outputs, order, activation)
    let input = MaskedUnits(count: dimensions) {
      var degrees = [Int](repeating: 0, count: dimensions)
      for (place, dimension) in order.dimensions(dimensions).enumerated() { degrees[dimension] = place + 1 }
      return degrees
    }
    // An output sees what has a degree below its dimension's: at most its own degree of one less.
    let output = MaskedUnits(count: dimensions * outputs) {
      input.degrees().flatMap { Array(repeating: $0 - 1, count: outputs) }
    }
    let units =
      [input] + hidden.map { width in MaskedUnits(count: width) { Self.degrees(width: width, dimensions: dimensions) } }
      + [output]
    layers = zip(units, units.dropFirst()).enumerated().map { l, ends in
      MaskedLayer(
        "\(name).layers.\(l)", from: ends.0, to: ends.1, bound: l == hidden.count ? outputBound : nil, in: &builder)
    }
    direct =
      hasDirectConnections
      ? MaskedLayer(
        "\(name).direct", from: input, to: output, bound: outputBound, hasBias: false, in: &builder)
      : nil
  }

  /// The degrees of a hidden layer's units.
  static func degrees(width: Int, dimensions: Int) -> [Int] {
    let highest = max(dimensions - 1, 1)
    return (0..<width).map { width >= highest ? 1 + $0 % highest : ($0 + 1) * highest / width }
  }

  /// The numbers for samples: `[batch, dimensions]` -> `[batch, dimensions, outputs]`.
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    Masked(self, parameters).outputs(x, 0..<(dimensions * outputs)).reshaped([x.shape[0], dimensions, outputs])
  }

  /// Samples whose dimensions are made one after another: a pass through the hidden layers for each, and through those
  /// rows of the last layer that lead to it.
  public func unrolled(
    _ count: Int, _ type: ElementType, _ parameters: BoundParameters,
    _ next: (_ dimension: Int, _ numbers: Tensor) -> Tensor
  ) -> Tensor {
    let masked = Masked(self, parameters.detached)
    // Dimensions that are not made yet are zero, since a mask does not stop what is not finite.
    var x = Tensor(zeros: [count, dimensions], type)
    for dimension in order.dimensions(dimensions) {
      let rows = (dimension * outputs)..<((dimension + 1) * outputs)
      x.setColumn(dimension, to: next(dimension, masked.outputs(Variable(x), rows).value))
    }
    return x
  }

  /// The network with weights that are masked already.
  private struct Masked {
    let activation: ElementwiseFunction
    let hidden: ArraySlice<(weight: Variable, bias: Variable?)>
    let last: (weight: Variable, bias: Variable?)
    let direct: Variable?

    init(_ network: MaskedNetwork, _ parameters: BoundParameters) {
      let layers = network.layers.map { $0.masked(parameters) }
      activation = network.activation
      hidden = layers.dropLast()
      last = layers[layers.count - 1]
      direct = network.direct?.masked(parameters).weight
    }

    func outputs(_ x: Variable, _ rows: Range<Int>) -> Variable {
      func part(_ v: Variable) -> Variable { v.sliced(axis: 0, start: rows.lowerBound, length: rows.count) }
      let features = hidden.reduce(x) { $0.affine(weight: $1.weight, bias: $1.bias).applying(activation) }
      let numbers = features.affine(weight: part(last.weight), bias: last.bias.map(part))
      return direct.map { numbers + x.affine(weight: part($0)) } ?? numbers
    }
  }
}

/// The units of a layer. Their degrees are found only where weights are made: a file's header may claim any number of them.
private struct MaskedUnits {
  let count: Int
  let degrees: @Sendable () -> [Int]
}

/// A linear layer whose units have degrees, and see units of at most their own degree.
private struct MaskedLayer: Sendable {
  private let weight: Parameter
  private let bias: Parameter?
  private let mask: Tensor

  init(
    _ name: String, from inputs: MaskedUnits, to outputs: MaskedUnits, bound: Double?, hasBias: Bool = true,
    in builder: inout ParameterBuilder
  ) {
    let usual = 1 / Double(inputs.count).squareRoot()
    weight = builder.uniform("\(name).weight", [outputs.count, inputs.count], bound: bound ?? usual)
    bias = hasBias ? builder.uniform("\(name).bias", [outputs.count], bound: bound == nil ? usual : 0) : nil
    mask = builder.constant([outputs.count, inputs.count]) {
      let degrees = inputs.degrees()
      return outputs.degrees().flatMap { output in degrees.map { $0 <= output ? 1 : 0 } }
    }
  }

  /// The weight, masked, and the bias.
  func masked(_ parameters: BoundParameters) -> (weight: Variable, bias: Variable?) {
    let weight = parameters[weight]
    return (weight * Variable(mask.converted(to: weight.value.elementType)), bias.map { parameters[$0] })
  }
}
