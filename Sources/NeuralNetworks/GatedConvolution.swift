import Autodiff

/// A gated convolution, h(x) sigmoid(g(x)) for two convolutions h and g of the same shape, which may be transposed.
///
/// The gated convolution of van den Berg et al. 2018 (Sylvester flows). Both convolutions are computed as one with
/// twice the output channels. Parameters are `name.h.weight`, `name.h.bias`, `name.g.weight`, `name.g.bias`, with
/// PyTorch's shapes and initial values.
public struct GatedConvolution: Sendable {
  /// The shape of a gated convolution: channels, kernel, stride and padding.
  public struct Shape: Sendable {
    /// The number of input channels.
    public var inputs: Int
    /// The number of output channels.
    public var outputs: Int
    /// The kernel, `[height, width]`.
    public var kernel: [Int]
    /// The stride, in both directions.
    public var stride = 1
    /// The padding on each side, in both directions; of a transposed convolution, as PyTorch counts it.
    public var padding = 0
    /// Whether the convolution is transposed.
    public var isTransposed = false
    /// By how many `[rows, columns]` the output of a transposed convolution is enlarged.
    public var outputPadding = [0, 0]

    /// A shape with the given sizes.
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

  /// Adds a layer's parameters to a builder.
  ///
  /// - Parameters:
  ///   - name: The layer's name; its parameters are `name.h.weight` and so on.
  ///   - shape: Channels, kernel, stride and padding.
  ///   - builder: What makes the parameters.
  public init(_ name: String, _ shape: Shape, in builder: inout ParameterBuilder) {
    self.shape = shape
    let sizes =
      (shape.isTransposed ? [shape.inputs, shape.outputs] : [shape.outputs, shape.inputs]) + shape.kernel
    // PyTorch takes the second size of the weight as the fan-in, also for transposed convolutions.
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

  /// The layer's output: `[batch, height, width, in]` -> `[batch, height', width', out]`.
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
