import Tensors

extension ReferenceBackend {
  package func multiply(_ a: MatrixView, _ b: MatrixView, _ product: MatrixProduct, into result: inout Tensor) {
    let (x, y, bias) = (a.tensor.doubles(), b.tensor.doubles(), product.bias?.doubles())
    var c = result.doubles()
    for row in 0..<product.rows {
      for column in 0..<product.columns {
        var sum = 0.0
        for k in 0..<product.inner { sum += x[a.place(row, k)] * y[b.place(k, column)] }
        let at = product.resultOffset + row * product.resultLeadingDimension + column
        // What the result held does not matter without beta, not even if it is not a number.
        c[at] = product.alpha * sum + (product.beta == 0 ? 0 : product.beta * c[at])
        if let bias, row < product.biasedRows { c[at] += bias[column] }
      }
    }
    result = Tensor(c, shape: result.shape).converted(to: result.elementType)
  }

  package func pack(_ matrix: MatrixView, inner: Int, columns: Int, _ numerics: Numerics, isEager: Bool)
    -> TensorStorage?
  { nil }

  package func multiply(_ a: MatrixView, _ b: PreparedMatrix, _ product: MatrixProduct, into result: inout Tensor) {
    multiply(a, b.matrix, product, into: &result)
  }

  package func add(_ sum: OuterProductSum, _ numerics: Numerics, to result: inout Tensor) {
    var total = result.doubles()
    for (g, x) in sum.pairs {
      let (g, x) = (Rows(g, columns: sum.outputs), Rows(x, columns: sum.inputs))
      for row in 0..<(g.numbers.count / max(sum.outputs, 1)) {
        for o in 0..<sum.outputs {
          for i in 0..<sum.inputs {
            total[sum.resultOffset + o * sum.resultLeadingDimension + i] += sum.alpha * g[row, o] * x[row, i]
          }
        }
      }
    }
    result = Tensor(total, shape: result.shape).converted(to: result.elementType)
  }

  package func sumOfSquares(g: Tensor, x: Tensor, _ numerics: Numerics) -> Double {
    let (outputs, inputs) = (g.shape[1], x.shape[1])
    var product = Tensor(zeros: [outputs, inputs], .float64)
    add(
      OuterProductSum([(g.converted(to: .float64), x.converted(to: .float64))], outputs: outputs, inputs: inputs),
      numerics, to: &product)
    return product.doubles().reduce(0) { $0 + $1 * $1 }
  }

  package func convolution(_ input: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  { ReferenceConvolution.forward(input, weights, shape) }

  package func transposedConvolution(
    _ output: Tensor, _ weights: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics
  ) -> Tensor { ReferenceConvolution.backwardInput(output, weights, shape) }

  package func convolutionWeights(_ input: Tensor, _ output: Tensor, _ shape: ConvolutionShape, _ numerics: Numerics)
    -> Tensor
  { ReferenceConvolution.backwardWeights(input, output, shape) }
}
