import NormalizingFlows

/// The architecture of a model: sizes and kinds, which determine its parameters.
///
/// The options of posteriors are properties too, declared beside the posterior that they are for, such as ``hidden`` and
/// ``flows``. Those that a kind of posterior does not use have no effect. The defaults are the published model of
/// Omniglot.
public struct ModelConfiguration: Sendable, Equatable {
  /// The limits of an image's sides.
  public static let sides = 4...512
  /// The limits of the number of latent dimensions.
  public static let latentNumbers = 1...4096

  /// The rows of an image, within ``sides``.
  public var imageHeight = 28
  /// The columns of an image, within ``sides``.
  public var imageWidth = 28
  /// The likelihood of the pixels.
  public var likelihood = LikelihoodKind.bernoulli
  /// The number of latent dimensions, within ``latentNumbers``.
  public var latent = 64
  /// The kind of the posterior.
  public var flow = PosteriorKind.ffjord
  private var options = ModelOptionValues()

  /// The published model of Omniglot.
  public init() {}

  /// The value of an option of a posterior.
  public subscript<Value>(option: ModelOption<Value>) -> Value {
    get { options.values[option.key].flatMap { $0 as? Value } ?? option.defaultValue }
    set { options.values[option.key] = newValue == option.defaultValue ? nil : newValue }
  }

  /// What there is to know of the kind of the posterior.
  public var posterior: any PosteriorDescription { flow.posterior }

  /// A phrase that describes the posterior and its sizes, such as "5 flows of 512-512, rank 20".
  public var posteriorSummary: String { posterior.summary(self) }

  /// Why the configuration is invalid; nil where it is valid.
  public var validationError: InvalidValue? {
    for (key, side) in [("imageHeight", imageHeight), ("imageWidth", imageWidth)] where !Self.sides.contains(side) {
      return InvalidValue(key, "\(side)", mustBe: Self.sides.inWords)
    }
    guard Self.latentNumbers.contains(latent) else {
      return InvalidValue("latent", name: "latent dimensions", "\(latent)", mustBe: Self.latentNumbers.inWords)
    }
    return posterior.options.lazy.compactMap { $0.validationError(in: self) }.first
      ?? posterior.validationError(self)
  }
}

extension ModelConfiguration: Codable {
  /// A key of a configuration in JSON.
  public struct Key: CodingKey, Hashable, Sendable {
    public let stringValue: String
    public var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }

    public init?(stringValue: String) { self.init(stringValue) }

    public init?(intValue: Int) { nil }

    static let imageHeight = Key("imageHeight")
    static let imageWidth = Key("imageWidth")
    static let likelihood = Key("likelihood")
    static let latent = Key("latent")
    static let flow = Key("flow")
  }

  /// A configuration that is written with all keys, also with those of options that are written only where they are
  /// set. It is not valid.
  public static var withEveryField: ModelConfiguration {
    var model = ModelConfiguration()
    for option in PosteriorKind.options { option.setExample(in: &model) }
    return model
  }

  /// Writes the configuration, with the options of all kinds of posterior.
  public func encode(to encoder: any Swift.Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(imageHeight, forKey: .imageHeight)
    try values.encode(imageWidth, forKey: .imageWidth)
    try values.encode(likelihood, forKey: .likelihood)
    try values.encode(latent, forKey: .latent)
    try values.encode(flow, forKey: .flow)
    for option in PosteriorKind.options { try option.encode(self, to: &values) }
  }

  /// Reads a configuration. Fields that are missing, because the file was written before they existed, take their
  /// defaults.
  ///
  /// - Throws: `DecodingError` where a value is of the wrong type.
  public init(from decoder: any Swift.Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: Key.self)
    func read<Value: Decodable>(_ field: inout Value, _ key: Key) throws {
      field = try values.decodeIfPresent(Value.self, forKey: key) ?? field
    }
    try read(&imageHeight, .imageHeight)
    try read(&imageWidth, .imageWidth)
    try read(&likelihood, .likelihood)
    try read(&latent, .latent)
    try read(&flow, .flow)
    for option in PosteriorKind.options { try option.decode(&self, from: values) }
  }
}

/// The values of options that are not their defaults, by key.
private struct ModelOptionValues: Sendable, Equatable {
  var values: [String: any ModelOptionValue] = [:]

  static func == (a: Self, b: Self) -> Bool {
    func areEqual<Value: ModelOptionValue>(_ x: Value, _ y: any ModelOptionValue) -> Bool { x == y as? Value }
    return a.values.count == b.values.count
      && a.values.allSatisfy { key, value in b.values[key].map { areEqual(value, $0) } ?? false }
  }
}
