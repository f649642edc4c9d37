import Kernels
import Randomness
import Tensors
import TestSupport
import Testing

/// Convolutions, in single precision by the library and in double precision by definition, against loops.
@Suite struct ConvolutionTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let input: [Int]
    let weights: [Int]
    let stride: Int
    let padding: Int
    var shape: ConvolutionShape {
      ConvolutionShape(input: input, weights: weights, stride: stride, padding: padding)
    }
    var testDescription: String { "\(input) with \(weights), stride \(stride), padding \(padding)" }
  }

  static let examples = [
    Example(input: [2, 5, 5, 1], weights: [1, 1, 3, 3], stride: 1, padding: 1),
    Example(input: [3, 28, 28, 1], weights: [8, 1, 5, 5], stride: 1, padding: 2),
    Example(input: [2, 28, 20, 16], weights: [32, 16, 5, 5], stride: 2, padding: 2),
    Example(input: [2, 14, 10, 32], weights: [16, 32, 5, 5], stride: 2, padding: 2),
    Example(input: [2, 7, 9, 3], weights: [5, 3, 3, 5], stride: 1, padding: 0),
    Example(input: [1, 9, 6, 4], weights: [7, 4, 1, 1], stride: 1, padding: 0),
    // The last row and column are not reached.
    Example(input: [2, 6, 8, 3], weights: [4, 3, 3, 3], stride: 2, padding: 0),
    Example(input: [2, 10, 12, 2], weights: [4, 2, 2, 2], stride: 4, padding: 0),
    // The kernel covers the image: a matrix product.
    Example(input: [4, 7, 5, 16], weights: [24, 16, 7, 5], stride: 1, padding: 0),
    Example(input: [4, 1, 1, 16], weights: [24, 16, 1, 1], stride: 1, padding: 0),
  ]

  /// By the definition, in the plainest way: y, and for a cotangent g of it those of x and w.
  private func naive(_ x: Tensor, _ w: Tensor, _ g: Tensor, _ s: ConvolutionShape) -> (
    y: [Double], gx: [Double], gw: [Double]
  ) {
    let (x, w, g) = (x.doubles(), w.doubles(), g.doubles())
    var (y, gx, gw) = (g.map { _ in 0.0 }, x.map { _ in 0.0 }, w.map { _ in 0.0 })
    for o in g.indices {
      let (pixel, channel) = (o / s.outputChannels, o % s.outputChannels)
      let (row, column) = (pixel / s.outputWidth % s.outputHeight, pixel % s.outputWidth)
      let image = pixel / s.outputWidth / s.outputHeight
      for kernel in 0..<(s.kernelHeight * s.kernelWidth) {
        let ih = row * s.stride + kernel / s.kernelWidth - s.padding
        let iw = column * s.stride + kernel % s.kernelWidth - s.padding
        guard (0..<s.inputHeight).contains(ih), (0..<s.inputWidth).contains(iw) else { continue }
        for c in 0..<s.inputChannels {
          let i = ((image * s.inputHeight + ih) * s.inputWidth + iw) * s.inputChannels + c
          let k = (channel * s.inputChannels + c) * s.kernelHeight * s.kernelWidth + kernel
          y[o] += x[i] * w[k]
          gx[i] += g[o] * w[k]
          gw[k] += g[o] * x[i]
        }
      }
    }
    return (y, gx, gw)
  }

  @Test(arguments: examples, ElementType.allCases)
  func `the three products are what their definitions say`(_ example: Example, _ type: ElementType) {
    let shape = example.shape
    let (x, w, g) = (normals(shape.inputShape, 0), normals(shape.weightShape, 1), normals(shape.outputShape, 2))
    let expected = naive(x, w, g, shape)
    let (a, b, c) = (x.converted(to: type), w.converted(to: type), g.converted(to: type))
    let y = Backends.current.convolution(a, b, shape, .full)
    let gx = Backends.current.transposedConvolution(c, b, shape, .full)
    let gw = Backends.current.convolutionWeights(a, c, shape, .full)
    #expect(y.shape == shape.outputShape)
    #expect(gx.shape == shape.inputShape)
    #expect(gw.shape == shape.weightShape)
    let tolerance = type == .float32 ? 2e-6 : 1e-14
    #expect(relativeDifference(y, expected.y) <= tolerance, "forward")
    #expect(relativeDifference(gx, expected.gx) <= tolerance, "input")
    #expect(relativeDifference(gw, expected.gw) <= tolerance, "weights")
  }

  @Test(arguments: [
    ([2, 7, 5, 4], [4, 3, 5, 5], 2, 2, 1), ([2, 1, 1, 4], [4, 3, 7, 5], 1, 0, 0),
    ([1, 6, 6, 2], [2, 3, 3, 3], 1, 1, 0),
  ])
  func `a transposed convolution's shape undoes the convolution's`(
    _ input: [Int], _ weights: [Int], _ stride: Int, _ padding: Int, _ outputPadding: Int
  ) {
    let transposed = ConvolutionShape(
      transposedInput: input, weights: weights, stride: stride, padding: padding,
      outputPadding: [outputPadding, outputPadding]
    )
    #expect(transposed.outputShape == input)
    #expect(
      transposed
        == ConvolutionShape(input: transposed.inputShape, weights: weights, stride: stride, padding: padding))
  }

  @Test func `the same convolution on views and on other numbers is computed anew`() {
    let example = Self.examples[2]
    let shape = example.shape
    let w = normals(shape.weightShape, 1).converted(to: .float32)
    let pair = normals([2] + shape.inputShape, 3).converted(to: .float32)
    for half in 0..<2 {
      let x = pair.leading(half..<(half + 1)).reshaped(shape.inputShape)
      let y = Backends.current.convolution(x, w, shape, .full)
      #expect(relativeDifference(y, naive(x, w, y, shape).y) <= 2e-6, "half \(half)")
    }
  }
}
