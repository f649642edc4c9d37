import Kernels
import Tensors

// y = x * W, a convolution of images [batch, height, width, channels].
// Tangent: x' * W. Pullback: x receives the transposed convolution of g; W receives the correlation of x and g.
// The transposed convolution is the same three products with the roles of x and y exchanged. All three are as exact
// as the given numerics have it where the elements are single-precision numbers.

extension Variable {
  /// The convolution with weights [out, in, kernel height, kernel width]:
  /// [batch, height, width, in] -> [batch, height', width', out]
  public func convolution(
    weight: Variable, stride: Int = 1, padding: Int = 0, numerics: Numerics = .full
  ) -> Variable {
    let sizes = ConvolutionShape(input: shape, weights: weight.shape, stride: stride, padding: padding)
    let (x, w) = (value, weight.value)
    return .record(Backends.current.convolution(x, w, sizes, numerics), [self, weight]) { g, inputs in
      inputs.add(Backends.current.transposedConvolution(g, w, sizes, numerics), to: 0)
      inputs.add(Backends.current.convolutionWeights(x, g, sizes, numerics), to: 1)
    }
  }

  /// The transposed convolution with weights [in, out, kernel height, kernel width]:
  /// [batch, height, width, in] -> [batch, height', width', out]
  public func transposedConvolution(
    weight: Variable, stride: Int = 1, padding: Int = 0, outputPadding: [Int] = [0, 0],
    numerics: Numerics = .full
  ) -> Variable {
    let sizes = ConvolutionShape(
      transposedInput: shape, weights: weight.shape, stride: stride, padding: padding,
      outputPadding: outputPadding)
    let (x, w) = (value, weight.value)
    return .record(Backends.current.transposedConvolution(x, w, sizes, numerics), [self, weight]) { g, inputs in
      inputs.add(Backends.current.convolution(g, w, sizes, numerics), to: 0)
      inputs.add(Backends.current.convolutionWeights(g, x, sizes, numerics), to: 1)
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

  /// Applies a linear map of images to primal and tangents as one larger batch.
  private func folded(_ map: (Variable) -> Variable) -> Dual {
    let images = primalAndTangents.reshaped([(1 + tangentCount) * shape[0]] + shape.dropFirst())
    let result = map(images)
    return Dual(primalAndTangents: result.reshaped([1 + tangentCount, shape[0]] + result.shape.dropFirst()))
  }
}
