import Autodiff
import NeuralNetworks
import Tensors

/// The transformer of deep dense sigmoidal flows (DDSF): layers of units, each the logit of a mixture of sigmoids of
/// mixtures of the units before.
///
///     h_{l+1} = logit(w sigmoid(a * (u h_l) + b))   h_0 = x   z = h_L
///
/// Rows of the matrices w `[units of l+1, hidden]` and u `[hidden, units of l]` are positive and sum to one. They are
/// softmaxes of a matrix of parameters plus a row that the conditioner computes, beside a and b, for each layer:
/// numbers [a', b, w'] `[hidden]` each and u' `[units of l]`, a as in ``SigmoidalTransformer``. The last layer has one
/// unit, the others as many as the hidden ones. Zeros make nearly the identity.
///
/// The derivatives of a layer's units are kept as logarithms; nothing is clamped. As in
/// ``SigmoidalTransformer``, the slope can be small between steep units.
///
/// Huang et al. 2018, "Neural Autoregressive Flows".
public struct DenseSigmoidalTransformer: MonotoneTransformer {
  /// A layer: `inputs` units to `outputs` units by `hidden` sigmoids.
  private struct Layer: Sendable {
    let inputs: Int
    let hidden: Int
    let outputs: Int
    /// Where its numbers begin.
    let offset: Int
    /// u of one unit is one: it has no numbers.
    var numbers: Int { 3 * hidden + (inputs > 1 ? inputs : 0) }
  }

  private let layers: [Layer]
  public let numbers: Int
  /// The matrix w of each layer, and before it u where the layer has several units before it.
  public let parameters: [Parameter]

  /// Adds the transformer's parameters to a builder.
  ///
  /// They are `name.l.w` `[units of l+1, hidden]` and, beyond the first layer, `name.l.u` `[hidden, units of l]`,
  /// initially uniform within 0.001.
  ///
  /// - Parameters:
  ///   - name: What its parameters' names begin with.
  ///   - units: The number of units of all layers but the last, and of sigmoids of all layers.
  ///   - layers: The number of layers.
  ///   - builder: What makes the parameters.
  public init(_ name: String, units: Int, layers: Int, in builder: inout ParameterBuilder) {
    precondition(units > 0 && layers > 0, "dense sigmoidal transformer: \(layers) layers of \(units) units")
    var (all, parameters, offset) = ([Layer](), [Parameter](), 0)
    for l in 0..<layers {
      let layer = Layer(
        inputs: l == 0 ? 1 : units, hidden: units, outputs: l == layers - 1 ? 1 : units, offset: offset)
      if layer.inputs > 1 { parameters.append(builder.uniform("\(name).\(l).u", [units, layer.inputs], bound: 0.001)) }
      parameters.append(builder.uniform("\(name).\(l).w", [layer.outputs, units], bound: 0.001))
      offset += layer.numbers
      all.append(layer)
    }
    (self.layers, self.parameters, numbers) = (all, parameters, offset)
  }

  /// z and log dz/dx.
  public func callAsFunction(
    _ x: Variable, _ numbers: Variable, _ weights: [Variable]
  ) -> (z: Variable, logSlope: Variable) {
    let n = x.shape[0]
    var h = x.reshaped([n, 1])
    var logSlopes = Variable(Tensor(zeros: [n, 1], x.value.elementType))
    var weights = weights[...]
    for layer in layers {
      let (u, w) = (layer.inputs > 1 ? weights.removeFirst() : nil, weights.removeFirst())
      (h, logSlopes) = apply(layer, h, logSlopes, numbers, u: u, w: w)
    }
    return (h.reshaped([n]), logSlopes.reshaped([n]))
  }

  /// The units `[n, outputs]` after a layer, and the logarithms of their derivatives, for those before it.
  private func apply(
    _ layer: Layer, _ h: Variable, _ logSlopes: Variable, _ numbers: Variable, u: Variable?, w: Variable
  ) -> (h: Variable, logSlopes: Variable) {
    let hidden = layer.hidden
    func part(_ k: Int, _ length: Int) -> Variable {
      numbers.sliced(axis: 1, start: layer.offset + k * hidden, length: length)
    }
    let a = part(0, hidden).sigmoidalSlope()
    // u h and the logarithms of its derivatives, `[n, hidden]` each.
    var (mixture, logMixtureSlopes) = (h, logSlopes)
    if let u {
      let shares = PositiveRows(u)
      let row = part(3, layer.inputs)
      (mixture, logMixtureSlopes) = (shares.mean(h, row), shares.logSum(row + logSlopes) - shares.logSum(row))
    } else {
      func repeated(_ v: Variable) -> Variable { v.reshaped([v.shape[0]]).broadcast(over: hidden) }
      (mixture, logMixtureSlopes) = (repeated(h), repeated(logSlopes))
    }
    let s = a * mixture + part(1, hidden)
    let (logUp, logDown) = (-(-s).applying(.softplus), -s.applying(.softplus))
    let (shares, row) = (PositiveRows(w), part(2, hidden))
    let (up, down) = (shares.logSum(row + logUp), shares.logSum(row + logDown))
    let slopes = shares.logSum(row + logUp + logDown + a.applying(.log) + logMixtureSlopes)
    return (up - down, slopes + shares.logSum(row) - up - down)
  }
}

/// The softmaxes p of the rows of a matrix `[rows, columns]`, which rows of a sample's logarithms t weigh anew: p_ij
/// exp(t_j). As products with one matrix for all samples they take no memory for a matrix of each.
///
/// The largest exp(t_j) is taken out, so that nothing overflows; and nothing vanishes unless the matrix's row spans
/// more than 80.
private struct PositiveRows {
  private let shares: Variable

  init(_ matrix: Variable) {
    shares = (matrix - matrix.logSumExp(axis: -1).broadcast(over: matrix.shape[1])).applying(.exp)
  }

  /// log of the sum over j of p_ij exp(t_j): t `[n, columns]` -> `[n, rows]`
  func logSum(_ t: Variable) -> Variable {
    let (exponentials, shift) = shifted(t)
    return exponentials.affine(weight: shares).applying(.log) + shift.broadcast(over: shares.shape[0])
  }

  /// The means of h by the weights p_ij exp(t_j): h and t `[n, columns]` -> `[n, rows]`
  func mean(_ h: Variable, _ t: Variable) -> Variable {
    let (exponentials, _) = shifted(t)
    return (exponentials * h).affine(weight: shares) / exponentials.affine(weight: shares)
  }

  /// exp(t - shift), at most 1, and the shift, a constant.
  private func shifted(_ t: Variable) -> (exponentials: Variable, shift: Variable) {
    let shift = t.detached.logSumExp(axis: -1)
    return ((t - shift.broadcast(over: t.shape[1])).applying(.exp), shift)
  }
}
