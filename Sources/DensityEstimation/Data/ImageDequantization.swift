import Foundation
import Randomness
import Tensors

/// What makes a continuous density of images with 256 levels of grey: uniform noise, and a transform of intensities to
/// unbounded numbers.
///
///     x = (level + u) / 256,    u uniform in [0, 1)
///     y = logit(s),             s = alpha + (1 - 2 alpha) x
///     log |dy/dx| = log(1 - 2 alpha) - log s - log(1 - s)
///
/// Theis, van den Oord and Bethge 2016, "A Note on the Evaluation of Generative Models", section 3.1, for the noise; Dinh
/// et al. 2017 (Real NVP), section 4.1, for the transform.
public struct ImageDequantization: Sendable, Equatable {
  /// How far the transform stays from 0 and 1.
  public let alpha: Double

  /// A dequantization with a given alpha, between 0 and 0.5.
  public init(alpha: Double) { self.alpha = alpha }

  /// The numbers y of images, and log |det dy/dx|, `[batch]` in nats.
  ///
  /// - Parameters:
  ///   - levels: Levels of grey from 0 to 255, `[batch, pixels]`.
  ///   - noise: The random numbers u.
  ///   - firstRow: The index of the first image among all that share the noise.
  public func prepared(_ levels: Tensor, _ noise: RandomStream, firstRow: Int = 0) -> (
    y: Tensor, logDeterminant: Tensor
  ) {
    let (batch, pixels) = (levels.shape[0], levels.shape[1])
    let first = firstRow * pixels
    let u = noise.uniforms(first..<(first + batch * pixels))
    let intensities = zip(levels.floats(), u).map { (Double($0) + Double($1)) / 256 }
    return transformed(intensities, batch: batch)
  }

  /// The numbers y for intensities x, row-major, and log |det dy/dx| of each row.
  func transformed(_ intensities: [Double], batch: Int) -> (y: Tensor, logDeterminant: Tensor) {
    let pixels = intensities.count / max(batch, 1)
    var determinants = [Double](repeating: Double(pixels) * log1p(-2 * alpha), count: batch)
    var numbers: [Float] = []
    numbers.reserveCapacity(intensities.count)
    for (place, x) in intensities.enumerated() {
      let s = alpha + (1 - 2 * alpha) * x
      let (a, b) = (log(s), log1p(-s))
      numbers.append(Float(a - b))
      determinants[place / pixels] -= a + b
    }
    return (
      Tensor(numbers, shape: [batch, pixels]), Tensor(determinants.map { Float($0) }, shape: [batch])
    )
  }

  /// The intensities x of numbers y, within [0, 1].
  public func intensities(_ y: Tensor) -> Tensor {
    let numbers = y.doubles().map { number in
      let x = (1 / (1 + exp(-number)) - alpha) / (1 - 2 * alpha)
      return Float(min(max(x, 0), 1))
    }
    return Tensor(numbers, shape: y.shape)
  }

  /// The nats of a density of intensities as bits per dimension of the levels: (nats / dimensions + log 256) / log 2.
  public func bitsPerDimension(nats: Double, dimensions: Int) -> Double {
    (nats / Double(dimensions) + log(256)) / log(2)
  }
}

extension RandomPurpose {
  /// The noise that dequantizes images in training.
  static let dequantization = RandomPurpose(16)
}
