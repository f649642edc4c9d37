import Tensors

extension CPUArithmetic {
  package func convolution(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  {
    if shape.coversInput { return CoveringConvolution(shape).forward(input, weights, multiply) }
    guard input.elementType == .float32 else { return ReferenceConvolution.forward(input, weights, shape) }
    let output = Tensor(uninitialized: shape.outputShape, .float32)
    ConvolutionLibrary.run(.forward, shape, taking: input, weights, into: output)
    return output
  }

  package func transposedConvolution(
    _ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics
  ) -> Tensor {
    if shape.coversInput { return CoveringConvolution(shape).backwardInput(output, weights, multiply) }
    guard output.elementType == .float32 else { return ReferenceConvolution.backwardInput(output, weights, shape) }
    let input = Tensor(uninitialized: shape.inputShape, .float32)
    ConvolutionLibrary.run(.backwardInput, shape, taking: output, weights, into: input)
    return input
  }

  package func convolutionWeights(_ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  {
    if shape.coversInput { return CoveringConvolution(shape).backwardWeights(input, output, multiply) }
    guard input.elementType == .float32 else { return ReferenceConvolution.backwardWeights(input, output, shape) }
    let weights = Tensor(uninitialized: shape.weightShape, .float32)
    ConvolutionLibrary.count(shape, [input, output, weights])
    ConvolutionLibrary.backwardWeights(shape, input: input, output: output, into: weights)
    return weights
  }
}

/// A convolution whose kernel covers the whole input: three plain matrix products.
struct CoveringConvolution {
  /// A backend's product for them.
  typealias Multiply = (MatrixView, MatrixView, MatrixProduct, inout Tensor) -> Void

  private let shape: ConvolutionShape
  /// The numbers of an input image.
  private let inner: Int

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    inner = shape.inputHeight * shape.inputWidth * shape.inputChannels
  }

  func forward(_ input: Tensor, _ weights: Tensor, _ multiply: Multiply) -> Tensor {
    var output = Tensor(uninitialized: shape.outputShape, input.elementType)
    multiply(
      MatrixView(input, leadingDimension: inner),
      MatrixView(channelsLast(weights), leadingDimension: inner, transposed: true),
      MatrixProduct(rows: shape.batch, columns: shape.outputChannels, inner: inner), &output)
    return output
  }

  func backwardInput(_ output: Tensor, _ weights: Tensor, _ multiply: Multiply) -> Tensor {
    var input = Tensor(uninitialized: shape.inputShape, output.elementType)
    multiply(
      MatrixView(output, leadingDimension: shape.outputChannels),
      MatrixView(channelsLast(weights), leadingDimension: inner),
      MatrixProduct(rows: shape.batch, columns: inner, inner: shape.outputChannels), &input)
    return input
  }

  func backwardWeights(_ input: Tensor, _ output: Tensor, _ multiply: Multiply) -> Tensor {
    var weights = Tensor(
      uninitialized: [shape.outputChannels, shape.kernelHeight, shape.kernelWidth, shape.inputChannels],
      input.elementType)
    multiply(
      MatrixView(output, leadingDimension: shape.outputChannels, transposed: true),
      MatrixView(input, leadingDimension: inner),
      MatrixProduct(rows: shape.outputChannels, columns: inner, inner: shape.batch), &weights)
    return weights.permuted([0, 3, 1, 2])
  }

  /// Weights [out, in, h, w] as [out, h, w, in]: in the order of an image's numbers.
  private func channelsLast(_ weights: Tensor) -> Tensor { weights.permuted([0, 2, 3, 1]) }
}
