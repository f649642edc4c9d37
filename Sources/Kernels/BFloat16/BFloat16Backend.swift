import CKernels
import Profiling
import Tensors

/// Products of bfloat16 numbers in vectors (AVX512-BF16) in mixed numerics, and everything else as ``CPUBackend`` does it.
///
/// Such an instruction multiplies and adds twice as many pairs of numbers as one in single precision. Matrix products are
/// our kernels', convolutions the library's.
package struct BFloat16Backend: CPUArithmetic {
  package let name = "AVX512-BF16"
  package var isAvailable: Bool { ck_has_bfloat16() }
  /// What is not rounded.
  private let cpu = CPUBackend()

  package init() {}

  package func factors(_ numerics: Numerics) -> ProductFactors { numerics == .mixed ? .bfloat16 : .float32 }
  package func roundsLowRank(_ numerics: Numerics) -> Bool { numerics == .mixed }
}

// MARK: - Convolutions

extension BFloat16Backend {
  package func convolution(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  {
    guard rounds(input, shape, numerics) else { return cpu.convolution(input, weights, shape, numerics) }
    if shape.coversInput { return CoveringConvolution(shape).forward(input, weights, multiplyRounded) }
    let output = Tensor(uninitialized: shape.outputShape, .float32)
    run(.forward, shape, taking: input, weights, into: output)
    return output
  }

  package func transposedConvolution(
    _ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics
  ) -> Tensor {
    guard rounds(output, shape, numerics) else { return cpu.transposedConvolution(output, weights, shape, numerics) }
    if shape.coversInput { return CoveringConvolution(shape).backwardInput(output, weights, multiplyRounded) }
    let input = Tensor(uninitialized: shape.inputShape, .float32)
    run(.backwardInput, shape, taking: output, weights, into: input)
    return input
  }

  package func convolutionWeights(_ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  {
    guard rounds(input, shape, numerics) else { return cpu.convolutionWeights(input, output, shape, numerics) }
    if shape.coversInput { return CoveringConvolution(shape).backwardWeights(input, output, multiplyRounded) }
    let weights = Tensor(uninitialized: shape.weightShape, .float32)
    count(shape, [input, output], weights)
    ConvolutionLibrary.backwardWeights(
      shape, .bfloat16, input: input, output: output, converting: (rounding(input, shape), rounding(output, shape)),
      into: weights)
    return weights
  }

  /// Whether the convolution takes rounded factors: with fewer channels than a vector has, rounding gains nothing.
  private func rounds(_ images: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics) -> Bool {
    numerics == .mixed && images.elementType == .float32 && min(shape.inputChannels, shape.outputChannels) >= 16
  }

  private func multiplyRounded(_ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, into result: inout Tensor) {
    multiply(a, b, product, by: .bfloat16, into: &result)
  }

  private func run(
    _ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, taking image: Tensor, _ weights: Tensor,
    into result: Tensor
  ) {
    count(shape, [image], weights, result)
    ConvolutionLibrary.run(
      direction, shape, .bfloat16, taking: image.address, converting: rounding(image, shape), weights, into: result)
    withExtendedLifetime(image) {}
  }

  /// Each image is read, and written and read again rounded.
  private func count(_ shape: ConvolutionShape, _ images: [Tensor], _ others: Tensor...) {
    let bytes = 8 * images.reduce(0) { $0 + $1.count } + 4 * others.reduce(0) { $0 + $1.count }
    Profiler.count(operations: shape.operations, bytes: bytes, lowPrecisionProducts: 1)
  }

  /// Rounds some of a batch of images; the caller keeps them.
  private func rounding(_ images: Tensor, _ shape: ConvolutionShape) -> ConvolutionLibrary.Conversion {
    let (numbers, size) = (images.address.assumingMemoryBound(to: Float.self), images.count / max(shape.batch, 1))
    guard let kernels = ProductFactors.bfloat16.kernels else { preconditionFailure("bfloat16: no kernels") }
    return { first, end, result in kernels.convert(0, (end - first) * size, numbers + first * size, result) }
  }
}
