import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// An autoregressive layer: a transformer takes each dimension to the noise, by numbers that a conditioner computes
/// from the dimensions before it.
///
///     z_i = transformer(x_i; conditioner(x_<i))   log |det dz/dx| = sum of log dz_i/dx_i
///
/// With a masked network and an affine transformer it is a layer of a masked autoregressive flow; with a sigmoidal one,
/// of a neural autoregressive flow. Its inverse takes a pass for each dimension, in double precision but for the
/// conditioner: its error is that of z divided by the slope of the transformer, which training does not bound.
///
/// Huang, Krueger, Lacoste and Courville 2018, "Neural Autoregressive Flows".
public struct AutoregressiveFlow: DensityLayer {
  /// What computes the transformer's numbers.
  public let conditioner: any AutoregressiveConditioner
  /// What takes each dimension to the noise.
  public let transformer: any MonotoneTransformer

  /// A layer.
  ///
  /// - Precondition: The conditioner computes as many numbers for each dimension as the transformer takes.
  public init(_ conditioner: any AutoregressiveConditioner, _ transformer: any MonotoneTransformer) {
    precondition(
      conditioner.outputs == transformer.numbers,
      "autoregressive flow: a conditioner of \(conditioner.outputs) numbers for a transformer of \(transformer.numbers)"
    )
    self.conditioner = conditioner
    self.transformer = transformer
  }

  /// Takes x toward the noise, all dimensions at once.
  public func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput {
    let numbers = conditioner(x, pass.parameters).reshaped([x.value.count, conditioner.outputs])
    let weights = transformer.parameters.map { pass.parameters[$0] }
    let (z, logSlope) = transformer(x.reshaped([x.value.count]), numbers, weights)
    return LayerOutput(z: z.reshaped(x.shape), logDeterminant: logSlope.reshaped(x.shape).sum(axis: -1))
  }

  /// Takes z back toward the data, dimension after dimension.
  public func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable {
    let type = z.value.elementType
    let weights = transformer.parameters.map { pass.parameters[$0].value.converted(to: .float64) }
    let x = conditioner.unrolled(z.shape[0], type, pass.parameters) { dimension, numbers in
      transformer.inverse(z.value.column(dimension).converted(to: .float64), numbers.converted(to: .float64), weights)
        .converted(to: type)
    }
    return Variable(x)
  }
}

extension AutoregressiveFlow {
  /// A layer of a masked autoregressive flow: a ``MaskedNetwork`` and an ``AffineTransformer``.
  ///
  /// - Parameters:
  ///   - name: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - hidden: The widths of the network's hidden layers.
  ///   - order: The order of the dimensions.
  ///   - activation: The function between the network's layers.
  ///   - builder: What makes the parameters.
  public static func affine(
    _ name: String, dimensions: Int, hidden: [Int], order: AutoregressiveOrder = .natural,
    activation: ElementwiseFunction = .relu, in builder: inout DensityBuilder
  ) -> AutoregressiveFlow {
    let transformer = AffineTransformer()
    let network = MaskedNetwork(
      name, dimensions: dimensions, outputs: transformer.numbers, hidden: hidden, order: order, activation: activation,
      in: &builder.parameters)
    return AutoregressiveFlow(network, transformer)
  }

  /// A layer of a neural autoregressive flow: a ``MaskedNetwork`` with exponential linear units, and a
  /// ``SigmoidalTransformer`` (DSF), or a ``DenseSigmoidalTransformer`` (DDSF). As in the published code it begins near
  /// the identity.
  ///
  /// - Parameters:
  ///   - name: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - hidden: The widths of the network's hidden layers.
  ///   - units: The number of sigmoids of a transformer's layer.
  ///   - denseLayers: The number of layers of a dense transformer; nil for a sigmoidal one.
  ///   - order: The order of the dimensions.
  ///   - builder: What makes the parameters.
  public static func sigmoidal(
    _ name: String, dimensions: Int, hidden: [Int], units: Int = 16, denseLayers: Int? = nil,
    order: AutoregressiveOrder = .natural, in builder: inout DensityBuilder
  ) -> AutoregressiveFlow {
    let transformer: any MonotoneTransformer =
      if let denseLayers {
        DenseSigmoidalTransformer("\(name).transformer", units: units, layers: denseLayers, in: &builder.parameters)
      } else {
        SigmoidalTransformer(units: units)
      }
    let network = MaskedNetwork(
      name, dimensions: dimensions, outputs: transformer.numbers, hidden: hidden, order: order, activation: .elu,
      outputBound: 0.001, in: &builder.parameters)
    return AutoregressiveFlow(network, transformer)
  }
}
