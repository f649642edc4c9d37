import Autodiff
import Kernels
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

/// The norm of gradients, and what clipping makes of it.
@Suite struct GradientNormTests {
  @Test func `the norm is that of all numbers together`() {
    let norm = GradientNorm([
      .dense(Tensor([3, 0] as [Float], shape: [2])), .dense(Tensor([4, 12] as [Float], shape: [2, 1])),
    ])
    #expect(norm.value == 13)
  }

  @Test(arguments: [1, 7, 40, 100, 130], [Numerics.full, .mixed])
  func `a product that is not formed has the norm of the one that is`(batch: Int, numerics: Numerics) {
    let product = Gradient.outerProduct(
      cotangents: normals([batch, 300], 1, .float32), inputs: normals([batch, 20], 2, .float32), numerics: numerics)
    let formed = GradientNorm([.dense(product.tensor)]).value
    #expect(abs(GradientNorm([product]).value - formed) < 1e-5 * formed)
  }

  @Test func `gradients are scaled down to the limit and never up`() {
    let norm = GradientNorm([.dense(Tensor([3, 4] as [Double], shape: [2]))])
    #expect(norm.scale(toLimit: nil) == 1 && norm.scale(toLimit: 100) == 1)
    #expect(norm.scale(toLimit: 1) == 1 / (5 + 1e-6))
  }
}
