/// A size of images, written `28x28`: rows, then columns.
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

  /// The size that a person wrote, `28x20`, or one number for a square; nil for other texts.
  public init?(_ text: String) {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1] else { return nil }
    self.init(height: height, width: width)
  }

  /// Rows, then columns: `28x20`.
  public var description: String { "\(height)x\(width)" }
}

/// How a person's own images are made what a model takes.
///
/// In this order: ``size``, ``isInverted``, ``binarization``.
public struct ImagePreparation: Sendable, Hashable {
  /// What becomes of grey pixels.
  public enum Binarization: String, Sendable, Hashable, CaseIterable, Codable {
    /// They stay grey; images of zeros and ones alone are binary.
    case none
    /// 1 from a half on, else 0.
    case threshold
    /// 1 with the intensity as probability: drawn afresh each epoch for training, once and for all for the rest.
    case dynamic
  }

  /// What becomes of grey pixels.
  public var binarization = Binarization.none
  /// The size to which images are brought, by the means over the areas of the new pixels; nil leaves them as they are.
  public var size: ImageSize?
  /// Whether the model gets 1 - x: ink on paper becomes 1, as in the datasets that are known by name.
  public var isInverted = false

  /// Images as they are.
  public init() {}

  /// What is wrong with it, if anything.
  public var validationError: String? {
    guard let size, !ImageLayout.isAllowed(size.height, size.width, ImageLayout.sides) else { return nil }
    return "images of \(size): \(ImageLayout.sizeRule)"
  }
}

extension ImagePreparation: Codable {
  private enum CodingKeys: String, CodingKey { case binarization, size, isInverted }

  /// What an older file does not say takes its default.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    binarization = try values.decodeIfPresent(Binarization.self, forKey: .binarization) ?? binarization
    size = try values.decodeIfPresent(ImageSize.self, forKey: .size)
    isInverted = try values.decodeIfPresent(Bool.self, forKey: .isInverted) ?? isInverted
  }
}
