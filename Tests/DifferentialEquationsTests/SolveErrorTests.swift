import Autodiff
import DifferentialEquations
import Foundation
import Tensors
import Testing

@Suite struct SolveErrorTests {
  private func failure(
    _ dynamics: @escaping Dynamics, _ initial: [Variable], to end: Double = 1,
    options: SolverOptions = SolverOptions(), gradient: AdjointMethod = .direct
  ) -> SolveError? {
    do throws(SolveError) {
      _ = try solve(dynamics, initial: initial, from: 0, to: end, options: options, gradient: gradient)
      return nil
    } catch { return error }
  }

  /// dy/dt = y^2 is infinite at 1 / y(0): for sample 2 at 0.5.
  private let beforePole = doubles([[0.1], [-3], [2], [0.3]])

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive), ElementType.allCases)
  func `a pole is reported where it is, with its sample`(_ method: ButcherTableau, _ type: ElementType) throws {
    let error = failure(
      { _, y, _ in [y[0] * y[0]] }, [Variable(beforePole.value.converted(to: type))],
      options: SolverOptions(method: method))
    switch try #require(error) {
    case .stepUnderflow(let time, let step, let sample):
      #expect(abs(time - 0.5) < 1e-3)
      #expect(abs(step) < 1e-9)
      #expect(sample == 2)
    case .notFinite(let time, let sample, _):
      #expect(abs(time - 0.5) < 1e-3)
      #expect(sample == 2)
    case .stepLimit: Issue.record("\(String(describing: error))")
    }
  }

  @Test(arguments: ButcherTableau.all.filter { !$0.isAdaptive })
  func `equal steps past a pole end in a number that is not finite`(_ method: ButcherTableau) throws {
    let error = failure(
      { _, y, _ in [y[0] * y[0]] }, [beforePole], options: .fixed(method, steps: 100))
    guard case .notFinite(let time, let sample, let component) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(time > 0.5 && time < 0.75)
    #expect(sample == 2)
    #expect(component == 0)
  }

  @Test(arguments: ButcherTableau.all)
  func `an undefined derivative is reported at once, with sample and component`(_ method: ButcherTableau) {
    let derivative = doubles([[0, 0], [0, 0], [0, .nan]])
    let error = failure(
      { _, _, _ in [doubles([0, 0, 0]), derivative] },
      [doubles([0, 0, 0]), doubles([[0, 0], [0, 0], [0, 0]])],
      options: SolverOptions(method: method))
    #expect(error == .notFinite(time: 0, sample: 2, component: 1))
  }

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive))
  func `a derivative that becomes undefined later is reported there`(_ method: ButcherTableau) throws {
    let zero = doubles([0, 0, 0])
    let undefined = doubles([0, .nan, 0])
    let error = failure(
      { t, _, _ in [zero, t < 0.7 ? zero : undefined] }, [doubles([1, 1, 1]), doubles([1, 1, 1])],
      options: SolverOptions(method: method))
    guard case .notFinite(let time, let sample, let component) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(abs(time - 0.7) < 1e-6)
    #expect(sample == 1)
    #expect(component == 1)
  }

  @Test func `a derivative undefined only at the end of each step names its component`() throws {
    // The fourth stage of bosh3 has no weight: the new state is finite, the error is not.
    final class Counter {
      var count = 0
    }
    let counter = Counter()
    let zero = doubles([0, 0, 0])
    let undefined = doubles([0, 0, .nan])
    let error = failure(
      { _, _, _ in
        counter.count += 1
        return [zero, counter.count % 3 == 1 && counter.count > 1 ? undefined : zero]
      }, [doubles([1, 1, 1]), doubles([1, 1, 1])],
      options: SolverOptions(
        method: .bogackiShampine, stepControl: .adaptive(AdaptiveSteps(firstStep: 0.1))))
    #expect(error == .notFinite(time: 0, sample: 2, component: 1))
  }

  @Test func `a state that overflows is not accepted though every derivative is finite`() throws {
    // The state passes the largest float at time 1.134; tanh of it, infinite, is finite again.
    let derivative = Variable(Tensor([0, 3e38] as [Float], shape: [2]))
    let error = failure(
      { _, y, _ in [derivative + y[0].applying(.tanh)] }, [Variable(Tensor([1, 1] as [Float], shape: [2]))], to: 2)
    switch try #require(error) {
    case .stepUnderflow(let time, _, let sample), .notFinite(let time, let sample, _),
      .stepLimit(let time, _, let sample):
      #expect(abs(time - 1.134) < 1e-3)
      #expect(sample == 1)
    }
  }

  @Test(arguments: AdjointMethod.allCases)
  func `the step limit names the stiff sample`(_ gradient: AdjointMethod) throws {
    let rates = doubles([[-1], [-2], [-3000], [-1]])
    let error = failure(
      { _, y, _ in [y[0] * rates] }, [doubles([[1], [1], [1], [1]])],
      options: SolverOptions(stepControl: .adaptive(AdaptiveSteps(stepLimit: 25))),
      gradient: gradient)
    guard case .stepLimit(let time, let limit, let sample) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(time > 0 && time < 0.1)
    #expect(limit == 25)
    #expect(sample == 2)
  }

  @Test func `a solve that needs exactly the limit of steps succeeds`() throws {
    var options = SolverOptions.equalSteps(.dormandPrince, 8)
    options.adaptive.stepLimit = 8
    #expect(failure({ _, y, _ in y }, [doubles([1])], options: options) == nil)
    options.adaptive.stepLimit = 7
    #expect(failure({ _, y, _ in y }, [doubles([1])], options: options) != nil)
  }

  @Test func `every error says when, who, and what to do`() {
    let errors: [SolveError] = [
      .stepUnderflow(time: 0.125, step: 1e-12, sample: 17), .notFinite(time: 0.125, sample: 17, component: 1),
      .stepLimit(time: 0.125, limit: 2000, sample: 17),
    ]
    for error in errors {
      #expect(error.description.contains("0.125"))
      #expect(error.description.contains("sample 17"))
      #expect(error.description.contains("oosen") || error.description.contains("ower"))
    }
  }
}
