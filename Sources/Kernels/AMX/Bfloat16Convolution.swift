import CAMX
import Profiling
import Tensors

// With x = x1 + x2 and w = w1 + w2, each half a bfloat16 number, x w is x1 w1 + x2 w1 + x1 w2 but for the product of the
// low halves. A convolution sums over its channels anyway: over three times as many, [x1, x2, x1] against [w1, w1, w2],
// the library's bfloat16 convolution forms all three products at once, at near single precision.

/// Convolutions of images and weights in bfloat16, or in two halves of it, with sums in single precision.
enum Bfloat16Convolution {
  /// `result` = the forward or transposed convolution of `image`; both are single precision.
  static func run(
    _ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, _ precision: TilePrecision,
    taking image: Tensor, _ weights: Tensor, into result: Tensor
  ) {
    let (isForward, parts) = (direction == .forward, precision.rawValue)
    let copies = precision == .splitBfloat16 ? 3 : 1
    let channels = isForward ? shape.inputChannels : shape.outputChannels
    Profiler.count(
      operations: shape.operations, bytes: (4 + 2 * copies) * image.count + 4 * (weights.count + result.count),
      lowPrecisionProducts: precision.products)
    let both = copies == 1 ? weights : split(weights, rows: isForward ? shape.outputChannels : 1)
    let scaled = shape.scaled(inputChannels: isForward ? copies : 1, outputChannels: isForward ? 1 : copies)
    let pixels = image.count / channels / max(shape.batch, 1)
    let numbers = image.address.assumingMemoryBound(to: Float.self)
    let halves: ConvolutionLibrary.Conversion = { first, end, result in
      ck_tile_halves(parts, 0, (end - first) * pixels, channels, numbers + first * pixels * channels, result)
    }
    ConvolutionLibrary.run(direction, scaled, .bfloat16, taking: image.address, converting: halves, both, into: result)
    withExtendedLifetime(image) {}
  }

  /// High, high and low halves of weights [rows, count]: [rows, 3 count]
  private static func split(_ weights: Tensor, rows: Int) -> Tensor {
    let result = Tensor(uninitialized: [3 * weights.count], .float32)
    ck_tile_split(
      0, rows, weights.count / rows, weights.address.assumingMemoryBound(to: Float.self),
      result.freshAddress.assumingMemoryBound(to: Float.self))
    return result
  }
}
