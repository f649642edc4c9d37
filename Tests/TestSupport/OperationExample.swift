import Autodiff
import Kernels
import Randomness
import Tensors

/// An operation on small inputs, from which every derivative of it can be checked.
public struct OperationExample: CustomStringConvertible, Sendable {
  public let name: String
  /// The file of `Sources/Autodiff/Operations` that the operation is written in.
  public let file: String
  /// The shapes of the inputs that tangents are taken along.
  public let inputs: [[Int]]
  /// The shapes of weights: differentiated in reverse only.
  public let weights: [[Int]]
  /// Where the inputs are drawn from.
  public let domain: ClosedRange<Double>
  public let onVariables: @Sendable ([Variable], [Variable]) -> Variable
  public let onDuals: @Sendable ([Dual], [Variable]) -> Dual

  public var description: String { name }

  init(
    _ name: String, _ file: String, inputs: [[Int]], weights: [[Int]] = [],
    domain: ClosedRange<Double> = -2...2,
    _ onVariables: @escaping @Sendable ([Variable], [Variable]) -> Variable,
    _ onDuals: @escaping @Sendable ([Dual], [Variable]) -> Dual
  ) {
    self.name = name
    self.file = file
    self.inputs = inputs
    self.weights = weights
    self.domain = domain
    self.onVariables = onVariables
    self.onDuals = onDuals
  }

  /// Numbers drawn uniformly from the domain, away from zero where functions have kinks.
  public func draw(_ shape: [Int], _ index: Int) -> Tensor {
    let stream = RandomStream(seed: 7, purpose: .test, step: UInt64(index))
    let scalars = stream.uniforms(0..<shape.reduce(1, *)).map {
      let x = domain.lowerBound + Double($0) * (domain.upperBound - domain.lowerBound)
      return abs(x) < 0.05 ? x + 0.1 : x
    }
    return Tensor(scalars, shape: shape)
  }
}

/// Every operation: the gradient test walks them, and another sees that none is missing.
public let operationExamples: [OperationExample] =
  ElementwiseFunction.allCases.map { function in
    let positive = [.log, .sqrt, .reciprocal].contains(function)
    return OperationExample(
      function.rawValue, "ElementwiseFunctions", inputs: [[3, 5]], domain: positive ? 0.4...2.5 : -3...3,
      { x, _ in x[0].applying(function) }, { x, _ in x[0].applying(function) })
  } + [
    OperationExample(
      "linear combination", "LinearCombination", inputs: [[3, 4], [3, 4], [3, 4]],
      { x, _ in .linearCombination([(0.5, x[0]), (-2, x[1]), (1, x[2])]) },
      { x, _ in .linearCombination([(0.5, x[0]), (-2, x[1]), (1, x[2])]) }),
    OperationExample(
      "linear combination of many", "LinearCombination", inputs: Array(repeating: [4], count: 7),
      { x, _ in .linearCombination(x.enumerated().map { (Double($0) - 2.5, $1) }) },
      { x, _ in .linearCombination(x.enumerated().map { (Double($0) - 2.5, $1) }) }),
    OperationExample(
      "sum, difference, negation, shift", "LinearCombination", inputs: [[2, 3], [2, 3]],
      { x, _ in -(x[0] + x[1]) - 3 * x[0] + 0.5 }, { x, _ in -(x[0] + x[1]) - 3 * x[0] + 0.5 }),
    OperationExample(
      "arithmetic with numbers", "Scalars", inputs: [[2, 3], [2, 3]], domain: 0.5...2,
      { x, _ in (1 - x[0] * 3) / 4 + (2 + (5 / x[1] - 6)) }, { x, _ in (1 - x[0] * 3) / 4 + (2 + (5 / x[1] - 6)) }),
    OperationExample(
      "product", "Product", inputs: [[3, 4], [3, 4]], { x, _ in x[0] * x[1] }, { x, _ in x[0] * x[1] }),
    OperationExample(
      "product with itself", "Product", inputs: [[6]], { x, _ in x[0] * x[0] }, { x, _ in x[0] * x[0] }),
    OperationExample(
      "product with a constant", "Product", inputs: [[6]], weights: [[6]],
      { x, w in x[0] * w[0] }, { x, w in Dual(w[0]) * x[0] }),
    OperationExample(
      "quotient", "Product", inputs: [[3, 4], [3, 4]], domain: 0.5...2,
      { x, _ in x[0] / x[1] }, { x, _ in x[0] / x[1] }),
    OperationExample(
      "reshape", "Shaping", inputs: [[3, 4]], { x, _ in x[0].reshaped([2, 6]) },
      { x, _ in x[0].reshaped([2, 6]) }),
    OperationExample(
      "slice of rows", "Shaping", inputs: [[5, 4]], { x, _ in x[0].sliced(axis: 0, start: 1, length: 3) },
      { x, _ in x[0].sliced(axis: 0, start: 1, length: 3) }),
    OperationExample(
      "slice of columns", "Shaping", inputs: [[3, 6]],
      { x, _ in
        x[0].sliced(axis: 1, start: 1, length: 3) * x[0].sliced(axis: -1, start: 2, length: 3)
      },
      { x, _ in
        x[0].sliced(axis: 1, start: 1, length: 3) * x[0].sliced(axis: -1, start: 2, length: 3)
      }),
    OperationExample(
      "concatenation", "Shaping", inputs: [[3, 2], [3, 4]], { x, _ in .concatenation(x, axis: -1) },
      { x, _ in .concatenation(x, axis: -1) }),
    OperationExample(
      "concatenation with a constant", "Shaping", inputs: [[3, 2]], weights: [[1, 2]],
      { x, w in .concatenation([w[0], x[0]], axis: 0) },
      { x, w in .concatenation([Dual(w[0]), x[0]], axis: 0) }),
    OperationExample(
      "permutation", "Shaping", inputs: [[2, 3, 4]], { x, _ in x[0].permuted([2, 0, 1]) },
      { x, _ in x[0].permuted([2, 0, 1]) }),
    OperationExample(
      "sum of the last axis", "Reductions", inputs: [[2, 3, 4]], { x, _ in x[0].sum(axis: -1) },
      { x, _ in x[0].sum(axis: -1) }),
    OperationExample(
      "sum and mean of other axes", "Reductions", inputs: [[2, 3, 4, 2]],
      { x, _ in x[0].sum(axis: 1).mean(axis: 0) }, { x, _ in x[0].sum(axis: 1).mean(axis: 0) }),
    OperationExample("sum", "Reductions", inputs: [[2, 3]], { x, _ in x[0].sum() }, { x, _ in x[0].sum() }),
    OperationExample(
      "mean", "Reductions", inputs: [[2, 3]], { x, _ in x[0].mean() }, { x, _ in x[0].mean() }),
    OperationExample(
      "row dot", "RowDot", inputs: [[3, 4], [3, 4]], { x, _ in .rowDot(x[0], x[1]) },
      { x, _ in .rowDot(x[0], x[1]) }),
    OperationExample(
      "adding to rows", "RowBroadcast", inputs: [[3, 4]], weights: [[4]], { x, w in x[0].addingToRows(w[0]) },
      { x, w in x[0].addingToRows(w[0]) }),
    OperationExample(
      "matrix product", "MatrixProduct", inputs: [[3, 4], [4, 5]], { x, _ in .matrixProduct(x[0], x[1]) },
      { x, _ in .matrixProduct(x[0], x[1]) }),
    OperationExample(
      "affine", "Affine", inputs: [[3, 4]], weights: [[5, 4], [5]],
      { x, w in x[0].affine(weight: w[0], bias: w[1]) }, { x, w in x[0].affine(weight: w[0], bias: w[1]) }),
    OperationExample(
      "affine without bias", "Affine", inputs: [[3, 4]], weights: [[5, 4]],
      { x, w in x[0].affine(weight: w[0]) }, { x, w in x[0].affine(weight: w[0]) }),
    OperationExample(
      "affine with time", "Affine", inputs: [[3, 4]], weights: [[5, 5], [5]],
      { x, w in x[0].affine(weight: w[0], bias: w[1], time: 0.7) },
      { x, w in x[0].affine(weight: w[0], bias: w[1], time: 0.7) }),
    OperationExample(
      "affine, weight used twice", "Affine", inputs: [[3, 4]], weights: [[4, 4], [4]],
      { x, w in x[0].affine(weight: w[0], bias: w[1]).affine(weight: w[0]) },
      { x, w in x[0].affine(weight: w[0], bias: w[1]).affine(weight: w[0]) }),
    OperationExample(
      "low rank", "LowRank", inputs: [[3, 4], [3, 5]], weights: [[3, 2 + 9 * 3 + 5]],
      { x, w in
        x[0].lowRank(LowRankLayout(inputs: 4, rank: 3, outputs: 5, offset: 2), weights: w[0], adding: x[1])
      },
      { x, w in
        x[0].lowRank(LowRankLayout(inputs: 4, rank: 3, outputs: 5, offset: 2), weights: w[0], adding: x[1])
      }),
    OperationExample(
      "low rank, usual rank, twice", "LowRank", inputs: [[2, 7]], weights: [[2, 14 * 8 + 7]],
      { x, w in
        let layout = LowRankLayout(inputs: 7, rank: 8, outputs: 7, offset: 0)
        return x[0].lowRank(layout, weights: w[0]).lowRank(layout, weights: w[0])
      },
      { x, w in
        let layout = LowRankLayout(inputs: 7, rank: 8, outputs: 7, offset: 0)
        return x[0].lowRank(layout, weights: w[0]).lowRank(layout, weights: w[0])
      }),
    OperationExample(
      "affine and low rank, with time", "AffineLowRank", inputs: [[3, 4]],
      weights: [[5, 5], [5], [3, 2 + 9 * 3 + 5]],
      { x, w in
        let layout = LowRankLayout(inputs: 4, rank: 3, outputs: 5, offset: 2)
        return x[0].affine(weight: w[0], bias: w[1], time: 0.7, lowRank: layout, perSampleWeights: w[2])
      },
      { x, w in
        let layout = LowRankLayout(inputs: 4, rank: 3, outputs: 5, offset: 2)
        return x[0].affine(weight: w[0], bias: w[1], time: 0.7, lowRank: layout, perSampleWeights: w[2])
      }),
    OperationExample(
      "affine and low rank, twice", "AffineLowRank", inputs: [[2, 7]], weights: [[7, 7], [7], [2, 14 * 8 + 7]],
      { x, w in
        let layout = LowRankLayout(inputs: 7, rank: 8, outputs: 7, offset: 0)
        return x[0].affine(weight: w[0], bias: w[1], lowRank: layout, perSampleWeights: w[2])
          .affine(weight: w[0], bias: w[1], lowRank: layout, perSampleWeights: w[2])
      },
      { x, w in
        let layout = LowRankLayout(inputs: 7, rank: 8, outputs: 7, offset: 0)
        return x[0].affine(weight: w[0], bias: w[1], lowRank: layout, perSampleWeights: w[2])
          .affine(weight: w[0], bias: w[1], lowRank: layout, perSampleWeights: w[2])
      }),
    OperationExample(
      "convolution", "Convolution", inputs: [[2, 5, 4, 3]], weights: [[2, 3, 3, 3]],
      { x, w in x[0].convolution(weight: w[0], stride: 1, padding: 1) },
      { x, w in x[0].convolution(weight: w[0], stride: 1, padding: 1) }),
    OperationExample(
      "convolution with stride", "Convolution", inputs: [[2, 6, 5, 2]], weights: [[3, 2, 5, 5]],
      { x, w in x[0].convolution(weight: w[0], stride: 2, padding: 2) },
      { x, w in x[0].convolution(weight: w[0], stride: 2, padding: 2) }),
    OperationExample(
      "convolution over the whole image", "Convolution", inputs: [[2, 3, 2, 2]], weights: [[4, 2, 3, 2]],
      { x, w in x[0].convolution(weight: w[0]) }, { x, w in x[0].convolution(weight: w[0]) }),
    OperationExample(
      "transposed convolution", "Convolution", inputs: [[2, 3, 4, 3]], weights: [[3, 2, 3, 3]],
      { x, w in x[0].transposedConvolution(weight: w[0], stride: 1, padding: 1) },
      { x, w in x[0].transposedConvolution(weight: w[0], stride: 1, padding: 1) }),
    OperationExample(
      "transposed convolution with stride", "Convolution", inputs: [[2, 3, 2, 2]], weights: [[2, 3, 5, 5]],
      { x, w in x[0].transposedConvolution(weight: w[0], stride: 2, padding: 2, outputPadding: [1, 0]) },
      { x, w in x[0].transposedConvolution(weight: w[0], stride: 2, padding: 2, outputPadding: [1, 0]) }),
    OperationExample(
      "transposed convolution from one pixel", "Convolution", inputs: [[2, 1, 1, 4]],
      weights: [[4, 2, 3, 2]],
      { x, w in x[0].transposedConvolution(weight: w[0]) },
      { x, w in x[0].transposedConvolution(weight: w[0]) }),
    OperationExample(
      "gate", "Gate", inputs: [[3, 8]], { x, _ in x[0].gated() }, { x, _ in x[0].gated() }),
    OperationExample(
      "Bernoulli log-likelihood", "BernoulliLogLikelihood", inputs: [[3, 5], [3, 5]],
      { x, _ in .bernoulliLogLikelihood(logits: x[0], images: x[1]) },
      { x, _ in .bernoulliLogLikelihood(logits: x[0], images: x[1]) }),
    OperationExample(
      "log-sum-exp", "LogSumExp", inputs: [[3, 5]], { x, _ in x[0].logSumExp(axis: -1) },
      { x, _ in x[0].logSumExp(axis: -1) }),
    OperationExample(
      "log-sum-exp over the first axis", "LogSumExp", inputs: [[3, 5]], { x, _ in x[0].logSumExp(axis: 0) },
      { x, _ in x[0].logSumExp(axis: 0) }),
    OperationExample(
      "gather", "Gather", inputs: [[2, 3, 4]], { x, _ in x[0].gathered(at: [0, 3, 1, 1, 2, 0]) },
      { x, _ in x[0].gathered(at: [0, 3, 1, 1, 2, 0]) }),
    OperationExample(
      "categorical log-likelihood", "CategoricalLogLikelihood", inputs: [[2, 3, 4]],
      { x, _ in .categoricalLogLikelihood(logits: x[0], levels: [0, 3, 1, 1, 2, 0]) },
      { x, _ in .categoricalLogLikelihood(logits: x[0], levels: [0, 3, 1, 1, 2, 0]) }),
    OperationExample(
      "broadcast", "Broadcast", inputs: [[3, 4]], { x, _ in x[0].broadcast(over: 3) },
      { x, _ in x[0].broadcast(over: 3) }),
    OperationExample(
      "scaling columns", "ColumnScaling", inputs: [[2, 3, 4]], weights: [[4]],
      { x, w in x[0].scalingColumns(by: w[0]) }, { x, w in x[0].scalingColumns(by: w[0]) }),
    OperationExample(
      "flip", "Flip", inputs: [[2, 3, 4]], { x, _ in x[0].flipped() }, { x, _ in x[0].flipped() }),
    OperationExample(
      "batched matrix product", "BatchedMatrixProduct", inputs: [[2, 3, 4], [2, 4, 5]],
      { x, _ in .batchedMatrixProduct(x[0], x[1]) }, { x, _ in .batchedMatrixProduct(x[0], x[1]) }),
    OperationExample(
      "batched matrix product, first transposed", "BatchedMatrixProduct", inputs: [[2, 4, 3], [2, 4, 5]],
      { x, _ in .batchedMatrixProduct(x[0], x[1], transposingFirst: true) },
      { x, _ in .batchedMatrixProduct(x[0], x[1], transposingFirst: true) }),
    OperationExample(
      "batched matrix product, second transposed", "BatchedMatrixProduct", inputs: [[2, 3, 4], [2, 5, 4]],
      { x, _ in .batchedMatrixProduct(x[0], x[1], transposingSecond: true) },
      { x, _ in .batchedMatrixProduct(x[0], x[1], transposingSecond: true) }),
    OperationExample(
      "batched matrix product with a constant", "BatchedMatrixProduct", inputs: [[2, 1, 4]],
      weights: [[2, 4, 5]],
      { x, w in .batchedMatrixProduct(x[0], w[0]) }, { x, w in .batchedMatrixProduct(x[0], Dual(w[0])) }),
    OperationExample(
      "per-sample affine", "PerSampleAffine", inputs: [[3, 4]], weights: [[3, 2 + 6 * 5]],
      { x, w in
        x[0].perSampleAffine(PerSampleAffineLayout(inputs: 4, outputs: 5, offset: 2), weights: w[0], time: 0.7)
      },
      { x, w in
        x[0].perSampleAffine(PerSampleAffineLayout(inputs: 4, outputs: 5, offset: 2), weights: w[0], time: 0.7)
      }),
    OperationExample(
      "per-sample affine, twice", "PerSampleAffine", inputs: [[2, 4]], weights: [[2, 6 * 4]],
      { x, w in
        let layout = PerSampleAffineLayout(inputs: 4, outputs: 4, offset: 0)
        return x[0].perSampleAffine(layout, weights: w[0], time: 0.7)
          .perSampleAffine(layout, weights: w[0], time: -0.2)
      },
      { x, w in
        let layout = PerSampleAffineLayout(inputs: 4, outputs: 4, offset: 0)
        return x[0].perSampleAffine(layout, weights: w[0], time: 0.7)
          .perSampleAffine(layout, weights: w[0], time: -0.2)
      }),
    OperationExample(
      "orthogonalization", "Orthogonalization", inputs: [[3, 5, 3]], { x, _ in x[0].orthogonalized() },
      { x, _ in x[0].orthogonalized() }),
  ]
