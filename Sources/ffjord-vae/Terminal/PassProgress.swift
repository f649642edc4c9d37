import Foundation
import Runs

/// Progress through passes of known number, as a bar with the time left; drawn at most ten times a second.
final class PassProgress {
  private let title: String
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?

  init(_ title: String) { self.title = title }

  func report(_ done: Int, of total: Int) {
    let now = ContinuousClock.now
    if !Terminal.isInteractive { return }
    if let lastDrawn, now - lastDrawn < .milliseconds(100), done < total { return }
    lastDrawn = now
    let seconds = (now - start) / .seconds(1)
    let left = seconds / Double(max(done, 1)) * Double(total - done)
    Terminal.draw(
      "\(title) \(Terminal.bar(Double(done) / Double(max(total, 1)), width: 24)) \(done)/\(total)  "
        + "\(Terminal.duration(left)) left")
    if done == total { Terminal.clearLine() }
  }
}
