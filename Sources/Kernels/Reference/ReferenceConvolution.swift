import Tensors

/// Convolution by its definition, in double precision.
enum ReferenceConvolution {
  static func forward(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape) -> Tensor {
    let (x, w) = (input.doubles(), weights.doubles())
    var y = [Double](repeating: 0, count: shape.outputShape.product)
    visit(shape) { i, k, o in y[o] += x[i] * w[k] }
    return Tensor(y, shape: shape.outputShape).converted(to: input.elementType)
  }

  static func backwardInput(_ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape) -> Tensor {
    let (y, w) = (output.doubles(), weights.doubles())
    var x = [Double](repeating: 0, count: shape.inputShape.product)
    visit(shape) { i, k, o in x[i] += y[o] * w[k] }
    return Tensor(x, shape: shape.inputShape).converted(to: output.elementType)
  }

  static func backwardWeights(_ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape) -> Tensor {
    let (x, y) = (input.doubles(), output.doubles())
    var w = [Double](repeating: 0, count: shape.weightShape.product)
    visit(shape) { i, k, o in w[k] += x[i] * y[o] }
    return Tensor(w, shape: shape.weightShape).converted(to: input.elementType)
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
