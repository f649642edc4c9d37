import NormalizingFlows
import Tensors

/// A value of a ``ModelOption``: a number, a list, or one of several names.
public protocol ModelOptionValue: Codable, Equatable, Sendable {
  /// The value as it is written on a command line.
  var optionText: String { get }

  /// A list of values as it is written on a command line.
  static func text(of list: [Self]) -> String

  /// Any value, for a list of keys; nil where none is needed, since the default is always written.
  static var example: Self? { get }

  /// Writes the value under a key.
  func encode(
    to container: inout KeyedEncodingContainer<ModelConfiguration.Key>, for key: ModelConfiguration.Key) throws

  /// Reads the value under a key; nil where there is none.
  static func decode(
    from container: KeyedDecodingContainer<ModelConfiguration.Key>, for key: ModelConfiguration.Key
  ) throws -> Self?
}

extension ModelOptionValue {
  /// The values in brackets.
  public static func text(of list: [Self]) -> String { "[\(list.map(\.optionText).joined(separator: ", "))]" }

  /// Nil.
  public static var example: Self? { nil }

  /// Writes the value under a key.
  public func encode(
    to container: inout KeyedEncodingContainer<ModelConfiguration.Key>, for key: ModelConfiguration.Key
  ) throws {
    try container.encode(self, forKey: key)
  }

  /// Reads the value under a key; nil where there is none.
  public static func decode(
    from container: KeyedDecodingContainer<ModelConfiguration.Key>, for key: ModelConfiguration.Key
  ) throws -> Self? {
    try container.decodeIfPresent(Self.self, forKey: key)
  }
}

extension ModelOptionValue where Self: RawRepresentable<String> {
  /// The name.
  public var optionText: String { rawValue }
}

extension Int: ModelOptionValue {
  /// The number in decimal digits.
  public var optionText: String { "\(self)" }

  /// The numbers with hyphens between them, such as 512-512.
  public static func text(of list: [Int]) -> String { list.map(\.optionText).joined(separator: "-") }

  /// Zero.
  public static var example: Int? { 0 }
}

extension Double: ModelOptionValue {
  /// The number with the fewest digits that tell it from others.
  public var optionText: String { "\(self)" }

  /// Zero.
  public static var example: Double? { 0 }
}

extension Array: ModelOptionValue where Element: ModelOptionValue {
  /// The elements: whole numbers with hyphens between them, such as 512-512, others in brackets.
  public var optionText: String { Element.text(of: self) }

  /// No elements.
  public static var example: [Element]? { [] }
}

extension Optional: ModelOptionValue where Wrapped: ModelOptionValue {
  /// The value, or "none".
  public var optionText: String { self?.optionText ?? "none" }

  /// A value of the type that is wrapped.
  public static var example: Wrapped?? { Wrapped.example.map { .some($0) } }

  /// Writes the value under a key, if there is one.
  public func encode(
    to container: inout KeyedEncodingContainer<ModelConfiguration.Key>, for key: ModelConfiguration.Key
  ) throws {
    try container.encodeIfPresent(self, forKey: key)
  }

  /// Reads the value under a key; nil where there is none.
  public static func decode(
    from container: KeyedDecodingContainer<ModelConfiguration.Key>, for key: ModelConfiguration.Key
  ) throws -> Self? {
    try container.decodeIfPresent(Wrapped.self, forKey: key).map { .some($0) }
  }
}

extension Amortization: ModelOptionValue {}
extension TimeDependence: ModelOptionValue {}
extension ElementwiseFunction: ModelOptionValue {}
