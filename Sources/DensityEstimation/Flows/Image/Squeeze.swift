import Autodiff

/// Turns each square of 2x2 pixels of an image into one with four times the channels: `[height, width, channels]` ->
/// `[height / 2, width / 2, 4 channels]`.
///
/// Channel 4 c + 2 i + j is channel c of the pixel in row i and column j of the square, as in the published code.
///
/// Dinh et al. 2017 (Real NVP), section 3.6.
public struct Squeeze: DensityLayer {
  /// The shape of an image before.
  public let input: ImageShape
  /// The shape of an image after.
  public var output: ImageShape { input.squeezed }
  /// The place in the image before of each number of the image after, and the reverse.
  private let places: [Int]
  private let reversedPlaces: [Int]

  /// A layer for images of a shape.
  ///
  /// - Precondition: Height and width are even.
  public init(_ image: ImageShape) {
    precondition(image.height % 2 == 0 && image.width % 2 == 0, "squeeze: \(image.height) x \(image.width) pixels")
    input = image
    let (width, channels) = (image.width, image.channels)
    var places: [Int] = []
    places.reserveCapacity(image.dimensions)
    for y in stride(from: 0, to: image.height, by: 2) {
      for x in stride(from: 0, to: width, by: 2) {
        for c in 0..<channels {
          for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] { places.append(((y + i) * width + x + j) * channels + c) }
        }
      }
    }
    self.places = places
    var inverse = places
    for (to, from) in places.enumerated() { inverse[from] = to }
    reversedPlaces = inverse
  }

  /// Moves numbers to where they are after.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    LayerOutput(z: x.selectingColumns(places), logDeterminant: .zeros(ofRowsOf: x))
  }

  /// Moves numbers to where they were before.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable { z.detached.selectingColumns(reversedPlaces) }
}

extension ImageShape {
  /// The shape with half the height and width, rounded down, and four times the channels.
  public var squeezed: ImageShape { ImageShape(height: height / 2, width: width / 2, channels: 4 * channels) }
}
