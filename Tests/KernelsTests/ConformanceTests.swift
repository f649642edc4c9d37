import Kernels
import Tensors
import TestSupport
import Testing

/// Every operation of every backend that runs here, on every instruction set, against the reference's double precision.
@Suite struct ConformanceTests {
  @Test(
    .enabled(
      if: Backends.all.allSatisfy(\.isAvailable),
      "not on this processor: \(Backends.all.filter { !$0.isAvailable }.map(\.name).joined(separator: ", "))"))
  func `every backend of this build was tested`() {
    #expect(!Backends.all.isEmpty)
  }

  private static let cases = BackendOperation.all.flatMap { operation in
    ElementType.allCases.filter { $0 == .float32 || operation.hasDoubles }.map { (operation, $0) }
  }

  @Test(arguments: cases)
  func `an operation is what the reference says`(_ operation: BackendOperation, _ type: ElementType) {
    for numerics in Numerics.allCases {
      // The reference takes the numbers that the backend takes, and gives double precision.
      let expected = Backends.$chosen.withValue(ReferenceBackend()) {
        operation.run(Backends.current, numerics, OperationInputs(type, as: .float64))
      }
      for (set, results) in Compute.onEveryInstructionSet({
        operation.run(Backends.current, numerics, OperationInputs(type, as: type))
      }) {
        let tolerance = type == .float64 ? 1e-12 : set.hasBFloat16 && numerics == .mixed ? 1.2e-2 : 3e-5
        #expect(results[0].count == expected.count)
        for (result, expected) in zip(results[0], expected) {
          #expect(result.shape == expected.shape, "\(numerics) on \(set)")
          #expect(relativeDifference(result, expected.doubles()) <= tolerance, "\(numerics) on \(set)")
        }
        for other in results.dropFirst() {
          for (a, b) in zip(other, results[0]) {
            #expect(a.doubles() == b.doubles(), "\(numerics) on \(set): the number of threads changes the result")
          }
        }
      }
    }
  }

  /// Where the processor has no such instructions, in plain C: the same kernels.
  @Test(arguments: BackendOperation.products + BackendOperation.updates)
  func `products of bfloat16 numbers are what the reference says on any processor`(_ operation: BackendOperation) {
    let expected = Backends.$chosen.withValue(ReferenceBackend()) {
      operation.run(Backends.current, .mixed, OperationInputs(.float32, as: .float64))
    }
    for (set, results) in Compute.onEveryInstructionSet({
      Backends.$chosen.withValue(BFloat16Backend()) {
        operation.run(Backends.current, .mixed, OperationInputs(.float32, as: .float32))
      }
    }) {
      for (result, expected) in zip(results[0], expected) {
        #expect(relativeDifference(result, expected.doubles()) <= 1.2e-2, "on \(set)")
      }
      for other in results.dropFirst() {
        for (a, b) in zip(other, results[0]) {
          #expect(a.doubles() == b.doubles(), "on \(set): the number of threads changes the result")
        }
      }
    }
  }
}

/// Tensors of random numbers, the same ones for the same order of calls: of one type's numbers, held as another.
final class OperationInputs {
  private let (numbers, type): (ElementType, ElementType)
  private var index: UInt64 = 100

  init(_ numbers: ElementType, as type: ElementType) { (self.numbers, self.type) = (numbers, type) }

  func callAsFunction(_ shape: Int..., scale: Double = 1, shift: Double = 0) -> Tensor {
    index += 1
    let values = normals(shape.reduce(1, *), index).map { shift + scale * $0 }
    return Tensor(values, shape: shape).converted(to: numbers).converted(to: type)
  }
}

/// One call of a backend, on sizes that fill no vector or tile, and on such that do.
struct BackendOperation: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// Whether it takes double precision.
  var hasDoubles = true
  let run: @Sendable (_ backend: any Backend, _ numerics: Numerics, _ inputs: OperationInputs) -> [Tensor]

  static let all: [BackendOperation] =
    products + lowRank + perSample + traces + convolutions + elementwise + gates + updates

  static let products = [(5, 7, 3), (33, 65, 40), (64, 128, 300)].flatMap { rows, columns, inner in
    [
      BackendOperation(testDescription: "product \(rows)x\(inner)x\(columns)") { backend, _, draw in
        var product = MatrixProduct(rows: rows, columns: columns, inner: inner)
        (product.alpha, product.beta) = (-0.5, 2)
        var result = draw(rows, columns)
        backend.multiply(
          MatrixView(draw(inner, rows), transposed: true), MatrixView(draw(inner, columns)), product, into: &result)
        return [result]
      },
      BackendOperation(testDescription: "linear \(rows)x\(inner)x\(columns)") { backend, numerics, draw in
        let weights = PreparedMatrix(draw(columns, inner), transposed: true, numerics: numerics)
        var product = MatrixProduct(rows: rows, columns: columns, inner: inner)
        (product.bias, product.biasedRows) = (draw(columns), rows / 2)
        var result = Tensor(zeros: [rows, columns]).converted(to: product.bias?.elementType ?? .float32)
        backend.multiply(MatrixView(draw(rows, inner)), weights, product, into: &result)
        return [result]
      },
      BackendOperation(testDescription: "outer products \(rows)x\(inner)x\(columns)") { backend, numerics, draw in
        var sum = OuterProductSum(
          [(draw(rows, columns), draw(rows, inner)), (draw(3, columns), draw(3, inner))], outputs: columns,
          inputs: inner)
        (sum.alpha, sum.resultOffset, sum.resultLeadingDimension) = (0.5, 1, inner + 1)
        var result = draw(columns, inner + 1)
        backend.add(sum, numerics, to: &result)
        return [result]
      },
      BackendOperation(testDescription: "norm of outer products \(rows)x\(inner)x\(columns)") {
        backend, numerics, draw in
        [rows, 1].map { rows in
          let (g, x) = (draw(rows, 7 * columns), draw(rows, inner))
          return Tensor([backend.sumOfSquares(g: g, x: x, numerics)], shape: [1])
        }
      },
    ]
  }

  private static let lowRank = [(3, 5, 2, 7, 2), (17, 40, 20, 64, 3)].flatMap { n, inputs, rank, outputs, components in
    [false, true].map { transposed in
      BackendOperation(
        testDescription: "low rank \(inputs)-\(rank)-\(outputs)\(transposed ? " transposed" : "")"
      ) { _, numerics, draw in
        var layout = LowRankLayout(inputs: inputs, rank: rank, outputs: outputs, offset: 3)
        layout.numerics = numerics
        let own = PreparedLowRank(draw(n, layout.count + 5), layout)
        let (from, to) = transposed ? (outputs, inputs) : (inputs, outputs)
        let x = draw(components, n, from)
        let plain = own.product(x, components: components, transposed: transposed)
        let added = own.product(x, components: components, transposed: transposed, adding: draw(components, n, to))
        let shared = own.product(
          x, components: components, transposed: transposed, adding: PreparedMatrix(draw(from, to)),
          shift: transposed ? nil : draw(to))
        return [plain.y, plain.t, added.y, added.t, shared.y, shared.t]
      }
    }
      + [
        BackendOperation(testDescription: "low-rank gradient \(inputs)-\(rank)-\(outputs)") { backend, _, draw in
          let layout = LowRankLayout(inputs: inputs, rank: rank, outputs: outputs, offset: 3)
          let terms = [1, -0.25].map { scale in
            LowRankTerm(
              x: draw(components, n, inputs), xu: draw(components, n, rank), g: draw(components, n, outputs),
              gv: draw(components, n, rank), components: components, scale: scale)
          }
          var gradient = draw(n, layout.count + 5)
          backend.add([LowRankGradientSum(layout, terms: terms)], to: &gradient, isFresh: false)
          var fresh = draw(n, layout.count + 5)
          backend.add([LowRankGradientSum(layout, terms: terms)], to: &fresh, isFresh: true)
          return [gradient, fresh]
        }
      ]
  }

  private static let perSample = [(3, 5, 7, 2), (9, 33, 40, 3)].map { n, inputs, outputs, components in
    BackendOperation(testDescription: "per-sample affine \(inputs)-\(outputs)") { backend, _, draw in
      let layout = PerSampleAffineLayout(inputs: inputs, outputs: outputs, offset: 4)
      let weights = draw(n, layout.count + 6)
      let (x, g) = (draw(components, n, inputs), draw(components, n, outputs))
      var gradient = draw(n, layout.count + 6)
      backend.add(
        [
          PerSampleAffineTerm(x: x, g: g, components: components, time: 0.3, scale: 1),
          PerSampleAffineTerm(x: draw(components, n, inputs), g: g, components: components, time: -0.2, scale: 0.5),
        ], layout, to: &gradient)
      return [
        backend.affine(x, weights, layout, time: 0.7, components: components),
        backend.affinePullback(g, weights, layout, components: components), gradient,
      ]
    }
  }

  private static let traces = [(5, 4, 6, 2), (64, 33, 70, 20)].flatMap { latent, first, second, rank in
    [false, true].map { isOwn in
      BackendOperation(
        testDescription: "trace forms \(latent)-\(first)-\(second)\(isOwn ? ", per-sample" : ", low rank \(rank)")"
      ) { _, _, draw in
        let sizes = [(latent, first), (first, second), (second, latent)]
        let shared = sizes.map { inputs, outputs in draw(outputs, 1 + inputs, scale: 0.2) }
        let own = sizes.map { inputs, outputs in draw(3, (inputs + outputs) * rank + outputs, scale: 0.2) }
        let affine = sizes.map { inputs, outputs in draw(3, (inputs + 2) * outputs, scale: 0.2) }
        let forms = TraceForms(shared[0].elementType, count: 3) { sample in
          sizes.enumerated().map { l, size in
            if isOwn {
              let layout = PerSampleAffineLayout(inputs: size.0, outputs: size.1, offset: 0)
              return LayerWeights(layout, affine[l], sample: sample)
            }
            let layout = LowRankLayout(inputs: size.0, rank: rank, outputs: size.1, offset: 0)
            return LayerWeights(
              inputs: size.0, outputs: size.1, shared: shared[l], lowRank: (layout, own[l], sample))
          }
        }
        return [forms.values(draw(3, second, scale: 0.1, shift: 0.5), draw(3, first, scale: 0.1, shift: 0.5))]
      }
    }
  }

  private static let convolutions = [
    ([2, 7, 6, 3], [4, 3, 3, 3], 1, 1), ([3, 14, 12, 16], [32, 16, 5, 5], 2, 2),
    ([3, 9, 9, 32], [16, 32, 5, 5], 1, 2),
    ([4, 7, 7, 16], [40, 16, 7, 7], 1, 0),
  ].map { input, weights, stride, padding in
    BackendOperation(
      testDescription: "convolution of \(input) with \(weights), stride \(stride)"
    ) { backend, numerics, draw in
      let shape = ConvolutionShape(input: input, weights: weights, stride: stride, padding: padding)
      let x = draw(input[0], input[1], input[2], input[3])
      let w = draw(weights[0], weights[1], weights[2], weights[3])
      let out = shape.outputShape
      let g = draw(out[0], out[1], out[2], out[3])
      return [
        backend.convolution(x, w, shape, numerics), backend.transposedConvolution(g, w, shape, numerics),
        backend.convolutionWeights(x, g, shape, numerics),
      ]
    }
  }

  private static let elementwise = ElementwiseFunction.allCases.flatMap { f in
    [0, 1, 3].map { tangents in
      BackendOperation(testDescription: "\(f) with \(tangents) tangents") { backend, _, draw in
        // Positive, where a logarithm or a root is taken.
        let primal = draw(1, 37, scale: 0.2, shift: [.log, .sqrt, .reciprocal].contains(f) ? 2 : 0)
        let x = tangents == 0 ? primal : .concatenation([primal, draw(tangents, 37)], axis: 0)
        let (y, kept) = backend.elementwise(f, x, tangents: tangents)
        return [y, backend.elementwisePullback(f, draw(1 + tangents, 37), x, kept: kept, tangents: tangents)]
      }
    }
  }

  private static let gates =
    [1, 5, 32].map { channels in
      BackendOperation(testDescription: "gate of \(channels) channels") { backend, _, draw in
        let (x, bias, g) = (draw(300, 2 * channels), draw(2 * channels), draw(300, channels))
        let (plain, biased) = (backend.gatePullback(g, x, bias: nil), backend.gatePullback(g, x, bias: bias))
        return [backend.gate(x, bias: nil), backend.gate(x, bias: bias), plain.x, biased.x]
          + (biased.bias.map { [$0] } ?? [])
      }
    }
    + [(0, 0), (2, 2), (2, 0), (0, 2)].map { ka, kb in
      BackendOperation(testDescription: "product with \(ka) and \(kb) tangents") { backend, _, draw in
        let (a, b) = (draw(1 + ka, 35), draw(1 + kb, 35))
        let shape = [1 + max(ka, kb), 35]
        return [
          backend.product(a, tangents: ka, b, tangents: kb, shape: shape),
          backend.productPullback(draw(shape[0], 35), shape: a.shape, tangents: ka, with: b, tangents: kb),
        ]
      }
    }

  static let updates = [ParameterUpdate.Rule.adamax, .adam].flatMap { rule in
    let update = ParameterUpdate(
      rule: rule, rate: 0.1, firstDecay: 0.8, secondDecay: 0.99, epsilon: 1e-3, rootCorrection: 1.5,
      gradientScale: 0.5, weightDecay: 0.01)
    return [
      BackendOperation(testDescription: "\(rule)") { _, _, draw in
        var (p, m, v) = (draw(40, 33), draw(40, 33), draw(40, 33, scale: 0.1, shift: 3))
        update.apply(to: &p, firstMoments: &m, secondMoments: &v, gradient: draw(40, 33))
        return [p, m, v]
      },
      BackendOperation(testDescription: "\(rule) with a product", hasDoubles: false) { backend, numerics, draw in
        var state = ParameterState(
          parameters: draw(70, 33), firstMoments: draw(70, 33), secondMoments: draw(70, 33, scale: 0.1, shift: 20))
        backend.apply(update, g: draw(50, 70), x: draw(50, 33), numerics, to: &state)
        return [state.parameters, state.firstMoments, state.secondMoments]
      },
    ]
  }
}
