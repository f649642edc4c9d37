import CAMX
import Testing

/// The gradient of a convolution's weights, against its definition in double precision.
@Suite struct ConvolutionWeightTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let input: [Int]
    let weights: [Int]
    var stride = 1
    var padding = 0
    var testDescription: String { "\(input) with \(weights), stride \(stride), padding \(padding)" }
    /// Height and width.
    var output: [Int] { [1, 2].map { (input[$0] + 2 * padding - weights[$0 + 1]) / stride + 1 } }
    var inputCount: Int { input.reduce(1, *) }
    var outputCount: Int { input[0] * output[0] * output[1] * weights[0] }
  }

  static let examples = [
    Example(input: [1, 1, 1, 1], weights: [1, 1, 1, 1]),
    Example(input: [1, 5, 5, 16], weights: [16, 16, 3, 3], padding: 1),
    Example(input: [3, 7, 6, 32], weights: [64, 32, 3, 3], padding: 1),
    // Channels that fill no tile.
    Example(input: [2, 7, 9, 17], weights: [20, 17, 3, 5]),
    Example(input: [2, 6, 5, 33], weights: [35, 33, 2, 2], padding: 1),
    Example(input: [9, 4, 4, 3], weights: [5, 3, 3, 3], padding: 2),
    // Strides that divide the image, and that do not; kernels whose phases differ in size.
    Example(input: [2, 10, 8, 16], weights: [16, 16, 5, 5], stride: 2, padding: 2),
    Example(input: [2, 9, 7, 16], weights: [18, 16, 3, 3], stride: 2),
    Example(input: [2, 8, 7, 9], weights: [18, 9, 2, 3], stride: 3, padding: 1),
    Example(input: [2, 10, 12, 16], weights: [16, 16, 2, 2], stride: 4),
    // Several images in each part of the batch: packed at once, and too large for that in two parts.
    Example(input: [21, 3, 3, 16], weights: [16, 16, 2, 2]),
    Example(input: [17, 33, 30, 32], weights: [8, 32, 1, 1]),
    // The largest kernel that fits.
    Example(input: [1, 9, 9, 4], weights: [4, 4, 8, 8]),
  ]

  private func weights(_ functions: TileFunctions, _ e: Example, parts: Int32, threads: Int32) -> [Float] {
    let (x, g) = (Memory(draws(e.inputCount, 1)), Memory(draws(e.outputCount, 2)))
    let weights = Memory(byteCount: 4 * e.weights.reduce(1, *))
    var convolution = ck_tile_convolution(
      batch: e.input[0], input_height: e.input[1], input_width: e.input[2], input_channels: e.input[3],
      output_height: e.output[0], output_width: e.output[1], output_channels: e.weights[0],
      kernel_height: e.weights[2], kernel_width: e.weights[3], stride: e.stride, padding: e.padding, parts: parts,
      input: UnsafePointer(x.floats), output: UnsafePointer(g.floats), weights: weights.floats)
    #expect(functions.convolutionFits(&convolution))
    withWorkspace(functions.convolutionWorkspace(&convolution, threads)) {
      functions.convolutionWeights(&convolution, $0, threads)
    }
    #expect(weights.isIntact)
    withExtendedLifetime((x, g)) {}
    return weights.numbers
  }

  /// Weight [o, i, kh, kw] is the sum over images and pixels of the cotangent times the input that the tap met there.
  private func expected(_ e: Example) -> [Sum] {
    let (x, g) = (draws(e.inputCount, 1).map { Double($0) }, draws(e.outputCount, 2).map { Double($0) })
    let (height, width, inputs) = (e.input[1], e.input[2], e.input[3])
    let (outputs, taps) = (e.weights[0], (height: e.weights[2], width: e.weights[3]))
    var sums = [Sum](repeating: Sum(), count: e.weights.reduce(1, *))
    for image in 0..<e.input[0] {
      for row in 0..<e.output[0] {
        for column in 0..<e.output[1] {
          for kh in 0..<taps.height {
            for kw in 0..<taps.width {
              let (h, w) = (row * e.stride + kh - e.padding, column * e.stride + kw - e.padding)
              guard h >= 0, h < height, w >= 0, w < width else { continue }
              let pixel = ((image * height + h) * width + w) * inputs
              let cotangent = ((image * e.output[0] + row) * e.output[1] + column) * outputs
              for o in 0..<outputs {
                for i in 0..<inputs {
                  sums[((o * inputs + i) * taps.height + kh) * taps.width + kw].add(x[pixel + i] * g[cotangent + o])
                }
              }
            }
          }
        }
      }
    }
    return sums
  }

  @Test(arguments: examples, [Int32(1), 2]) func `gradients equal sums over pixels`(_ e: Example, _ parts: Int32) {
    let result = weights(.emulated, e, parts: parts, threads: 1)
    // Every weight is the sum of at least so many products.
    #expect(worstError(result, expected(e)) <= (parts == 1 ? 8.2e-3 : 5e-5))
    for threads: Int32 in [2, 3] {
      #expect(weights(.emulated, e, parts: parts, threads: threads).bits == result.bits, "\(threads) threads")
    }
  }

  @Test(.needsTiles, arguments: examples, [Int32(1), 2])
  func `the processor's gradients are the same`(_ e: Example, _ parts: Int32) {
    let result = weights(.emulated, e, parts: parts, threads: 1)
    #expect(weights(.processor, e, parts: parts, threads: 2).bits == result.bits)
  }

  @Test(arguments: [(8, 8, true), (1, 64, true), (8, 9, false), (65, 1, false)])
  func `a kernel of up to 64 taps fits`(_ height: Int, _ width: Int, _ fits: Bool) {
    let nothing = Memory([0])
    var convolution = ck_tile_convolution(
      batch: 1, input_height: height, input_width: width, input_channels: 1, output_height: 1, output_width: 1,
      output_channels: 1, kernel_height: height, kernel_width: width, stride: 1, padding: 0, parts: 1,
      input: nothing.floats, output: nothing.floats, weights: nothing.floats)
    #expect(TileFunctions.emulated.convolutionFits(&convolution) == fits)
  }
}
