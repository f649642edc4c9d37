/// What solves learned about the step sizes that suit them, with which similar solves start warm: out of one solve, and
/// into the next.
///
/// A solve that starts warm begins with the step size that would have suited the earlier solve, and divides the interval
/// into steps of one size, which have the least error for their number. This saves the evaluation that chooses the first
/// step of a cold start, and the small steps that follow it. Methods with fixed steps neither give a state nor use it.
///
/// ```swift
/// let first = try solve(dynamics, initial: [y], from: 0, to: 1)
/// let second = try solve(dynamics, initial: [z], from: 0, to: 1, startingFrom: first.solverState)
/// ```
public struct SolverState: Sendable, Hashable {
  /// A step size for each solve, in the order of the solves; empty for a cold start.
  private let stepSizes: [Double]

  /// The state of a cold start: nothing is known.
  public init() { stepSizes = [] }

  /// The state of one solve, with the step size that would have suited it, if that is known.
  init(stepSize: Double?) { stepSizes = [stepSize].compactMap { $0 } }

  /// The states of several solves as one, in their order; cold where one of them is.
  public init(_ solves: [SolverState]) {
    stepSizes = solves.contains(where: \.isCold) ? [] : solves.flatMap(\.stepSizes)
  }

  /// Whether a solve from this state is a cold start.
  public var isCold: Bool { stepSizes.isEmpty }

  /// The number of solves that this is the state of; 0 for a cold start.
  public var count: Int { stepSizes.count }

  /// The state of one of the solves; cold where there is none.
  public subscript(solve: Int) -> SolverState {
    SolverState(stepSize: stepSizes.indices.contains(solve) ? stepSizes[solve] : nil)
  }

  /// The size of the first step of a warm start.
  var firstStep: Double? { stepSizes.first }
}

/// As JSON, an array with a number for each solve.
extension SolverState: Codable {
  /// - Throws: `DecodingError`, also where a number is not finite and positive.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    stepSizes = try container.decode([Double].self)
    guard stepSizes.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "step sizes are positive numbers")
    }
  }

  /// Writes the step sizes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(stepSizes)
  }
}
