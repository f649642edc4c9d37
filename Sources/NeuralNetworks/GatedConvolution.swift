import Autodiff

/// h(x) sigmoid(g(x)) for two convolutions h and g of the same shape, perhaps transposed.
///
/// The gated convolution of van den Berg et al. 2018 (Sylvester flows). Both convolutions are done as one with twice
/// the channels. Parameters are `name.h.weight`, `name.h.bias`, `name.g.weight`, `name.g.bias`, in PyTorch's shapes and
/// with its initial values.
public struct GatedConvolution: Sendable {
  /// The sizes of a gated convolution.
  public struct Shape: Sendable {
    public var inputs: Int
    public var outputs: Int
    /// [height, width]
    public var kernel: [Int]
    public var stride = 1
    public var padding = 0
    /// Whether the convolution is transposed, and then by how many [rows, columns] its output is enlarged.
    public var isTransposed = false
    public var outputPadding = [0, 0]

    public init(
      _ inputs: Int, _ outputs: Int, kernel: [Int], stride: Int = 1, padding: Int = 0,
      isTransposed: Bool = false, outputPadding: [Int] = [0, 0]
    ) {
      self.inputs = inputs
      self.outputs = outputs
      self.kernel = kernel
      self.stride = stride
      self.padding = padding
      self.isTransposed = isTransposed
      self.outputPadding = outputPadding
    }
  }

  private let shape: Shape
  private let weights: [Parameter]
  private let biases: [Parameter]

  public init(_ name: String, _ shape: Shape, in builder: inout ParameterBuilder) {
    self.shape = shape
    let sizes =
      (shape.isTransposed ? [shape.inputs, shape.outputs] : [shape.outputs, shape.inputs]) + shape.kernel
    // PyTorch takes the second size for the fan-in, of transposed convolutions too.
    let bound = 1 / Double(sizes[1] * shape.kernel[0] * shape.kernel[1]).squareRoot()
    var weights: [Parameter] = []
    var biases: [Parameter] = []
    for part in ["h", "g"] {
      weights.append(builder.uniform("\(name).\(part).weight", sizes, bound: bound))
      biases.append(builder.uniform("\(name).\(part).bias", [shape.outputs], bound: bound))
    }
    self.weights = weights
    self.biases = biases
  }

  /// [batch, height, width, in] -> [batch, height', width', out]
  public func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable {
    let weight = Variable.concatenation(weights.map { parameters[$0] }, axis: shape.isTransposed ? 1 : 0)
    let bias = Variable.concatenation(biases.map { parameters[$0] }, axis: 0)
    let both =
      shape.isTransposed
      ? x.transposedConvolution(
        weight: weight, stride: shape.stride, padding: shape.padding, outputPadding: shape.outputPadding,
        numerics: parameters.precision.numerics)
      : x.convolution(
        weight: weight, stride: shape.stride, padding: shape.padding, numerics: parameters.precision.numerics)
    return both.gated(bias: bias)
  }
}
