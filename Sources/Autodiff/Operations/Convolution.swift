import Tensors

// y = x * W, a convolution of images [batch, height, width, channels].
// Tangent: x' * W. Pullback: x receives the transposed convolution of g; W receives the correlation of x and g.
// The transposed convolution is the same three products with the roles of x and y exchanged. All three are formed in the
// given arithmetic where the elements are single-precision numbers.

extension Variable {
  /// The convolution with weights [out, in, kernel height, kernel width]:
  /// [batch, height, width, in] -> [batch, height', width', out]
  public func convolution(
    weight: Variable, stride: Int = 1, padding: Int = 0, precision: ProductPrecision = .splitBfloat16
  ) -> Variable {
    let sizes = ConvolutionShape(input: shape, weights: weight.shape, stride: stride, padding: padding)
    let (x, w) = (value, weight.value)
    return .record(Convolution.forward(x, w, sizes, precision: precision), [self, weight]) { g, inputs in
      inputs.add(Convolution.backwardInput(g, w, sizes, precision: precision), to: 0)
      inputs.add(Convolution.backwardWeights(x, g, sizes, precision: precision), to: 1)
    }
  }

  /// The transposed convolution with weights [in, out, kernel height, kernel width]:
  /// [batch, height, width, in] -> [batch, height', width', out]
  public func transposedConvolution(
    weight: Variable, stride: Int = 1, padding: Int = 0, outputPadding: [Int] = [0, 0],
    precision: ProductPrecision = .splitBfloat16
  ) -> Variable {
    let sizes = ConvolutionShape(
      transposedInput: shape, weights: weight.shape, stride: stride, padding: padding,
      outputPadding: outputPadding)
    let (x, w) = (value, weight.value)
    return .record(Convolution.backwardInput(x, w, sizes, precision: precision), [self, weight]) { g, inputs in
      inputs.add(Convolution.forward(g, w, sizes, precision: precision), to: 0)
      inputs.add(Convolution.backwardWeights(g, x, sizes, precision: precision), to: 1)
    }
  }
}

extension Dual {
  /// The convolution with weights [out, in, kernel height, kernel width].
  public func convolution(weight: Variable, stride: Int = 1, padding: Int = 0) -> Dual {
    folded { $0.convolution(weight: weight, stride: stride, padding: padding) }
  }

  /// The transposed convolution with weights [in, out, kernel height, kernel width].
  public func transposedConvolution(
    weight: Variable, stride: Int = 1, padding: Int = 0, outputPadding: [Int] = [0, 0]
  ) -> Dual {
    folded {
      $0.transposedConvolution(
        weight: weight, stride: stride, padding: padding, outputPadding: outputPadding)
    }
  }

  /// Applies a linear map of images to value and tangents as one larger batch.
  private func folded(_ map: (Variable) -> Variable) -> Dual {
    let images = stacked.reshaped([(1 + tangentCount) * shape[0]] + shape.dropFirst())
    let result = map(images)
    return Dual(stacked: result.reshaped([1 + tangentCount, shape[0]] + result.shape.dropFirst()))
  }
}
