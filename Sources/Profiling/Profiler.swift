import Synchronization

/// Where time, arithmetic and memory traffic go, for whoever measures them.
///
/// Off unless asked for; then a computation says which of its parts is at work, and operations count what they do.
///
/// ```swift
/// let readings = Profiler.measuring {
///   Profiler.enter("encoder")
///   ...
/// }
/// ```
public enum Profiler {
  /// The name of a part of a computation.
  public struct Label: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name.
    public let name: String

    /// A label of this name.
    public init(stringLiteral name: String) {
      self.name = name
    }

    /// What is at work where nobody said so.
    public static let other: Label = "other"

    public var description: String { name }
  }

  /// A direction of work.
  public enum Direction: Int, Sendable, CaseIterable, Codable {
    /// From inputs to results.
    case forward
    /// From results back to the gradients of inputs.
    case backward
  }

  /// What a part took.
  public struct Reading: Sendable, Codable {
    /// Seconds of wall-clock time.
    public var seconds = 0.0
    /// Floating-point operations, a product and its sum counted as two.
    public var operations = 0
    /// Those in single precision: the arithmetic units' work.
    public var floatOperations = 0
    /// Those with factors rounded to 8 bits of mantissa, of which a product of split numbers takes three for one.
    public var lowPrecisionOperations = 0
    /// Bytes read and written by operations whose numbers fit into a cache.
    public var cachedBytes = 0
    /// Bytes read and written by operations whose numbers do not.
    public var memoryBytes = 0
  }

  /// An operation on more bytes than this is taken to find its numbers in memory, not in a cache.
  public static let cacheLimit = 32 << 20

  private struct State {
    var place = Place(part: .other, direction: .forward)
    var since = ContinuousClock.now
    var readings: [Place: Reading] = [:]
    var order: [Place] = []

    mutating func move(to next: Place) {
      let now = ContinuousClock.now
      let seconds = (now - since) / .seconds(1)
      add { $0.seconds += seconds }
      (place, since) = (next, now)
    }

    /// Changes the reading of the place at work.
    mutating func add(_ change: (inout Reading) -> Void) {
      if readings[place] == nil { order.append(place) }
      change(&readings[place, default: Reading()])
    }
  }

  /// A part and a direction.
  public struct Place: Sendable, Hashable {
    /// The part.
    public let part: Label
    /// The direction.
    public let direction: Direction

    /// A part at work in a direction.
    public init(part: Label, direction: Direction) {
      self.part = part
      self.direction = direction
    }
  }

  private static let isOn = Atomic(false)
  private static let state = Mutex(State())

  /// Measures what `body` does: what each part took, in the order in which the parts came up.
  public static func measuring<Failure: Error>(
    _ body: () throws(Failure) -> Void
  ) throws(Failure) -> [(place: Place, reading: Reading)] {
    state.withLock { $0 = State() }
    isOn.store(true, ordering: .relaxed)
    defer { isOn.store(false, ordering: .relaxed) }
    try body()
    return state.withLock { state in
      state.move(to: state.place)
      return state.order.map { ($0, state.readings[$0] ?? Reading()) }
    }
  }

  /// Says that a part is at work from now on.
  public static func enter(_ part: Label, _ direction: Direction = .forward) {
    guard isOn.load(ordering: .relaxed) else { return }
    state.withLock { state in
      let place = Place(part: part, direction: direction)
      if state.place != place { state.move(to: place) }
    }
  }

  /// The part at work.
  public static var current: Label {
    isOn.load(ordering: .relaxed) ? state.withLock { $0.place.part } : .other
  }

  /// Counts an operation.
  ///
  /// - Parameters:
  ///   - operations: Floating-point operations, a product and its sum counted as two.
  ///   - bytes: Bytes read and written.
  ///   - lowPrecisionProducts: How many products of rounded factors each product of the operation takes; 0 where it is
  ///     formed in single precision.
  public static func count(operations: Int, bytes: Int, lowPrecisionProducts: Int = 0) {
    guard isOn.load(ordering: .relaxed) else { return }
    state.withLock { state in
      state.add { reading in
        reading.operations += operations
        if lowPrecisionProducts > 0 {
          reading.lowPrecisionOperations += lowPrecisionProducts * operations
        } else {
          reading.floatOperations += operations
        }
        if bytes > cacheLimit { reading.memoryBytes += bytes } else { reading.cachedBytes += bytes }
      }
    }
  }
}
