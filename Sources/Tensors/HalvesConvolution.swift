import CKernels

// With x = x1 + x2 and w = w1 + w2, each half a bfloat16 number, x w is x1 w1 + x2 w1 + x1 w2 but for the product of the
// low halves. A convolution sums over its channels anyway: over three times as many, [x1, x2, x1] against [w1, w1, w2],
// the library's bfloat16 convolution forms all three products at once, at near single precision.

/// Convolutions of images and weights in bfloat16, or in two halves of it, with sums in single precision.
enum HalvesConvolution {
  /// `result` = the forward or transposed convolution of `image`; both are single precision.
  static func run(
    _ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, _ precision: ProductPrecision,
    taking image: Tensor, _ weights: Tensor, into result: Tensor
  ) {
    let (isForward, parts) = (direction == .forward, precision.rawValue)
    let copies = precision == .splitBfloat16 ? 3 : 1
    let channels = isForward ? shape.inputChannels : shape.outputChannels
    Instrument.count(
      operations: shape.operations, bytes: (4 + 2 * copies) * image.count + 4 * (weights.count + result.count),
      in: precision)
    let halves = TensorStorage(byteCount: 2 * copies * image.count)
    Compute.parallel(image.count / channels, cost: 2 * copies * channels) { begin, end in
      ck_tile_halves(
        parts, begin, end, channels, image.address.assumingMemoryBound(to: Float.self), halves.pointer)
    }
    let both = copies == 1 ? weights : split(weights, rows: isForward ? shape.outputChannels : 1)
    let scaled = shape.scaled(inputChannels: isForward ? copies : 1, outputChannels: isForward ? 1 : copies)
    let taken = UnsafeRawPointer(halves.pointer)
    ConvolutionLibrary.run(
      direction, scaled, .bfloat16,
      .init(
        input: isForward ? taken : result.address, weights: both.address,
        output: isForward ? result.address : taken))
    withExtendedLifetime((image, weights, both, result, halves)) {}
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

extension ProductPrecision {
  /// Whether a convolution's product is worth forming from halves: there are channels enough to fill a tile, and it is
  /// not the transposed convolution of a stride, which with three times the channels takes the library longer than in
  /// single precision.
  func usesHalves(of shape: ConvolutionShape, _ direction: ConvolutionLibrary.Direction) -> Bool {
    let isSlow = self == .splitBfloat16 && direction == .backwardInput && shape.stride > 1
    return usesTiles && min(shape.inputChannels, shape.outputChannels) >= 16 && !isSlow
  }
}
