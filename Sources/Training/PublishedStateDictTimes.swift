import Foundation
import VariationalAutoencoder

// Times are stored in single precision, as they are or as their square roots. Read as they stand, 0.3 would become
// 0.30000001192, and a model that is exported and imported another one in its last bits.

extension PublishedStateDict {
  /// Sets the times that the file names, where a model has others.
  ///
  /// - Returns: Whether it names any.
  func inferTimes(_ model: inout ModelConfiguration) -> Bool {
    guard (1...1000).contains(model.blocks), commonTime != nil || !timeRoots.isEmpty else { return false }
    let stored: [(number: Float, isRoot: Bool)?] = (0..<model.blocks).map { block in
      commonTime.map { ($0, false) } ?? timeRoots[block].map { ($0, true) }
    }
    let times = zip(0..., stored).map { block, stored in
      guard let stored else { return model.timeLength(ofBlock: block) }
      func isStored(_ time: Double) -> Bool {
        (stored.isRoot ? Float(time).squareRoot() : Float(time)) == stored.number
      }
      let known = model.timeLength(ofBlock: block)
      if isStored(known) { return known }
      let number = Double(stored.number)
      return Self.shortest(stored.isRoot ? number * number : number, where: isStored)
    }
    if times.allSatisfy({ $0 == times[0] }) {
      (model.timeLength, model.timeLengths) = (times[0], nil)
    } else {
      model.timeLengths = times
    }
    return true
  }

  /// The number of fewest digits next to a time for which a test holds: what a person gave, if it was short. Else the time
  /// itself.
  private static func shortest(_ time: Double, where holds: (Double) -> Bool) -> Double {
    (1...7).lazy.compactMap { Double(String(format: "%.\($0)g", time)) }.first(where: holds) ?? time
  }
}
