import Autodiff
import Foundation
import NeuralNetworks
import Tensors

/// Activation normalization (actnorm): a shift and a scale of each dimension, or of each channel of an image, that give the
/// first batch mean 0 and variance 1 and are trained from there.
///
///     z = exp(s) (x + b)        log |det dz/dx| = pixels * sum of s
///
/// Kingma and Dhariwal 2018 (Glow), section 3.1.
public struct ActivationNormalization: DensityLayer {
  /// The number of features: dimensions, or channels.
  public let features: Int
  private let logScale: Parameter
  private let bias: Parameter

  /// Adds the layer's parameters to a builder: `name.log_scale`, which is s, and `name.bias`, `[features]`, zero until
  /// a batch initializes them.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - features: The number of features: dimensions of a row, or channels of a pixel, which are last.
  ///   - builder: What makes the parameters.
  public init(_ name: String, features: Int, in builder: inout DensityBuilder) {
    self.features = features
    logScale = builder.parameters.constant("\(name).log_scale", [features], 0)
    bias = builder.parameters.constant("\(name).bias", [features], 0)
  }

  /// True: by the mean and the deviation of the first batch.
  public var isInitializedByData: Bool { true }

  /// Shifts, then scales.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    let pixels = x.shape[1] / features
    let s = pass.parameters[logScale]
    let z = x.reshaped([x.shape[0] * pixels, features]).addingToRows(pass.parameters[bias])
      .scalingColumns(by: s.applying(.exp))
    return LayerOutput(
      z: z.reshaped(x.shape), logDeterminant: (Double(pixels) * s.sum()).broadcast(over: x.shape[0]))
  }

  /// Undoes the scale, then the shift.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    let parameters = pass.parameters.detached
    return z.detached.reshaped([z.value.count / features, features])
      .scalingColumns(by: (-parameters[logScale]).applying(.exp)).addingToRows(-parameters[bias]).reshaped(z.shape)
  }

  /// Sets shift and scale so that the layer's output for the batch has mean 0 and variance 1 in each feature. The scale is
  /// at most 1e6, where a feature does not vary.
  public func initialize(_ parameters: inout ParameterSet, buffers: ParameterSet, for x: Tensor) {
    guard x.count > 0 else { return }
    let rows = x.count / features
    var (sums, squares) = ([Double](repeating: 0, count: features), [Double](repeating: 0, count: features))
    let numbers = x.doubles()
    for (i, number) in numbers.enumerated() { sums[i % features] += number }
    let means = sums.map { $0 / Double(rows) }
    for (i, number) in numbers.enumerated() {
      let deviation = number - means[i % features]
      squares[i % features] += deviation * deviation
    }
    let scales = squares.map { -log(($0 / Double(rows)).squareRoot() + 1e-6) }
    parameters[bias] = Tensor(means.map { -$0 }, shape: [features]).converted(to: x.elementType)
    parameters[logScale] = Tensor(scales, shape: [features]).converted(to: x.elementType)
  }
}
