import Tensors
import TestSupport
import Testing

@testable import Kernels

/// Convolutions of one shape that are under way at once, each with weights of its own.
@Suite struct ConcurrentConvolutionTests {
  /// Operands of the three products of a convolution.
  private struct Operands: Sendable {
    let shape: ConvolutionShape
    let input, weights, output: Tensor

    init(_ shape: ConvolutionShape, _ index: UInt64) {
      self.shape = shape
      input = single(normals(shape.inputShape.product, 3 * index), shape.inputShape)
      weights = single(normals(shape.weightShape.product, 3 * index + 1), shape.weightShape)
      output = single(normals(shape.outputShape.product, 3 * index + 2), shape.outputShape)
    }

    func products() -> [[Float]] {
      [
        CPUBackend().convolution(input, weights, shape, .full).floats(),
        CPUBackend().transposedConvolution(output, weights, shape, .full).floats(),
        CPUBackend().convolutionWeights(input, output, shape, .full).floats(),
      ]
    }
  }

  /// Of one group of images, of several, and with a last group that is smaller.
  @Test(arguments: [1, 20, 45])
  func `threads with weights of their own get what they get one after the other`(_ batch: Int) async {
    let shape = ConvolutionShape(input: [batch, 14, 12, 16], weights: [24, 16, 5, 5], stride: 2, padding: 2)
    let operands = (0..<2).map { Operands(shape, $0) }
    let expected = operands.map { $0.products() }
    #expect(expected[0] != expected[1])
    await withTaskGroup(of: Bool.self) { group in
      for (operands, expected) in zip(operands, expected) {
        group.addTask { (0..<20).allSatisfy { _ in operands.products() == expected } }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func `a convolution does not wait for another of its shape, nor takes its weights`() {
    let shape = ConvolutionShape(input: [1, 14, 12, 16], weights: [24, 16, 5, 5], stride: 1, padding: 2)
    let (outer, inner) = (Operands(shape, 0), Operands(shape, 1))
    let expected = (outer.products()[0], inner.products()[0])
    let result = Tensor(uninitialized: shape.outputShape, .float32)
    var between: [Float] = []
    // The images are asked for when the weights are ready: then the other convolution begins and ends.
    ConvolutionLibrary.run(
      .forward, shape, .float32, taking: outer.input.address,
      converting: { _, _, images in
        between = inner.products()[0]
        images.copyMemory(from: outer.input.address, byteCount: 4 * outer.input.count)
      }, outer.weights, into: result)
    #expect(between == expected.1)
    #expect(result.floats() == expected.0)
  }
}
