import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import Tensors

/// A leaky rectifier with a learned slope, and a factor for each dimension: what bends space between the other
/// transformations of TAN.
///
///     z_i = exp(s_i) max(x_i, alpha x_i)   alpha = sigmoid(a)
///     log |det dz/dx| = sum of s_i + log alpha times the number of negative x_i
///
/// The parameters are `name.scale` s `[dimensions]`, initially 0, and `name.slope` a `[]`, initially 5: nearly the
/// identity. The layer has a kink at 0, where the density of what it makes jumps.
///
/// Oliva et al. 2018, "Transformation Autoregressive Networks"; the names in its published code are
/// `leaky_transformation` and `log_rescale`.
public struct LeakyRescaling: DensityLayer {
  private let scale: Parameter
  private let slope: Parameter

  /// Adds the layer's parameters to a builder.
  public init(_ name: String, dimensions: Int, in builder: inout ParameterBuilder) {
    scale = builder.constant("\(name).scale", [dimensions], 0)
    slope = builder.constant("\(name).slope", [], 5)
  }

  /// Takes x toward the noise.
  public func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput {
    let (batch, s, a) = (x.shape[0], pass.parameters[scale], pass.parameters[slope])
    let alpha = a.applying(.sigmoid).broadcast(over: x.value.count).reshaped(x.shape)
    let bent = x.applying(.relu) - alpha * (-x).applying(.relu)
    let negative = Variable(x.value.map { $0 < 0 ? 1 : 0 }.sum(axis: -1))
    let logAlpha = -(-a).applying(.softplus)
    return LayerOutput(
      z: bent.scalingColumns(by: s.applying(.exp)),
      logDeterminant: s.sum().broadcast(over: batch) + negative * logAlpha.broadcast(over: batch))
  }

  /// Takes z back toward the data.
  public func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable {
    let constants = pass.parameters.detached
    let alpha = constants[slope].applying(.sigmoid).value.scalar
    let bent = z.detached.scalingColumns(by: (-constants[scale]).applying(.exp))
    return Variable(bent.value.map { $0 < 0 ? $0 / alpha : $0 })
  }
}
