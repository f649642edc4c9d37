/// When a run saves its state although no epoch ends: after an interval in which it has not.
public struct SavingTimer: Sendable {
  /// The interval: the time that a killed run may lose.
  public var interval = Duration.seconds(600)
  private var start = ContinuousClock.now

  /// A timer that begins now.
  public init() {}

  /// Whether the interval has passed.
  public var isDue: Bool { .now - start >= interval }

  /// Begins the interval anew, as the state is saved.
  public mutating func restart() { start = .now }
}
