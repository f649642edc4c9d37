import NeuralNetworks
import Tensors

/// Makes the parameters of a density model, and its buffers: tensors that training changes other than by gradients.
public struct DensityBuilder {
  /// What makes the parameters.
  public var parameters: ParameterBuilder
  /// What makes the buffers.
  public var buffers: ParameterBuilder

  /// A builder of two others.
  init(parameters: ParameterBuilder, buffers: ParameterBuilder) {
    self.parameters = parameters
    self.buffers = buffers
  }

  /// A builder of random initial values.
  public init(seed: UInt64) {
    parameters = ParameterBuilder(seed: seed)
    buffers = ParameterBuilder(seed: seed)
  }

  /// A builder of given values, by name.
  public init(values: [String: Tensor], buffers: [String: Tensor]) {
    parameters = ParameterBuilder(values: values)
    self.buffers = ParameterBuilder(values: buffers)
  }
}
