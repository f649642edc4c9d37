/// A step of a solve that is to be tried.
struct ProposedStep {
  /// Where it begins.
  let time: Double
  /// Its size, which is negative in a solve backward in time.
  let size: Double
  /// Whether it ends at the end of the solve.
  let isLast: Bool
  /// Whether it would be larger if the end were further away.
  let isShortened: Bool
}

/// The sizes of a solve's steps: equal ones, or those that a controller chooses by the errors of the steps before.
struct StepSequence {
  private let end: Double
  private let length: Double
  private let direction: Double
  private let control: StepControl
  private let order: Int
  /// Whether what remains is divided evenly, as after a warm start.
  private let isEvenlyDivided: Bool
  /// What the next step takes, if the end is not nearer.
  private var size: Double
  /// What the controller allows the next step to take.
  private var allowed: Double
  /// The error of the last step that was accepted, in units of the tolerance.
  private var previousError: Double?

  /// The steps of a solve from `start` to another time `end`.
  ///
  /// - Parameters:
  ///   - control: What chooses their sizes.
  ///   - order: The order of the method.
  ///   - firstSize: The size of the first of adaptive steps, without its sign.
  ///   - isEvenlyDivided: Whether adaptive steps divide evenly what remains, none being larger than the controller allows.
  init(
    from start: Double, to end: Double, _ control: StepControl, order: Int, firstSize: Double, isEvenlyDivided: Bool
  ) {
    (self.end, self.control, self.order, self.isEvenlyDivided) = (end, control, order, isEvenlyDivided)
    length = abs(end - start)
    direction = end > start ? 1 : -1
    switch control {
    case .fixed(let count):
      precondition(count > 0, "solve: \(count) steps of a fixed size")
      size = (end - start) / Double(count)
      allowed = size
    case .adaptive:
      (size, allowed) = (0, 0)
      allow(min(abs(firstSize), length) * direction, at: start)
    }
  }

  /// The step to try at a time; nil at the end.
  ///
  /// - Parameter count: The number of steps that were tried before.
  func next(at time: Double, count: Int) -> ProposedStep? {
    guard (end - time) * direction > 0 else { return nil }
    let excess = (time + size - end) * direction
    // The last step ends exactly at the end; one that would fall short of it by rounding is extended to it.
    let isLast =
      switch control {
      case .fixed(let total): count == total - 1
      case .adaptive: excess >= -1e-12 * length
      }
    return ProposedStep(
      time: time, size: isLast ? end - time : size, isLast: isLast, isShortened: isLast && excess > 0)
  }

  /// Has the controller choose the size of the step after one that was tried.
  ///
  /// - Parameters:
  ///   - error: The error of the step that was tried, in units of the tolerance.
  ///   - time: Where the next step begins.
  mutating func adapt(to error: Double, of step: ProposedStep, at time: Double) {
    guard case .adaptive(let steps) = control else { return }
    let factor = steps.controller.factor(error: error, previous: previousError, order: order)
    if error <= 1 { previousError = error }
    allow(step.size * factor, at: time)
  }

  /// Whether the controller asks for a step so small that the solve is stuck.
  var isStuck: Bool { abs(allowed) < 1e-10 * length }

  private mutating func allow(_ size: Double, at time: Double) {
    allowed = size
    let remaining = end - time
    guard isEvenlyDivided, remaining != 0 else {
      self.size = size
      return
    }
    // A number of steps that exceeds an integer by rounding alone is that integer.
    self.size = remaining / max(1, (remaining / size * (1 - 1e-12)).rounded(.up))
  }
}
