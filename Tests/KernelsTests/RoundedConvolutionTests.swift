import Kernels
import Tensors
import TestSupport
import Testing

/// Convolutions of bfloat16 numbers, and of single-precision ones in two halves, against double precision.
@Suite struct RoundedConvolutionTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let input: [Int]
    let weights: [Int]
    var stride = 1
    var padding = 2
    var shape: ConvolutionShape {
      ConvolutionShape(input: input, weights: weights, stride: stride, padding: padding)
    }
    var testDescription: String { "\(input) with \(weights), stride \(stride)" }
  }

  static let examples = [
    Example(input: [2, 14, 10, 32], weights: [64, 32, 5, 5]),
    Example(input: [3, 14, 14, 32], weights: [16, 32, 5, 5], stride: 2),
    // Strides that divide the image, and that do not; kernels whose phases differ in size.
    Example(input: [2, 14, 10, 32], weights: [64, 32, 5, 5], stride: 2),
    Example(input: [2, 9, 12, 16], weights: [20, 16, 5, 3], stride: 3),
    Example(input: [2, 12, 12, 16], weights: [16, 16, 4, 4], stride: 2, padding: 1),
    Example(input: [2, 12, 8, 16], weights: [16, 16, 2, 2], stride: 4, padding: 0),
    Example(input: [2, 13, 14, 16], weights: [24, 16, 5, 5], stride: 2),
    // Channels that fill no tile, or that no vector holds.
    Example(input: [1, 9, 6, 17], weights: [19, 17, 3, 3], padding: 1),
    Example(input: [2, 7, 7, 64], weights: [33, 64, 5, 5]),
    // Too few channels for tiles.
    Example(input: [2, 8, 8, 1], weights: [16, 1, 5, 5]),
    // A matrix product.
    Example(input: [5, 7, 7, 16], weights: [40, 16, 7, 7], padding: 0),
  ]

  @Test(arguments: examples, [(Numerics.full, 1e-5), (.mixed, 1e-2)])
  func `the products are those of double precision`(_ example: Example, _ kind: (Numerics, Double)) {
    let shape = example.shape
    let (numerics, tolerance) = kind
    let x = single(normals(shape.inputShape.product, 0), shape.inputShape)
    let w = single(normals(shape.weightShape.product, 1), shape.weightShape)
    let g = single(normals(shape.outputShape.product, 2), shape.outputShape)
    let (x64, w64, g64) = (x.converted(to: .float64), w.converted(to: .float64), g.converted(to: .float64))
    let y = Backends.current.convolution(x64, w64, shape, .full).doubles()
    let gx = Backends.current.transposedConvolution(g64, w64, shape, .full).doubles()
    for (set, results) in Compute.onEveryInstructionSet({
      (
        Backends.current.convolution(x, w, shape, numerics),
        Backends.current.transposedConvolution(g, w, shape, numerics)
      )
    }) {
      for (forward, backward) in results {
        #expect(forward.shape == shape.outputShape && backward.shape == shape.inputShape)
        #expect(relativeDifference(forward, y) < tolerance, "forward on \(set)")
        #expect(relativeDifference(backward, gx) < tolerance, "backward on \(set)")
      }
    }
  }

  @Test(arguments: Numerics.allCases)
  func `of no images there is nothing to do`(_ numerics: Numerics) {
    for stride in [1, 2] {
      let shape = ConvolutionShape(input: [0, 14, 14, 32], weights: [16, 32, 5, 5], stride: stride, padding: 2)
      let w = single(normals(shape.weightShape.product, 1), shape.weightShape)
      let (x, g) = (single([], shape.inputShape), single([], shape.outputShape))
      #expect(Backends.current.convolution(x, w, shape, numerics).shape == shape.outputShape)
      #expect(Backends.current.transposedConvolution(g, w, shape, numerics).shape == shape.inputShape)
    }
  }

  @Test func `bfloat16 factors are rounded where the processor multiplies them faster, and there alone`() throws {
    let shape = Self.examples[0].shape
    let x = single(normals(shape.inputShape.product, 0), shape.inputShape)
    let w = single(normals(shape.weightShape.product, 1), shape.weightShape)
    for (set, results) in Compute.onEveryInstructionSet({
      Numerics.allCases.map { Backends.current.convolution(x, w, shape, $0) }
    }) {
      let exact = results[0][0].doubles()
      let rounded = relativeDifference(results[0][1], exact)
      #expect(set.hasBFloat16 ? rounded > 1e-4 : rounded == 0, "\(rounded) on \(set)")
    }
  }

  @Test func `large and small numbers keep their halves`() {
    // A single channel carries each: the sum is one product, and its error that of the halves.
    let shape = ConvolutionShape(input: [1, 4, 4, 16], weights: [16, 16, 1, 1], stride: 1, padding: 0)
    for scale in [1e-20, 1e-5, 1.0, 1e5, 1e18] {
      let x = single(normals(shape.inputShape.product, 3).map { $0 * scale }, shape.inputShape)
      let identity = (0..<256).map { $0 / 16 == $0 % 16 ? 1.0 / 3 : 0 }
      let y = Backends.current.convolution(x, single(identity, shape.weightShape), shape, .full)
      for (a, b) in zip(y.doubles(), x.doubles()) { #expect(abs(a - b / 3) <= 5e-5 * abs(b)) }
    }
  }
}
