import Foundation
import Tensors
import Training

/// What a rank other than 0 says, where it is asked to: lines that begin with its number.
struct RankWords: Sendable {
  let rank: Int
  let count: Int
  /// Whether anything is said.
  var areWanted = false

  /// The words of one of several ranks.
  init(rank: Int, of count: Int) { (self.rank, self.count) = (rank, count) }

  /// Says something.
  func say(_ text: String) {
    guard areWanted else { return }
    let lines = text.visible(keepingLines: true).split(separator: "\n").map { "rank \(rank): \($0)\n" }
    Terminal.write(lines.joined())
  }

  /// Says where the rank is, and with what it computes.
  func introduce() {
    let process = ProcessInfo.processInfo
    say(
      "one of \(count), process \(process.processIdentifier) on \(process.hostName), "
        + "\(Terminal.count(Compute.threads, "thread")), \(Compute.instructionSet)")
  }

  /// Says what happens in training.
  func say(_ event: RankEvent) {
    switch event {
    case .began(let places, let parameters, let total):
      say(
        "takes images \(places.lowerBound + 1) to \(places.upperBound) of each batch, and holds \(parameters) of "
          + "\(total) parameters")
    case .failed(let error): say("\(error)")
    case .ended(let steps, let sentBytes):
      let each = Double(sentBytes) / Double(max(steps, 1)) / 1e6
      say("took \(Terminal.count(steps, "step")), and sent \(each.fixed(1)) MB in each")
    }
  }

  /// Says what the process took of the machine, at its end.
  func sayWhatItTook() {
    let usage = ProcessUsage()
    say(
      "took \(usage.processorSeconds.fixed(1)) s of processor time, and \((Double(usage.peakBytes) / 1e9).fixed(2)) GB of "
        + "memory at most")
  }
}
