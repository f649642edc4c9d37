import Autodiff
import NeuralNetworks
import Tensors

/// The linear autoregressive model (LAM): the state of each dimension is linear in the dimensions before it, with
/// weights of its own, and one network for all dimensions computes the numbers from the state.
///
///     h_i = W^(i) x_<i + b^(i)   numbers_i = head(h_i)
///
/// Oliva et al. 2018, "Transformation Autoregressive Networks".
public struct LinearConditioner: AutoregressiveConditioner {
  public let outputs: Int
  private let states: MaskedNetwork
  private let head: MultilayerPerceptron

  /// The number of dimensions.
  public var dimensions: Int { states.dimensions }

  /// Adds the conditioner's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: What its parameters' names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - outputs: How many numbers it computes for each dimension.
  ///   - units: The size of a state.
  ///   - hidden: The widths of the head's hidden layers.
  ///   - order: The order of the dimensions.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, dimensions: Int, outputs: Int, units: Int, hidden: [Int], order: AutoregressiveOrder = .natural,
    in builder: inout ParameterBuilder
  ) {
    self.outputs = outputs
    states = MaskedNetwork(
      "\(name).states", dimensions: dimensions, outputs: units, hidden: [], order: order, in: &builder)
    head = MultilayerPerceptron("\(name).head", inputs: units, hidden: hidden, outputs: outputs, in: &builder)
  }

  /// The numbers for samples: `[batch, dimensions]` -> `[batch, dimensions, outputs]`.
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    head(states(x, parameters), parameters)
  }

  /// Samples whose dimensions are made one after another.
  public func unrolled(
    _ count: Int, _ type: ElementType, _ parameters: BoundParameters,
    _ next: (_ dimension: Int, _ numbers: Tensor) -> Tensor
  ) -> Tensor {
    let constants = parameters.detached
    return states.unrolled(count, type, constants) { dimension, state in
      next(dimension, head(Variable(state), constants).value)
    }
  }
}
