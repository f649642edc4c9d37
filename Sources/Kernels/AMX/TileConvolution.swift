import CAMX
import Profiling
import Tensors

extension AMXBackend {
  package func convolution(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  {
    if shape.coversInput {
      return CoveringConvolution(shape).forward(input, weights) { multiplyOnce($0, $1, $2, numerics, into: &$3) }
    }
    guard usesTiles(input, shape) else { return cpu.convolution(input, weights, shape, numerics) }
    let output = Tensor(uninitialized: shape.outputShape, .float32)
    Bfloat16Convolution.run(.forward, shape, TilePrecision(numerics), taking: input, weights, into: output)
    return output
  }

  package func transposedConvolution(
    _ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics
  ) -> Tensor {
    if shape.coversInput {
      return CoveringConvolution(shape).backwardInput(output, weights) { multiplyOnce($0, $1, $2, numerics, into: &$3) }
    }
    let precision = TilePrecision(numerics)
    guard usesTiles(output, shape) else { return cpu.transposedConvolution(output, weights, shape, numerics) }
    if precision == .bfloat16, let phases = PolyphaseConvolution(shape) { return phases(output, weights) }
    // With a stride and three times the channels, the library's takes longer than in single precision.
    guard precision == .bfloat16 || shape.stride == 1 else {
      return cpu.transposedConvolution(output, weights, shape, numerics)
    }
    let input = Tensor(uninitialized: shape.inputShape, .float32)
    Bfloat16Convolution.run(.backwardInput, shape, precision, taking: output, weights, into: input)
    return input
  }

  package func convolutionWeights(_ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  {
    if shape.coversInput {
      return CoveringConvolution(shape).backwardWeights(input, output) { multiplyOnce($0, $1, $2, numerics, into: &$3) }
    }
    guard usesTiles(input, shape), let weights = weightsOnTiles(input, output, shape, TilePrecision(numerics)) else {
      return cpu.convolutionWeights(input, output, shape, numerics)
    }
    return weights
  }

  /// Whether there are channels enough to fill a tile.
  private func usesTiles(_ images: Tensor, _ shape: ConvolutionShape) -> Bool {
    images.elementType == .float32 && min(shape.inputChannels, shape.outputChannels) >= 16
  }

  /// The cotangent of the weights, where the kernel is small enough.
  private func weightsOnTiles(
    _ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ precision: TilePrecision
  ) -> Tensor? {
    var weights = Tensor(uninitialized: shape.weightShape, .float32)
    let done = weights.withMutableBytes { bytes -> Bool in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return false }
      var convolution = ck_tile_convolution(
        batch: shape.batch, input_height: shape.inputHeight, input_width: shape.inputWidth,
        input_channels: shape.inputChannels, output_height: shape.outputHeight, output_width: shape.outputWidth,
        output_channels: shape.outputChannels, kernel_height: shape.kernelHeight,
        kernel_width: shape.kernelWidth, stride: shape.stride, padding: shape.padding,
        parts: precision.rawValue, input: input.address.assumingMemoryBound(to: Float.self),
        output: output.address.assumingMemoryBound(to: Float.self), weights: base)
      guard ck_tile_convolution_fits(&convolution) else { return false }
      Profiler.count(
        operations: shape.operations, bytes: 4 * (input.count + output.count + shape.weightShape.product),
        lowPrecisionProducts: precision.products)
      let threads = Int32(Compute.threads)
      let workspace = TensorStorage(byteCount: ck_tile_convolution_workspace(&convolution, threads))
      ck_tile_convolution_weights(&convolution, workspace.pointer, threads)
      return true
    }
    withExtendedLifetime((input, output)) {}
    return done ? weights : nil
  }
}
