import Autodiff
import NeuralNetworks

/// A factor for each dimension, the last layer of NICE.
///
///     z = exp(s) x        log |det dz/dx| = sum of s
///
/// Dinh et al. 2014 (NICE), section 3.3.
public struct DiagonalScaling: DensityLayer {
  private let logScale: Parameter

  /// Adds the layer's parameter to a builder: `name.log_scale` `[dimensions]`, initially zero.
  public init(_ name: String, dimensions: Int, in builder: inout DensityBuilder) {
    logScale = builder.parameters.constant("\(name).log_scale", [dimensions], 0)
  }

  /// Multiplies by the factors.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    let s = pass.parameters[logScale]
    return LayerOutput(z: x.scalingColumns(by: s.applying(.exp)), logDeterminant: s.sum().broadcast(over: x.shape[0]))
  }

  /// Divides by the factors.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    z.detached.scalingColumns(by: (-pass.parameters[logScale].detached).applying(.exp))
  }
}
