import Autodiff
import NeuralNetworks
import Tensors

/// A mask b of zeros and ones over the dimensions of a row, and 1 - b.
struct BinaryMask: Sendable {
  private let kept: Tensor
  private let moved: Tensor

  /// The mask of a coupling; a swapped one keeps what the other moves.
  init(
    dimensions: Int, isSwapped: Bool, in builder: inout ParameterBuilder, _ keeps: (_ index: Int) -> Bool
  ) {
    func mask(_ sought: Bool) -> Tensor {
      builder.constant([dimensions]) { (0..<dimensions).map { keeps($0) == sought ? 1 : 0 } }
    }
    kept = mask(!isSwapped)
    moved = mask(isSwapped)
  }

  /// b x, `[batch, dimensions]`
  func keep(_ x: Variable) -> Variable { x.scalingColumns(by: Variable(kept.converted(to: x.value.elementType))) }

  /// (1 - b) x, `[batch, dimensions]`
  func move(_ x: Variable) -> Variable { x.scalingColumns(by: Variable(moved.converted(to: x.value.elementType))) }
}
