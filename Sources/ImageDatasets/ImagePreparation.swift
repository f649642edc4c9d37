/// The size of an image, written as rows x columns: `28x28`.
public struct ImageSize: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The number of rows.
  public var height: Int
  /// The number of columns.
  public var width: Int

  /// A size in pixels.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// A size from a text such as `28x20`, or `28` for a square; nil for other texts.
  public init?(_ text: String) {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1] else { return nil }
    self.init(height: height, width: width)
  }

  /// The size as text: `28x20`.
  public var description: String { "\(height)x\(width)" }
}

/// How the user's own images are prepared for a model: resized, then inverted, then binarized.
public struct ImagePreparation: Sendable, Hashable {
  /// How grey pixels are binarized.
  public enum Binarization: String, Sendable, Hashable, CaseIterable, Codable {
    /// Grey pixels stay grey. Images of zeros and ones alone are binary.
    case none
    /// 1 for an intensity of at least a half, otherwise 0.
    case threshold
    /// 1 with the intensity as probability: training images each time they are used, the others once and for all.
    case dynamic
  }

  /// How grey pixels are binarized.
  public var binarization = Binarization.none
  /// The size to which images are resized, by area averaging; nil to keep their size.
  public var size: ImageSize?
  /// Whether an intensity x is replaced by 1 - x. Ink on paper then becomes 1, as in the known datasets.
  public var isInverted = false

  /// No preparation.
  public init() {}

  /// Why the preparation is invalid; nil where it is valid.
  public var validationError: String? {
    guard let size, !ImageLayout.isAllowed(size.height, size.width, ImageLayout.sides) else { return nil }
    return "sides must be \(ImageLayout.sides.lowerBound)…\(ImageLayout.sides.upperBound), got \(size)"
  }
}

extension ImagePreparation: Codable {
  private enum CodingKeys: String, CodingKey { case binarization, size, isInverted }

  /// Reads a preparation. Fields that are missing, because the file was written before they existed, take their
  /// defaults.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    binarization = try values.decodeIfPresent(Binarization.self, forKey: .binarization) ?? binarization
    size = try values.decodeIfPresent(ImageSize.self, forKey: .size)
    isInverted = try values.decodeIfPresent(Bool.self, forKey: .isInverted) ?? isInverted
  }
}
