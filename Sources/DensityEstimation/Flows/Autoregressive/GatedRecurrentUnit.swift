import Autodiff
import NeuralNetworks

/// A gated recurrent unit (GRU), with PyTorch's names, shapes and initial values.
///
///     r = sigmoid(W_r x + U_r s)   u = sigmoid(W_u x + U_u s)   n = tanh(W_n x + r * (U_n s))   s' = n + u * (s - n)
///
/// Each product also adds a bias. The parameters are `name.weight_ih` `[3 units, inputs]` and `name.weight_hh`
/// `[3 units, units]`, whose rows are those of r, u and n, and their biases; all are uniform within 1 / sqrt(units).
/// Cho et al. 2014.
struct GatedRecurrentUnit: Sendable {
  /// The number of units.
  let units: Int
  private let inputWeight: Parameter
  private let inputBias: Parameter
  private let stateWeight: Parameter
  private let stateBias: Parameter

  /// Adds the unit's parameters to a builder.
  init(_ name: String, inputs: Int, units: Int, in builder: inout ParameterBuilder) {
    self.units = units
    let bound = 1 / Double(units).squareRoot()
    inputWeight = builder.uniform("\(name).weight_ih", [3 * units, inputs], bound: bound)
    stateWeight = builder.uniform("\(name).weight_hh", [3 * units, units], bound: bound)
    inputBias = builder.uniform("\(name).bias_ih", [3 * units], bound: bound)
    stateBias = builder.uniform("\(name).bias_hh", [3 * units], bound: bound)
  }

  /// The next state, `[batch, units]`, for an input `[batch, inputs]` and a state.
  func callAsFunction(_ x: Variable, _ state: Variable, _ parameters: BoundParameters) -> Variable {
    let a = x.affine(weight: parameters[inputWeight], bias: parameters[inputBias])
    let b = state.affine(weight: parameters[stateWeight], bias: parameters[stateBias])
    let gates = (part(a, 0, 2) + part(b, 0, 2)).applying(.sigmoid)
    let candidate = (part(a, 2, 1) + part(gates, 0, 1) * part(b, 2, 1)).applying(.tanh)
    return candidate + part(gates, 1, 1) * (state - candidate)
  }

  private func part(_ v: Variable, _ first: Int, _ count: Int) -> Variable {
    v.sliced(axis: 1, start: first * units, length: count * units)
  }
}
