/// The three products of a convolution; images are [batch, height, width, channels] throughout.
package enum Convolution {
  /// output = input * weights
  package static func forward(
    _ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, precision: ProductPrecision = .float32
  ) -> Tensor {
    precondition(input.shape == shape.inputShape && weights.shape == shape.weightShape, "convolution: shapes")
    var output = Tensor(uninitialized: shape.outputShape, input.elementType)
    if shape.coversInput {
      let inner = shape.inputHeight * shape.inputWidth * shape.inputChannels
      multiplyMatrices(
        MatrixView(input, leadingDimension: inner),
        MatrixView(channelsLast(weights), leadingDimension: inner, transposed: true),
        rows: shape.batch, columns: shape.outputChannels, inner: inner, precision: precision.ofFewRows, into: &output)
    } else if input.elementType == .float64 {
      ReferenceConvolution.forward(input, weights, shape, &output)
    } else if precision.usesHalves(of: shape) {
      HalvesConvolution.run(.forward, shape, precision, taking: input, weights, into: output)
    } else {
      ConvolutionLibrary.run(.forward, shape, taking: input, weights, into: output)
    }
    return output
  }

  /// The cotangent of the input: the transposed convolution of the output's cotangent.
  package static func backwardInput(
    _ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, precision: ProductPrecision = .float32
  ) -> Tensor {
    precondition(
      output.shape == shape.outputShape && weights.shape == shape.weightShape, "convolution: shapes")
    if precision == .bfloat16, precision.usesHalves(of: shape), output.elementType == .float32, !shape.coversInput,
      let phases = PhasedConvolution(shape)
    {
      return phases(output, weights)
    }
    var input = Tensor(uninitialized: shape.inputShape, output.elementType)
    if shape.coversInput {
      let inner = shape.inputHeight * shape.inputWidth * shape.inputChannels
      multiplyMatrices(
        MatrixView(output, leadingDimension: shape.outputChannels),
        MatrixView(channelsLast(weights), leadingDimension: inner),
        rows: shape.batch, columns: inner, inner: shape.outputChannels, precision: precision.ofFewRows, into: &input)
    } else if output.elementType == .float64 {
      ReferenceConvolution.backwardInput(output, weights, shape, &input)
    } else if precision.usesHalves(ofTransposed: shape) {
      HalvesConvolution.run(.backwardInput, shape, precision, taking: output, weights, into: input)
    } else {
      ConvolutionLibrary.run(.backwardInput, shape, taking: output, weights, into: input)
    }
    return input
  }

  /// The cotangent of the weights.
  package static func backwardWeights(
    _ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, precision: ProductPrecision = .float32
  ) -> Tensor {
    precondition(input.shape == shape.inputShape && output.shape == shape.outputShape, "convolution: shapes")
    if shape.coversInput {
      let inner = shape.inputHeight * shape.inputWidth * shape.inputChannels
      var weights = Tensor(
        uninitialized: [shape.outputChannels, shape.kernelHeight, shape.kernelWidth, shape.inputChannels],
        input.elementType)
      multiplyMatrices(
        MatrixView(output, leadingDimension: shape.outputChannels, transposed: true),
        MatrixView(input, leadingDimension: inner),
        rows: shape.outputChannels, columns: inner, inner: shape.batch, precision: precision.ofFewRows, into: &weights)
      return weights.permuted([0, 3, 1, 2])
    }
    if let weights = weightsOnTiles(input, output, shape, precision) { return weights }
    var weights = Tensor(uninitialized: shape.weightShape, input.elementType)
    if input.elementType == .float64 {
      ReferenceConvolution.backwardWeights(input, output, shape, &weights)
    } else {
      ConvolutionLibrary.backwardWeights(shape, input: input, output: output, into: weights)
    }
    return weights
  }

  /// Weights [out, in, h, w] as [out, h, w, in]: in the order of an image's numbers.
  private static func channelsLast(_ weights: Tensor) -> Tensor { weights.permuted([0, 2, 3, 1]) }
}

/// Convolution by its definition, for double precision.
private enum ReferenceConvolution {
  static func forward(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ output: inout Tensor) {
    let x = input.doubles()
    let w = weights.doubles()
    var y = [Double](repeating: 0, count: output.count)
    visit(shape) { i, k, o in y[o] += x[i] * w[k] }
    output = Tensor(y, shape: output.shape)
  }

  static func backwardInput(
    _ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ input: inout Tensor
  ) {
    let y = output.doubles()
    let w = weights.doubles()
    var x = [Double](repeating: 0, count: input.count)
    visit(shape) { i, k, o in x[i] += y[o] * w[k] }
    input = Tensor(x, shape: input.shape)
  }

  static func backwardWeights(
    _ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ weights: inout Tensor
  ) {
    let x = input.doubles()
    let y = output.doubles()
    var w = [Double](repeating: 0, count: weights.count)
    visit(shape) { i, k, o in w[k] += x[i] * y[o] }
    weights = Tensor(w, shape: weights.shape)
  }

  /// Calls `body` with the flat indices (input, weight, output) of every product in the convolution.
  @inline(__always)
  private static func visit(_ s: ConvolutionShape, _ body: (Int, Int, Int) -> Void) {
    for n in 0..<s.batch {
      for oh in 0..<s.outputHeight {
        for ow in 0..<s.outputWidth {
          for kh in 0..<s.kernelHeight {
            let ih = oh * s.stride + kh - s.padding
            guard ih >= 0, ih < s.inputHeight else { continue }
            for kw in 0..<s.kernelWidth {
              let iw = ow * s.stride + kw - s.padding
              guard iw >= 0, iw < s.inputWidth else { continue }
              let input = ((n * s.inputHeight + ih) * s.inputWidth + iw) * s.inputChannels
              let output = ((n * s.outputHeight + oh) * s.outputWidth + ow) * s.outputChannels
              for o in 0..<s.outputChannels {
                for i in 0..<s.inputChannels {
                  let weight = ((o * s.inputChannels + i) * s.kernelHeight + kh) * s.kernelWidth + kw
                  body(input + i, weight, output + o)
                }
              }
            }
          }
        }
      }
    }
  }
}
