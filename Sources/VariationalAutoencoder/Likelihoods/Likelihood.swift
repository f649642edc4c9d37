import Autodiff

/// The distribution p(x given z) of the pixels, all in one place: its density and mean, the pixels that it is for, the
/// layers that compute its parameters, and the unit of its results.
///
/// To add one, describe it in a file of its own, and give it a case of ``LikelihoodKind``.
public protocol Likelihood: Sendable {
  /// The pixels that it is for.
  var pixels: PixelValues { get }

  /// The convolutions that compute the parameters of each pixel from the decoder's 32 channels: `p_x_mean.0` and so on.
  /// The last has as many channels as a pixel has parameters.
  var outputLayers: [OutputLayer] { get }

  /// The range that the posterior's variance is clamped to; nil for none.
  var varianceRange: ClosedRange<Double>? { get }

  /// The unit in which models with this likelihood are compared.
  var unit: LikelihoodUnit { get }

  /// log p(x given z) of each image, `[batch]` in nats.
  ///
  /// - Parameters:
  ///   - images: The images x.
  ///   - decoded: The decoder's output, `[batch, pixels * parameters per pixel]`.
  func logProbability(of images: ImageBatch, decoded: Variable) -> Variable

  /// The mean of p(x given z), `[batch, pixels]` in [0, 1]: the image that is drawn.
  ///
  /// - Parameter decoded: The decoder's output, `[batch, pixels * parameters per pixel]`.
  func mean(decoded: Variable) -> Variable

  /// Images drawn from p(x given z).
  ///
  /// - Parameters:
  ///   - decoded: The decoder's output, `[batch, pixels * parameters per pixel]`.
  ///   - uniforms: A number from 0 to below 1 for each pixel, `[batch, pixels]`.
  func sample(decoded: Variable, uniforms: [Float]) -> ImageBatch
}

extension Likelihood {
  /// None.
  public var varianceRange: ClosedRange<Double>? { nil }

  /// Nats.
  public var unit: LikelihoodUnit { .nats }

  /// How many numbers the decoder computes for each pixel.
  public var parametersPerPixel: Int { outputLayers.last?.channels ?? 1 }
}

/// The values that pixels may have.
public enum PixelValues: Sendable, Hashable {
  /// Zeros and ones.
  case binary
  /// The 256 grey levels, as intensities level / 255 in [0, 1].
  case grey
}

/// A convolution at the end of a decoder, of stride 1, that keeps the size of the image.
public struct OutputLayer: Sendable, Hashable {
  /// The number of output channels.
  public let channels: Int
  /// The side of the kernel, an odd number.
  public let kernel: Int

  /// A layer of the given size.
  public init(channels: Int, kernel: Int) { (self.channels, self.kernel) = (channels, kernel) }
}

/// The unit in which negative bounds are compared.
public enum LikelihoodUnit: String, Sendable {
  /// Nats per image.
  case nats
  /// Bits per dimension.
  case bitsPerDimension = "bits/dim"
}
