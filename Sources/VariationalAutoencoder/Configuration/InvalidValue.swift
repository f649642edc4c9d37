/// A value of a configuration that is not allowed: which, what it must be, and what it is.
public struct InvalidValue: Error, Sendable, Hashable, CustomStringConvertible {
  /// The key of the value in a configuration, such as `batchSize`.
  public let key: String
  /// What the value is, in words, such as "batch size".
  public let name: String
  /// What it must be, such as "1…100000".
  public let requirement: String
  /// What it is.
  public let value: String

  /// A value that is not allowed.
  ///
  /// - Parameters:
  ///   - key: Its key in a configuration, in camel case.
  ///   - name: What it is, in words; nil for the words of the key.
  ///   - value: The value, as it is written on a command line.
  ///   - requirement: What it must be, to follow "must be".
  public init(_ key: String, name: String? = nil, _ value: String, mustBe requirement: String) {
    self.key = key
    self.name = name ?? key.words(separator: " ")
    self.requirement = requirement
    self.value = value
  }

  /// What is wrong, such as "batch size must be 1…100000, got 0".
  public var description: String { description(calling: name) }

  /// The same under another name of the value, such as that of an option.
  public func description(calling name: String) -> String {
    // A number as it is written, without the fraction of a whole one.
    let given = value.hasSuffix(".0") ? value.dropLast(2) : value[...]
    return "\(name) must be \(requirement), got \(given.isEmpty ? "nothing" : given)"
  }
}

extension ClosedRange {
  /// The range as it is written in errors: 1…100000.
  package var inWords: String { "\(lowerBound)…\(upperBound)" }
}
