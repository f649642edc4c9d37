import NormalizingFlows
import Tensors

/// Which posterior a model has.
public enum PosteriorKind: String, Sendable, CaseIterable, Codable {
  /// Continuous flows, amortized by low-rank weights.
  case ffjord
  /// The Gaussian alone.
  case none
}

/// What determines a model's parameters: sizes and kinds.
public struct ModelConfiguration: Sendable, Equatable, Codable {
  public var imageHeight = 28
  public var imageWidth = 28
  /// What the pixels are.
  public var likelihood = LikelihoodKind.bernoulli
  /// Latent numbers.
  public var latent = 64
  public var flow = PosteriorKind.ffjord
  /// Widths of the velocity's hidden layers.
  public var hidden = [512, 512]
  /// Continuous flows, one after another.
  public var blocks = 5
  /// The rank of each image's own weights.
  public var rank = 20
  public var activation = ElementwiseFunction.softplus
  public var timeDependence = TimeDependence.concat
  /// T, the time that each block's flow runs.
  public var timeLength = 0.5

  public init() {}

  /// What is wrong with the configuration, if anything.
  public var complaint: String? {
    func require(_ holds: Bool, _ text: String) -> String? { holds ? nil : text }
    return require(
      imageHeight % 4 == 0 && imageWidth % 4 == 0 && (4...512).contains(imageHeight)
        && (4...512).contains(imageWidth),
      "images of \(imageHeight)x\(imageWidth): the sides must be multiples of 4, up to 512")
      ?? require((1...4096).contains(latent), "latent \(latent): from 1 to 4096")
      ?? require(!hidden.isEmpty, "hidden: at least one layer")
      ?? require(
        hidden.allSatisfy { (1...65536).contains($0) },
        "hidden \(hidden.map(String.init).joined(separator: "-")): widths from 1 to 65536")
      ?? require((1...1000).contains(blocks), "blocks \(blocks): from 1 to 1000")
      ?? require((1...256).contains(rank), "rank \(rank): from 1 to 256")
      ?? require(timeLength > 0 && timeLength.isFinite, "time length \(timeLength): a positive number")
  }
}
