import Autodiff
import NeuralNetworks
import Tensors

/// The order in which an autoregressive layer takes the dimensions.
public enum AutoregressiveOrder: String, Sendable, CaseIterable {
  /// First to last.
  case natural
  /// Last to first.
  case reversed

  /// The indices of the dimensions, in this order.
  func dimensions(_ count: Int) -> [Int] { self == .natural ? Array(0..<count) : (0..<count).reversed() }

  /// The natural order for even layers, and the reversed one for odd layers, so that each dimension is conditioned on
  /// all others (Papamakarios et al. 2017).
  public static func alternating(_ layer: Int) -> AutoregressiveOrder { layer % 2 == 0 ? .natural : .reversed }
}

/// A network that computes, for each dimension of a sample, numbers from the dimensions before it in an order: the
/// conditioner of an autoregressive flow (Huang et al. 2018), or of an autoregressive density.
public protocol AutoregressiveConditioner: Sendable {
  /// The number of dimensions.
  var dimensions: Int { get }
  /// How many numbers it computes for each dimension.
  var outputs: Int { get }

  /// The numbers for samples: `[batch, dimensions]` -> `[batch, dimensions, outputs]`. Those for dimension i do not
  /// depend on dimension i and those after it in the order.
  func callAsFunction(_ x: Variable, _ parameters: BoundParameters) -> Variable

  /// Samples whose dimensions are made one after another, in the conditioner's order, as a constant.
  ///
  /// - Parameters:
  ///   - count: The number of samples.
  ///   - type: The type of their numbers.
  ///   - parameters: The model's parameters.
  ///   - next: Makes a dimension, `[count]`, of the numbers for it, `[count, outputs]`.
  /// - Returns: `[count, dimensions]`
  func unrolled(
    _ count: Int, _ type: ElementType, _ parameters: BoundParameters,
    _ next: (_ dimension: Int, _ numbers: Tensor) -> Tensor
  ) -> Tensor
}

extension Tensor {
  /// A column of a matrix: `[rows, columns]` -> `[rows]`.
  func column(_ index: Int) -> Tensor { sliced(axis: 1, start: index, length: 1).reshaped([shape[0]]) }

  /// Sets a column of a matrix, `[rows]`.
  mutating func setColumn(_ index: Int, to column: Tensor) {
    replace(axis: 1, start: index, with: column.reshaped([shape[0], 1]))
  }
}
