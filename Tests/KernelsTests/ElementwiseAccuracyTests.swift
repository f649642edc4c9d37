import CKernels
import Foundation
import Tensors
import Testing

/// Elementwise functions in single precision against the C library's in double precision, on every
/// instruction set that the processor has.
@Suite struct ElementwiseAccuracyTests {
  struct Function: CustomTestStringConvertible, Sendable {
    let function: ElementwiseFunction
    /// Where the bound holds.
    let domain: ClosedRange<Double>
    /// The largest error, in units in the last place of the exact result.
    let bound: Double
    let exact: @Sendable (Double) -> Double
    let derivative: @Sendable (Double) -> Double
    /// The largest error of the derivative, relative to the larger of it and one.
    var derivativeBound = 2e-7
    var testDescription: String { function.rawValue }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static let functions = [
    Function(function: .exp, domain: -87...88, bound: 1, exact: { exp($0) }, derivative: { exp($0) }),
    Function(
      function: .sigmoid, domain: -87...100, bound: 2.5, exact: { sigmoid($0) },
      derivative: { sigmoid($0) * sigmoid(-$0) }),
    Function(
      function: .softplus, domain: -87...100, bound: 2.5,
      exact: { max($0, 0) + log1p(exp(-abs($0))) }, derivative: { sigmoid($0) }),
    Function(
      function: .tanh, domain: -100...100, bound: 1.5, exact: { tanh($0) },
      derivative: { 1 / (cosh(min(abs($0), 300)) * cosh(min(abs($0), 300))) }),
    Function(
      function: .elu, domain: -100...100, bound: 2, exact: { $0 > 0 ? $0 : expm1($0) },
      derivative: { $0 > 0 ? 1 : exp($0) }),
    Function(
      function: .swish, domain: -80...100, bound: 3, exact: { $0 * sigmoid($0) },
      derivative: { sigmoid($0) + $0 * sigmoid($0) * sigmoid(-$0) },
      // 1 - sigmoid(x) is rounded to a unit of one, and then multiplied by x.
      derivativeBound: 2e-6),
    Function(
      function: .relu, domain: -100...100, bound: 0, exact: { max($0, 0) }, derivative: { $0 > 0 ? 1 : 0 }),
    Function(function: .square, domain: -1e18...1e18, bound: 0.5, exact: { $0 * $0 }, derivative: { 2 * $0 }),
    Function(
      function: .sqrt, domain: 1e-30...1e30, bound: 0.5, exact: { sqrt($0) }, derivative: { 0.5 / sqrt($0) }),
    Function(function: .log, domain: 1e-30...1e30, bound: 1, exact: { log($0) }, derivative: { 1 / $0 }),
    Function(
      function: .reciprocal, domain: 1e-12...1e12, bound: 0.5, exact: { 1 / $0 }, derivative: { -1 / ($0 * $0) }),
    Function(
      function: .sin, domain: -0x1p27...0x1p27, bound: 0.51, exact: { sin($0) }, derivative: { cos($0) }),
    Function(
      function: .cos, domain: -0x1p27...0x1p27, bound: 0.51, exact: { cos($0) }, derivative: { -sin($0) }),
  ]

  /// Numbers evenly in the domain, and in magnitude down to 1e-30 times its ends.
  private func inputs(_ domain: ClosedRange<Double>) -> [Float] {
    let count = 100_000
    let even = (0...count).map { i in
      domain.lowerBound + (domain.upperBound - domain.lowerBound) * Double(i) / Double(count)
    }
    let magnitudes = (0...20_000).flatMap { i -> [Double] in
      let factor = pow(10, -30 * Double(i) / 20_000)
      return [domain.lowerBound * factor, domain.upperBound * factor]
    }
    return (even + magnitudes).filter { domain.contains(Double(Float($0))) }.map { Float($0) }
  }

  /// f(x), and f'(x) where asked.
  private func jet(_ function: ElementwiseFunction, _ x: [Float], derivative: Bool) -> [Float] {
    let input = Tensor(
      derivative ? x + [Float](repeating: 1, count: x.count) : x, shape: [derivative ? 2 : 1, x.count])
    let output = Tensor(uninitialized: input.shape, .float32)
    input.elementType.kernels.jet(
      function.kernel, derivative ? 1 : 0, x.count, 0, x.count, input.address, output.freshAddress)
    return withExtendedLifetime(input) { output.floats() }
  }

  private func onEveryInstructionSet(_ body: (Compute.InstructionSet) -> Void) {
    for set in Compute.InstructionSet.allCases { _ = Compute.with(set) { body(set) } }
  }

  @Test(arguments: functions)
  func `values are within their bound`(_ function: Function) {
    let x = inputs(function.domain)
    #expect(x.count > 100_000)
    onEveryInstructionSet { set in
      for withDerivative in [false, true] {
        var worst = (error: 0.0, at: Float(0))
        for (x, y) in zip(x, jet(function.function, x, derivative: withDerivative)) {
          let exact = function.exact(Double(x))
          let unit = max(Double(Float(exact).ulp), Double(Float.leastNormalMagnitude.ulp))
          let error = abs(Double(y) - exact) / unit
          if !(error <= worst.error) { worst = (error, x) }
        }
        #expect(worst.error <= function.bound, "\(function.function) on \(set): \(worst)")
      }
    }
  }

  @Test(arguments: functions)
  func `derivatives are within their bound`(_ function: Function) {
    let x = inputs(function.domain)
    onEveryInstructionSet { set in
      var worst = (error: 0.0, at: Float(0))
      for (x, y) in zip(x, jet(function.function, x, derivative: true)[x.count...]) {
        let exact = function.derivative(Double(x))
        let error = abs(Double(y) - exact) / max(abs(exact), 1)
        if !(error <= worst.error) { worst = (error, x) }
      }
      #expect(worst.error <= function.derivativeBound, "\(function.function) on \(set): \(worst)")
    }
  }

  @Test(arguments: ElementwiseFunction.allCases)
  func `value and derivative in one pass are those of two`(_ function: ElementwiseFunction) {
    let positive = [ElementwiseFunction.log, .sqrt, .reciprocal].contains(function)
    let x = (0..<101).map { Float($0) * 0.09 - (positive ? -0.01 : 4.5) }
    onEveryInstructionSet { set in
      let both = Tensor(x, shape: [x.count]).valueAndDerivative(of: function)
      #expect(both.value.floats() == jet(function, x, derivative: false), "\(set)")
      let derivative = jet(function, x, derivative: true)[x.count...]
      // A product with one may be fused with what comes before it.
      #expect(
        zip(both.derivative.floats(), derivative).allSatisfy { abs($0 - $1) <= 2 * max(abs($1), 1).ulp }, "\(set)")
    }
  }

  @Test(arguments: ElementwiseFunction.allCases)
  func `what is not a number stays so`(_ function: ElementwiseFunction) {
    onEveryInstructionSet { set in
      // Long enough for whole vectors and a rest.
      let values = jet(function, [Float](repeating: .nan, count: 37), derivative: false)
      #expect(values.allSatisfy { $0.isNaN }, "\(function) on \(set): \(values[0])")
    }
  }

  @Test func `functions with limits reach them`() {
    let x: [Float] = [.infinity, -.infinity, 3e38, -3e38, 1000, -1000]
    onEveryInstructionSet { set in
      func near(_ values: [Float], _ expected: [Float]) -> Bool {
        zip(values, expected).allSatisfy { $0 == $1 || abs($0 - $1) < 2e-38 }
      }
      #expect(near(jet(.sigmoid, x, derivative: false), [1, 0, 1, 0, 1, 0]))
      #expect(near(jet(.tanh, x, derivative: false), [1, -1, 1, -1, 1, -1]))
      #expect(near(jet(.elu, x, derivative: false), [.infinity, -1, 3e38, -1, 1000, -1]))
      #expect(near(jet(.softplus, x, derivative: false), [.infinity, 0, 3e38, 0, 1000, 0]))
      #expect(near(jet(.relu, x, derivative: false), [.infinity, 0, 3e38, 0, 1000, 0]))
      for function in [ElementwiseFunction.sin, .cos] {
        let waves = jet(function, x, derivative: false)
        #expect(waves[..<2].allSatisfy(\.isNaN) && waves[2...].allSatisfy { abs($0) <= 1 }, "\(function) on \(set)")
      }
    }
  }
}
