import Foundation
import ImageDatasets
import Tensors
import VariationalAutoencoder

extension GreyImages {
  /// The images as a tensor, `[images, height * width]`.
  public var tensor: Tensor { Tensor(pixels, shape: [count, height * width]) }

  /// The images as `ImageGrid` draws them, which draws an intensity of 1 black: with the polarity `light`, inverted.
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
  /// Nats per image in bits/dim, the unit in which models of grey images are compared; nil for binary images.
  public func bitsPerDimension(nats: Double) -> Double? {
    likelihood == .categorical ? nats / (Double(imageHeight * imageWidth) * log(2)) : nil
  }
}
