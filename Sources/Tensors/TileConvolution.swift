import CKernels

extension Convolution {
  /// The cotangent of the weights on matrix tiles, where the processor has them and the convolution has at least sixteen
  /// channels on both sides.
  static func weightsOnTiles(
    _ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ precision: ProductPrecision
  ) -> Tensor? {
    guard precision.usesHalves(of: shape), input.elementType == .float32, output.elementType == .float32 else {
      return nil
    }
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
        in: precision)
      let threads = Int32(Compute.threads)
      let workspace = TensorStorage(byteCount: ck_tile_convolution_workspace(&convolution, threads))
      ck_tile_convolution_weights(&convolution, workspace.pointer, threads)
      return true
    }
    withExtendedLifetime((input, output)) {}
    return done ? weights : nil
  }
}
