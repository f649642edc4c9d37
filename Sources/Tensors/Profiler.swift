import Synchronization

/// Where time, arithmetic and memory traffic go, for whoever measures them.
///
/// Off unless asked for; then the model says which part of itself is at work, and operations count what they do.
public enum Profiler {
  /// A part of a computation.
  public enum Part: Int, Sendable, CaseIterable, Codable {
    case other, encoder, posterior, hypernetwork, flow, decoder, likelihood, weightGradients, optimizer
  }

  /// Forward, or backward along the tape.
  public enum Direction: Int, Sendable, CaseIterable, Codable {
    case forward, backward
  }

  /// What a part took.
  public struct Reading: Sendable, Codable {
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

    mutating func move(to next: Place) {
      let now = ContinuousClock.now
      let elapsed = (now - since).components
      readings[place, default: Reading()].seconds += Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
      (place, since) = (next, now)
    }
  }

  /// A part and a direction.
  public struct Place: Sendable, Hashable {
    public let part: Part
    public let direction: Direction

    public init(part: Part, direction: Direction) {
      self.part = part
      self.direction = direction
    }
  }

  private static let isOn = Atomic(false)
  private static let state = Mutex(State())

  /// Measures what `body` does.
  public static func measuring<Failure: Error>(
    _ body: () throws(Failure) -> Void
  ) throws(Failure) -> [Place: Reading] {
    state.withLock { $0 = State() }
    isOn.store(true, ordering: .relaxed)
    defer { isOn.store(false, ordering: .relaxed) }
    try body()
    return state.withLock { state in
      state.move(to: state.place)
      return state.readings
    }
  }

  /// Says that a part is at work from now on.
  package static func enter(_ part: Part, _ direction: Direction = .forward) {
    guard isOn.load(ordering: .relaxed) else { return }
    state.withLock { state in
      let place = Place(part: part, direction: direction)
      if state.place != place { state.move(to: place) }
    }
  }

  /// The part at work.
  package static var current: Part {
    isOn.load(ordering: .relaxed) ? state.withLock { $0.place.part } : .other
  }

  /// Counts an operation.
  ///
  /// - Parameter lowPrecisionProducts: How many products of rounded factors each product of the operation takes; 0 where it is formed
  ///   in single precision.
  package static func count(operations: Int, bytes: Int, lowPrecisionProducts: Int = 0) {
    guard isOn.load(ordering: .relaxed) else { return }
    state.withLock { state in
      var reading = state.readings[state.place] ?? Reading()
      reading.operations += operations
      if lowPrecisionProducts > 0 {
        reading.lowPrecisionOperations += lowPrecisionProducts * operations
      } else {
        reading.floatOperations += operations
      }
      if bytes > cacheLimit { reading.memoryBytes += bytes } else { reading.cachedBytes += bytes }
      state.readings[state.place] = reading
    }
  }
}
