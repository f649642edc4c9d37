/// An option of some kinds of posterior, such as the number of a flow's layers: its key in a configuration, its default
/// and its limits.
///
/// An option is declared beside the posterior that has it, and is a property of every ``ModelConfiguration`` then:
///
/// ```swift
/// extension ModelOption<Int> {
///   static var reflections: Self { Self("reflections", default: 8, in: 1...4096, "Householder reflections") }
/// }
///
/// extension ModelConfiguration {
///   var reflections: Int {
///     get { self[.reflections] }
///     set { self[.reflections] = newValue }
///   }
/// }
/// ```
public struct ModelOption<Value: ModelOptionValue>: AnyModelOption {
  public let key: String
  public let name: String
  public let summary: String
  /// The value of configurations that do not set it.
  public let defaultValue: Value
  private let requirement: @Sendable (Value) -> String?

  /// An option.
  ///
  /// - Parameters:
  ///   - key: Its key in a configuration, in camel case.
  ///   - name: Its name in errors; nil for the words of the key.
  ///   - defaultValue: The value of configurations that do not set it.
  ///   - summary: What it says, in a few words.
  ///   - requirement: What an invalid value must be, such as "1…256"; nil for a valid one.
  public init(
    _ key: String, name: String? = nil, default defaultValue: Value, _ summary: String,
    requirement: @escaping @Sendable (Value) -> String? = { _ in nil }
  ) {
    self.key = key
    self.name = name ?? key.words(separator: " ")
    self.summary = summary
    self.defaultValue = defaultValue
    self.requirement = requirement
  }

  public var defaultText: String { defaultValue.optionText }

  public func text(in model: ModelConfiguration) -> String { model[self].optionText }

  public func validationError(in model: ModelConfiguration) -> InvalidValue? {
    let value = model[self]
    return requirement(value).map { InvalidValue(key, name: name, value.optionText, mustBe: $0) }
  }

  public func setExample(in model: inout ModelConfiguration) {
    if let example = Value.example { model[self] = example }
  }

  public func encode(
    _ model: ModelConfiguration, to container: inout KeyedEncodingContainer<ModelConfiguration.Key>
  ) throws {
    try model[self].encode(to: &container, for: ModelConfiguration.Key(key))
  }

  public func decode(
    _ model: inout ModelConfiguration, from container: KeyedDecodingContainer<ModelConfiguration.Key>
  ) throws {
    if let value = try Value.decode(from: container, for: ModelConfiguration.Key(key)) { model[self] = value }
  }
}

extension ModelOption<Int> {
  /// An option whose values are the whole numbers of a range.
  ///
  /// - Parameters:
  ///   - key: Its key in a configuration, in camel case.
  ///   - defaultValue: The value of configurations that do not set it.
  ///   - range: The valid values.
  ///   - summary: What it says, in a few words.
  public init(_ key: String, default defaultValue: Int, in range: ClosedRange<Int>, _ summary: String) {
    self.init(key, default: defaultValue, summary) {
      range.contains($0) ? nil : range.inWords
    }
  }
}

/// A ``ModelOption`` of any type of value.
public protocol AnyModelOption: Sendable {
  /// Its key in a configuration, in camel case.
  var key: String { get }
  /// Its name in errors.
  var name: String { get }
  /// What it says, in a few words.
  var summary: String { get }
  /// The default, as it is written on a command line.
  var defaultText: String { get }

  /// Its value in a configuration, as it is written on a command line.
  func text(in model: ModelConfiguration) -> String
  /// Why its value in a configuration is invalid; nil where it is valid.
  func validationError(in model: ModelConfiguration) -> InvalidValue?
  /// Sets it to some value, so that a configuration has its key; not to a valid one.
  func setExample(in model: inout ModelConfiguration)
  /// Writes its value in a configuration.
  func encode(
    _ model: ModelConfiguration, to container: inout KeyedEncodingContainer<ModelConfiguration.Key>) throws
  /// Reads its value; a missing one leaves the configuration as it is.
  func decode(
    _ model: inout ModelConfiguration, from container: KeyedDecodingContainer<ModelConfiguration.Key>) throws
}

extension String {
  /// The words of a name in camel case: "masked width", or "masked-width", of "maskedWidth".
  public func words(separator: String) -> String {
    reduce(into: "") { $0 += $1.isUppercase ? separator + $1.lowercased() : String($1) }
  }
}
