import ArgumentParser

extension ValidationError {
  /// A value that an option does not take: "--batch-size must be 1…100000, got 0".
  init(_ option: String, mustBe requirement: String, got value: some CustomStringConvertible) {
    self.init("\(option) must be \(requirement), got \(value)")
  }
}

/// Checks that the value of an option, if one was given, is in a range.
func check<Value: Comparable & CustomStringConvertible>(
  _ option: String, _ value: Value?, in range: ClosedRange<Value>
) throws(ValidationError) {
  guard let value, !range.contains(value) else { return }
  throw ValidationError(option, mustBe: "\(range.lowerBound)…\(range.upperBound)", got: value)
}

/// Checks that the value of an option, if one was given, is not too small.
func check<Value: Comparable & CustomStringConvertible>(
  _ option: String, _ value: Value?, in range: PartialRangeFrom<Value>
) throws(ValidationError) {
  guard let value, !range.contains(value) else { return }
  throw ValidationError(option, mustBe: "at least \(range.lowerBound)", got: value)
}
