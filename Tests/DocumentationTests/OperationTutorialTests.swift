import Autodiff
import NormalizingFlows
import Tensors
import Testing

// The code of the tutorial WritingAnOperation, and what it says of the results.

extension Variable {
  /// sqrt(a^2 + b^2), elementwise.
  static func hypotenuse(_ a: Variable, _ b: Variable) -> Variable {
    let value = (a.value * a.value + b.value * b.value).map { $0.squareRoot() }
    return .record(value, of: [a, b]) { cotangent in
      [cotangent * a.value / value, cotangent * b.value / value]
    }
  }
}

extension Dual {
  /// sqrt(a^2 + b^2), elementwise, and (a a' + b b') / sqrt(a^2 + b^2).
  static func hypotenuse(_ a: Dual, _ b: Dual) -> Dual {
    .applying(to: [a, b], { .hypotenuse($0[0], $0[1]) }) { primals, tangents in
      let (a, b) = (primals[0], primals[1])
      return (a * tangents[0] + b * tangents[1]) / .hypotenuse(a, b)
    }
  }
}

/// The largest difference between the gradient of a function's sum and its central differences.
func largestGradientError(at x: Tensor, step: Double = 1e-5, _ function: (Variable) -> Variable) -> Double {
  let tape = Tape()
  let variable = tape.variable(x)
  let gradient = tape.gradients(of: function(variable).sum(), withRespectTo: [variable])[0].doubles()
  func sum(_ numbers: [Double]) -> Double {
    function(Variable(Tensor(numbers, shape: x.shape))).sum().value.doubles()[0]
  }
  let numbers = x.doubles()
  let errors = numbers.indices.map { i in
    var (up, down) = (numbers, numbers)
    up[i] += step
    down[i] -= step
    return abs(gradient[i] - (sum(up) - sum(down)) / (2 * step))
  }
  return errors.max() ?? 0
}

/// A rotation about the origin, slower the farther away: `[batch, 2]` -> `[batch, 2]`.
struct Whirlpool: Velocity {
  func callAsFunction(time: Double, z: Dual, conditioning: [Variable]) -> Dual {
    let (x, y) = (z.sliced(axis: 1, start: 0, length: 1), z.sliced(axis: 1, start: 1, length: 1))
    let slowing = 1 + Dual.hypotenuse(x, y)
    return .concatenation([-y / slowing, x / slowing], axis: 1)
  }
}

@Suite struct OperationTutorialTests {
  private let x = Tensor([0.3, -1.2, 2.0, 0.7], shape: [2, 2])

  @Test func `the gradient, the tangent and the gradient of the tangent are right`() {
    let other = Variable(Tensor([1.1, 0.4, -0.6, -2.0], shape: [2, 2]))
    let direction = Variable(Tensor([1.0, -0.5, 0.25, 2.0], shape: [1, 2, 2]))
    func tangent(_ x: Variable) -> Variable {
      Dual.hypotenuse(Dual(primal: x, tangents: direction), Dual(other)).tangents
    }
    let gradientError = largestGradientError(at: x) { .hypotenuse($0, other) }
    let secondError = largestGradientError(at: x, tangent)

    #expect(gradientError < 1e-9 && secondError < 1e-9)
    #expect(largestGradientError(at: x) { .hypotenuse(other, $0) } < 1e-9)
    let step = direction.value.reshaped(x.shape) * 1e-5
    let difference =
      (Variable.hypotenuse(Variable(x + step), other).value
        - Variable.hypotenuse(Variable(x - step), other).value) / 2e-5
    let tangents = tangent(Variable(x)).value.doubles()
    #expect(zip(tangents, difference.doubles()).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test func `a velocity made of the operation keeps distances and densities`() throws {
    let flow = ContinuousFlow(
      velocity: Whirlpool(), timeLength: 5, solver: .adaptive(.tsitouras, tolerance: 1e-9))
    let output = try flow.forward(Variable(x), conditioning: [])
    #expect(output.deltaLogDensity.value.doubles().allSatisfy { abs($0) < 1e-6 })
    func squaredDistances(_ points: Tensor) -> [Double] {
      let numbers = points.doubles()
      return [numbers[0] * numbers[0] + numbers[1] * numbers[1], numbers[2] * numbers[2] + numbers[3] * numbers[3]]
    }
    #expect(zip(squaredDistances(output.z.value), squaredDistances(x)).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(output.z.value != x)
  }
}
