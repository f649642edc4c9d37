import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Randomness
import Runs
import Tensors

/// A density model: layers that take the data x to the noise z, and the density of the noise.
///
///     log p(x) = log p(z) + sum over layers of log |det dz/dx|
public struct DensityModel: Sendable {
  /// The layers, from the data to the noise.
  public let layers: LayerChain
  /// The density of the noise.
  public let base: any BaseDensity
  /// The number of dimensions.
  public let dimensions: Int
  /// What images go through before the layers; nil for other data.
  public let preparation: ImageDequantization?

  /// Makes the model of a configuration, which has the number of dimensions, with a builder of its parameters.
  ///
  /// - Throws: `RunError.invalidConfiguration`, also where given values do not fit.
  public static func make(
    _ configuration: DensityConfiguration, in builder: DensityBuilder
  ) throws(RunError) -> (model: DensityModel, parameters: ParameterSet, buffers: ParameterSet) {
    var builder = builder
    let model = try DensityModel(configuration, in: &builder)
    let errors = builder.parameters.validationErrors + builder.buffers.validationErrors
    if let first = errors.first { throw .invalidConfiguration("the model's tensors do not fit: \(first)") }
    return (model, builder.parameters.parameters, builder.buffers.parameters)
  }

  /// The layout of the parameters and buffers of a configuration's model; no tensor is allocated.
  static func layout(_ configuration: DensityConfiguration) -> (parameters: ParameterLayout, buffers: ParameterLayout) {
    var buffers: ParameterLayout?
    let parameters = ParameterBuilder.layout { parameters in
      buffers = ParameterBuilder.layout { buffers in
        var builder = DensityBuilder(parameters: parameters, buffers: buffers)
        // A valid configuration makes a model.
        _ = try? DensityModel(configuration, in: &builder)
        (parameters, buffers) = (builder.parameters, builder.buffers)
      }
    }
    return (parameters, buffers ?? ParameterBuilder.layout { _ in })
  }

  /// log p(x) of a batch, `[batch]` in nats. Of images it is the density of intensities in [0, 1].
  ///
  /// - Throws: `SolveError` of a layer that solves a differential equation.
  public func logDensity(_ input: ModelInput, _ pass: DensityPass) throws(SolveError) -> Variable {
    let output = try layers.forward(Variable(input.x), pass)
    let density = base.logDensity(output.z, pass) + output.logDeterminant
    return input.logDeterminant.map { density + Variable($0) } ?? density
  }

  /// Samples for standard normal numbers, `[batch, dimensions]`; of images their intensities in [0, 1].
  ///
  /// - Throws: `SolveError` of a layer that solves a differential equation.
  public func samples(_ noise: Tensor, _ pass: DensityPass) throws(SolveError) -> Tensor {
    let x = try layers.inverse(base.sample(Variable(noise), pass), pass).value
    return preparation?.intensities(x) ?? x
  }

  /// What the layers take, from rows as the data have them.
  ///
  /// - Parameters:
  ///   - rows: `[batch, dimensions]`
  ///   - noise: The noise that dequantizes images.
  ///   - firstSample: The index of the first row among all that share the noise.
  public func input(_ rows: Tensor, _ noise: RandomStream, firstSample: Int = 0) -> ModelInput {
    guard let preparation else { return ModelInput(x: rows, logDeterminant: nil) }
    let (x, logDeterminant) = preparation.prepared(rows, noise, firstRow: firstSample)
    return ModelInput(x: x, logDeterminant: logDeterminant)
  }

  /// Sets the parameters of layers that suit themselves to a first batch.
  func initialize(_ parameters: inout ParameterSet, buffers: ParameterSet, for input: ModelInput) {
    layers.initialize(&parameters, buffers: buffers, for: input.x)
  }

  /// Nats of a density of intensities in [0, 1] in bits per dimension of images with 256 levels of grey; nil for other
  /// data.
  public func bitsPerDimension(nats: Double) -> Double? {
    preparation?.bitsPerDimension(nats: nats, dimensions: dimensions)
  }
}

/// What a model's layers take.
public struct ModelInput: Sendable {
  /// `[batch, dimensions]`
  public var x: Tensor
  /// log |det dx/d(data)|, `[batch]`; nil where x are the data.
  public var logDeterminant: Tensor?

  /// The number of samples.
  public var count: Int { x.shape[0] }
}
