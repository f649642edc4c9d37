import Autodiff
import NeuralNetworks
import Tensors

/// The recurrent autoregressive model (RAM): a gated recurrent unit reads the dimensions in order, and one network for
/// all dimensions computes the numbers from its state.
///
///     s_1 = GRU(-1, 0)   s_i = GRU(x_{i-1}, s_{i-1})   numbers_i = head(s_i)
///
/// It takes as many steps as there are dimensions, one after another.
///
/// Oliva et al. 2018, "Transformation Autoregressive Networks"; the first input as in its published code.
public struct RecurrentConditioner: AutoregressiveConditioner {
  public let dimensions: Int
  public let outputs: Int
  /// The order of the dimensions.
  public let order: AutoregressiveOrder
  private let unit: GatedRecurrentUnit
  private let head: MultilayerPerceptron

  /// Adds the conditioner's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: What its parameters' names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - outputs: How many numbers it computes for each dimension.
  ///   - units: The size of the state.
  ///   - hidden: The widths of the head's hidden layers.
  ///   - order: The order of the dimensions.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, dimensions: Int, outputs: Int, units: Int, hidden: [Int], order: AutoregressiveOrder = .natural,
    in builder: inout ParameterBuilder
  ) {
    (self.dimensions, self.outputs, self.order) = (dimensions, outputs, order)
    unit = GatedRecurrentUnit("\(name).unit", inputs: 1, units: units, in: &builder)
    head = MultilayerPerceptron("\(name).head", inputs: units, hidden: hidden, outputs: outputs, in: &builder)
  }

  /// The numbers for samples: `[batch, dimensions]` -> `[batch, dimensions, outputs]`.
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    let batch = x.shape[0]
    var (input, state) = start(batch, x.value.elementType)
    var states = [Variable](repeating: state, count: dimensions)
    for dimension in order.dimensions(dimensions) {
      state = unit(input, state, parameters)
      states[dimension] = state.reshaped([batch, 1, unit.units])
      input = x.sliced(axis: 1, start: dimension, length: 1)
    }
    return head(.concatenation(states, axis: 1), parameters)
  }

  /// Samples whose dimensions are made one after another, with one step of the unit for each.
  public func unrolled(
    _ count: Int, _ type: ElementType, _ parameters: BoundParameters,
    _ next: (_ dimension: Int, _ numbers: Tensor) -> Tensor
  ) -> Tensor {
    let constants = parameters.detached
    var x = Tensor(zeros: [count, dimensions], type)
    var (input, state) = start(count, type)
    for dimension in order.dimensions(dimensions) {
      state = unit(input, state, constants)
      let column = next(dimension, head(state, constants).value)
      x.setColumn(dimension, to: column)
      input = Variable(column.reshaped([count, 1]))
    }
    return x
  }

  /// The first input and state.
  private func start(_ count: Int, _ type: ElementType) -> (input: Variable, state: Variable) {
    (Variable(Tensor(repeating: -1, shape: [count, 1], type)), Variable(Tensor(zeros: [count, unit.units], type)))
  }
}
