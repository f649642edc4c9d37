import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// An invertible layer of a density model, which takes the data x a step toward the noise z.
///
///     log p(x) = log p(z) + log |det dz/dx|
///
/// Samples are rows, `[batch, dimensions]`. A layer for images knows their height, width and number of channels, and a
/// row then holds an image with its channels last.
public protocol DensityLayer: Sendable {
  /// Takes x toward the noise.
  ///
  /// - Parameters:
  ///   - x: `[batch, dimensions]`
  ///   - pass: The parameters, and what else the layers of a pass share.
  /// - Returns: z, `[batch, dimensions]`, and log |det dz/dx|, `[batch]` in nats.
  /// - Throws: `SolveError` of a layer that solves a differential equation.
  func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput

  /// Takes z back toward the data, as a constant: no gradient flows through it.
  ///
  /// - Parameters:
  ///   - z: `[batch, dimensions]`
  ///   - pass: The parameters, and what else the layers of a pass share.
  /// - Returns: x, `[batch, dimensions]`.
  /// - Throws: `SolveError` of a layer that solves a differential equation.
  func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable

  /// The way of z back toward the data, as constants: the last state is x.
  ///
  /// - Parameters:
  ///   - z: `[batch, dimensions]`
  ///   - steps: The number of states of a layer that goes through time, at equal intervals of it. Others give x alone.
  ///   - pass: The parameters, and what else the layers of a pass share.
  /// - Returns: The states after z, at least one, each `[batch, dimensions]`.
  /// - Throws: `SolveError` of a layer that solves a differential equation.
  func path(_ z: Variable, steps: Int, _ pass: DensityPass) throws(SolveError) -> [Variable]

  /// Whether ``initialize(_:buffers:for:)`` changes parameters.
  var isInitializedByData: Bool { get }

  /// Sets the layer's parameters, before training, so that they suit a batch that reaches it. Most layers leave them as
  /// they are.
  ///
  /// - Parameters:
  ///   - parameters: The model's parameters.
  ///   - buffers: The model's buffers.
  ///   - x: The batch as the layers before have transformed it, `[batch, dimensions]`.
  func initialize(_ parameters: inout ParameterSet, buffers: ParameterSet, for x: Tensor)

  /// What is wrong with the layer's buffers, which may be from a damaged file; nil where nothing is.
  func problem(with buffers: ParameterSet) -> String?
}

extension DensityLayer {
  /// Nil: a layer without buffers.
  public func problem(with buffers: ParameterSet) -> String? { nil }

  /// What ``inverse(_:_:)`` gives, alone.
  public func path(_ z: Variable, steps: Int, _ pass: DensityPass) throws(SolveError) -> [Variable] {
    [try inverse(z, pass)]
  }

  /// False.
  public var isInitializedByData: Bool { false }

  /// Leaves the parameters as they are.
  public func initialize(_ parameters: inout ParameterSet, buffers: ParameterSet, for x: Tensor) {}
}

/// The result of a layer of a density model for a batch.
public struct LayerOutput {
  /// The transformed samples, `[batch, dimensions]`.
  public var z: Variable
  /// log |det dz/dx|, `[batch]` in nats.
  public var logDeterminant: Variable

  /// A result.
  public init(z: Variable, logDeterminant: Variable) {
    self.z = z
    self.logDeterminant = logDeterminant
  }
}
