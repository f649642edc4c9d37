/// How long a repeated piece of work takes, by its last few times: a time to come is right again soon after the machine
/// was busy, and at once after a pause, which makes one time long.
struct RecentDurations {
  /// As many times are kept.
  static let count = 40
  /// A time beyond so many medians is that of a pause.
  private static let pause = 4.0

  private var seconds: [Double] = []
  private var next = 0

  mutating func add(_ duration: Double) {
    if seconds.count < Self.count {
      seconds.append(duration)
    } else {
      seconds[next] = duration
      next = (next + 1) % Self.count
    }
  }

  /// The mean without pauses; nil where nothing was added.
  var mean: Double? {
    guard let median = seconds.median else { return nil }
    return seconds.filter { $0 <= Self.pause * median }.mean ?? median
  }
}
