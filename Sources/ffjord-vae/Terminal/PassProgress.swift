import Foundation
import Runs

/// Progress through passes of known number, as a bar with the time left; drawn at most ten times a second.
final class PassProgress {
  private let title: String
  private var lastPass = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?
  private var durations = RecentDurations()
  private var done = 0

  init(_ title: String) { self.title = title }

  func report(_ done: Int, of total: Int) {
    guard Terminal.showsProgress else { return }
    let now = ContinuousClock.now
    if done > self.done { durations.add((now - lastPass) / .seconds(1) / Double(done - self.done)) }
    (self.done, lastPass) = (done, now)
    if let lastDrawn, now - lastDrawn < .milliseconds(100), done < total { return }
    lastDrawn = now
    let left = (durations.mean ?? 0) * Double(total - done)
    Terminal.draw(
      "\(title) \(Terminal.bar(Double(done) / Double(max(total, 1)), width: 24)) \(done)/\(total)  "
        + "\(Terminal.duration(left)) left")
    if done == total { Terminal.clearLine() }
  }
}
