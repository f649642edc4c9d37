import Tensors

/// A tensor that may be on a tape.
///
/// Operations on variables compute at once. If an input is on a tape, the operation is recorded there and so is the
/// result. A variable without a tape is a constant.
public struct Variable {
  /// The numbers.
  public let value: Tensor
  let tape: Tape?
  let node: Int?

  init(value: Tensor, tape: Tape?, node: Int?) {
    self.value = value
    self.tape = tape
    self.node = node
  }

  /// A constant, through which no gradient flows.
  public init(_ value: Tensor) { self.init(value: value, tape: nil, node: nil) }

  /// The shape of the value.
  public var shape: [Int] { value.shape }

  /// Whether gradients flow through this variable.
  public var isTracked: Bool { tape != nil }

  /// The same numbers as a constant.
  public var detached: Variable { Variable(value) }

  /// The tape that this variable is on.
  package var recordingTape: Tape? { tape }
}
