import Foundation

/// What is known of a trained model before its checkpoint is read: an entry of ``ModelFolder``'s `models.json`.
public struct ShippedModel: Sendable, Equatable, Codable {
  /// A result on test images.
  public struct Figure: Sendable, Equatable, Codable {
    /// The mean negative ELBO.
    public let negativeELBO: Double
    /// Its standard error over images.
    public let standardError: Double
    /// The unit of both: `nats` or `bits/dim`.
    public let unit: String

    /// The mean with as many decimals as the standard error has: `97.60` where that is 0.37.
    public var mean: String {
      let parts = "\(standardError)".split(separator: ".")
      guard parts.count == 2, parts[1].allSatisfy(\.isNumber) else { return "\(negativeELBO)" }
      return String(format: "%.\(parts[1].count)f", negativeELBO)
    }

    enum CodingKeys: String, CodingKey {
      case negativeELBO = "negative_elbo"
      case standardError = "standard_error"
      case unit
    }
  }

  /// The name by which it is asked for.
  public let name: String
  /// The name of its checkpoint file, in the folder of the entry.
  public let file: String
  /// The SHA-256 digest of the file, in hexadecimal digits.
  public let sha256: String
  /// The size of the file in bytes.
  public let bytes: Int
  /// The dataset that it was trained on.
  public let dataset: String
  /// The model in a few words.
  public let summary: String
  /// The result on the test images of its dataset; nil where it was not evaluated.
  public let test: Figure?
  /// The licence of the data that it was trained on, in words.
  public let licence: String

  /// The name of the file with its model card, in the folder of the entry: data, recipe, figures and licence.
  public var card: String { "\(name).md" }

  /// Why the entry cannot be used; nil where it can. Names of files must stay within their folder.
  var validationError: String? {
    func isPlain(_ name: String) -> Bool {
      !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
    }
    if !isPlain(name) { return "'\(name)' is no name of a model" }
    if !isPlain(file) { return "'\(file)' is no name of a file" }
    let isDigest = sha256.count == 64 && sha256.allSatisfy { $0.isHexDigit && $0.isASCII }
    return isDigest ? nil : "the digest of \(name) is not of 64 hexadecimal digits"
  }
}
