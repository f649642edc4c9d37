import ArgumentParser

/// A number, or the word that leaves out what it would set, so that a preset's can be taken away.
struct NumberOrNone: ExpressibleByArgument {
  /// Nil for `none`.
  let value: Double?

  init?(argument: String) {
    guard argument != "none" else {
      value = nil
      return
    }
    guard let number = Double(argument) else { return nil }
    value = number
  }
}
