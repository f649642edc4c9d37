import Foundation
import ImageDatasets
import Tensors
import VariationalAutoencoder

extension GreyImages {
  /// The images as a tensor, `[images, height * width]`.
  public var tensor: Tensor { Tensor(pixels, shape: [count, pixelCount]) }

  /// The images as a model takes them.
  public var imageBatch: ImageBatch { ImageBatch(tensor, levels: levels) }

  /// The images as `ImageGrid` draws them, which draws an intensity of 1 black: with the polarity `light`, inverted.
  public func drawn(as polarity: ImagePolarity) -> GreyImages {
    switch polarity {
    case .ink: self
    case .light: inverted
    }
  }
}

extension PixelKind {
  /// The values that such pixels have, by which a likelihood is chosen.
  public var values: PixelValues {
    switch self {
    case .binary: .binary
    case .grey: .grey
    }
  }
}

extension ModelConfiguration {
  /// Nats per image in bits/dim; nil where models of this likelihood are not compared in that unit.
  public func bitsPerDimension(nats: Double) -> Double? {
    likelihood.likelihood.unit == .bitsPerDimension ? nats / (Double(imageHeight * imageWidth) * log(2)) : nil
  }
}
