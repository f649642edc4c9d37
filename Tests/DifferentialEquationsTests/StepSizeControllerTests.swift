import DifferentialEquations
import Foundation
import Testing

@Suite struct StepSizeControllerTests {
  private func expectEqual(_ a: Double, _ b: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(abs(a - b) < 1e-14 * abs(b), sourceLocation: sourceLocation)
  }

  @Test func `the integral controller takes the root of the error`() {
    let controller = StepSizeController.integral
    expectEqual(controller.factor(error: 1.0 / 32, previous: nil, order: 5), 1.8)
    expectEqual(controller.factor(error: 32, previous: nil, order: 5), 0.45)
    expectEqual(controller.factor(error: 32, previous: 0.1, order: 5), 0.45)
  }

  @Test func `factors stay within their limits`() {
    let controller = StepSizeController.integral
    #expect(controller.factor(error: 0, previous: nil, order: 5) == 10)
    #expect(controller.factor(error: 1e-30, previous: nil, order: 5) == 10)
    #expect(controller.factor(error: 1e30, previous: nil, order: 5) == 0.2)
  }

  @Test func `an accepted step is not followed by a smaller one`() {
    #expect(StepSizeController.integral.factor(error: 0.99, previous: nil, order: 5) == 1)
    #expect(StepSizeController.proportionalIntegral.factor(error: 0.99, previous: 1e-4, order: 5) == 1)
  }

  @Test func `a failed step shrinks as far as a step may`() {
    #expect(StepSizeController.integral.factor(error: .nan, previous: nil, order: 5) == 0.2)
    #expect(StepSizeController.integral.factor(error: .infinity, previous: 0.5, order: 5) == 0.2)
  }

  @Test func `the proportional part looks back on the previous error`() {
    let controller = StepSizeController(proportional: 0.4, integral: 0.3)
    expectEqual(
      controller.factor(error: 0.01, previous: 0.5, order: 4), 0.9 * pow(0.01, -0.7 / 4) * pow(0.5, 0.4 / 4))
    expectEqual(controller.factor(error: 0.01, previous: nil, order: 4), 0.9 * pow(0.01, -0.7 / 4))
  }
}
