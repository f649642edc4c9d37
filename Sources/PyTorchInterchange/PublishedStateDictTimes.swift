import Foundation
import VariationalAutoencoder

// End times are stored in single precision, as they are or as their square roots. A stored 0.3 would be read as
// 0.30000001192, and an exported model would not be the same after import, to the last bit.

extension PublishedStateDict {
  /// Sets the end times that the file holds, where they differ from the model's.
  ///
  /// - Returns: Whether the file holds any.
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

  /// The number of the fewest digits, close to a time, for which a test holds: the number that was originally given,
  /// if it was short. Otherwise the time itself.
  private static func shortest(_ time: Double, where holds: (Double) -> Bool) -> Double {
    (1...7).lazy.compactMap { Double(String(format: "%.\($0)g", time)) }.first(where: holds) ?? time
  }
}
