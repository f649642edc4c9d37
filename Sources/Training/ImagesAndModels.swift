import Foundation
import ImageDatasets
import Tensors
import VariationalAutoencoder

extension GreyImages {
  /// The images as a tensor, `[images, height * width]`.
  public var tensor: Tensor { Tensor(pixels, shape: [count, height * width]) }

  /// The images as a grid draws them, with ink dark: light turns around.
  public func drawn(as polarity: ImagePolarity) -> GreyImages {
    switch polarity {
    case .ink: self
    case .light: GreyImages(height: height, width: width, pixels: pixels.map { 1 - $0 })
    }
  }
}

extension LikelihoodKind {
  /// The likelihood for a kind of pixels.
  public init(_ pixels: PixelKind) {
    switch pixels {
    case .binary: self = .bernoulli
    case .grey: self = .categorical
    }
  }
}

extension ModelConfiguration {
  /// Nats an image in bits per dimension, the unit in which grey images are compared; nil for binary ones.
  public func bitsPerDimension(nats: Double) -> Double? {
    likelihood == .categorical ? nats / (Double(imageHeight * imageWidth) * log(2)) : nil
  }
}
