import Autodiff
import NeuralNetworks

/// A coupling that scales and shifts the second part of a row by functions of the first, as in the published experiments
/// on toys.
///
///     (s, t) = network(x_1)    z_1 = x_1    z_2 = sigmoid(s + 2) x_2 + t        log |det dz/dx| = sum of log sigmoid(s + 2)
///
/// The scale is less than one, and close to one at first. Of d dimensions the kept part has d - d / 2, rounded down. A
/// swapped layer keeps the last of them, where others keep the first. (With an odd number of dimensions, a swapped layer of
/// the published code permutes them too, and its inverse is not one.)
///
/// Kingma and Dhariwal 2018 (Glow), table 1, for the sigmoid; Grathwohl et al. 2019, section 4.1.
public struct SplitAffineCoupling: DensityLayer {
  private let network: MultilayerPerceptron
  private let kept: Range<Int>
  private let moved: Range<Int>

  /// Adds the layer's parameters to a builder: those of the perceptron `name.net_s_t`, which has ReLU.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - dimensions: The number of dimensions, at least two.
  ///   - hidden: The widths of the perceptron's hidden layers.
  ///   - isSwapped: Whether the last dimensions are kept.
  ///   - builder: What makes the parameters.
  public init(
    _ name: String, dimensions: Int, hidden: [Int] = [64, 64], isSwapped: Bool = false,
    in builder: inout DensityBuilder
  ) {
    let count = dimensions / 2
    kept = isSwapped ? count..<dimensions : 0..<(dimensions - count)
    moved = isSwapped ? 0..<count : (dimensions - count)..<dimensions
    network = MultilayerPerceptron(
      "\(name).net_s_t", inputs: kept.count, hidden: hidden, outputs: 2 * moved.count, in: &builder.parameters)
  }

  private func columns(_ x: Variable, _ range: Range<Int>) -> Variable {
    x.sliced(axis: 1, start: range.lowerBound, length: range.count)
  }

  /// Scales, then shifts.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    let operation = SplitCouplingOperation(dimensions: x.shape[1], moved: moved)
    let (z, logDeterminant) = operation(x, network(columns(x, kept), pass.parameters))
    return LayerOutput(z: z, logDeterminant: logDeterminant)
  }

  /// Undoes the shift, then the scale.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    let z = z.detached
    let first = columns(z, kept)
    let output = network(first, pass.parameters.detached)
    let opening = columns(output, 0..<moved.count) + 2
    let second = (columns(z, moved) - columns(output, moved.count..<(2 * moved.count))) / opening.applying(.sigmoid)
    return .concatenation(kept.lowerBound == 0 ? [first, second] : [second, first], axis: 1)
  }
}
