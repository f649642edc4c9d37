import Autodiff
import DifferentialEquations
import Tensors
import TestSupport
import Testing

@Suite struct GradientTests {
  static let networks = [ElementwiseFunction.tanh, .softplus].map { SmallNetwork(activation: $0) }
  static let adaptive = ButcherTableau.all.filter(\.isAdaptive)

  private func options(_ tolerance: Double, _ method: ButcherTableau = .dormandPrince) -> SolverOptions {
    var options = SolverOptions.adaptive(method, tolerance: tolerance)
    options.adaptive.stepLimit = 20_000
    return options
  }

  @Test(arguments: networks, adaptive)
  func `the three gradients agree`(_ network: SmallNetwork, _ method: ButcherTableau) throws {
    let options = options(1e-9, method)
    let direct = try network.differentiated(.direct, options)
    let checkpointed = try network.differentiated(.checkpointed, options)
    let adjoint = try network.differentiated(.adjoint, options)
    #expect(relativeDifference(checkpointed.gradients, direct.gradients) < 1e-12)
    #expect(relativeDifference(adjoint.gradients, direct.gradients) < 1e-7)
    #expect(checkpointed.loss == direct.loss)
    #expect(adjoint.loss == direct.loss)
    #expect(direct.gradients.allSatisfy { $0.sumOfSquares() > 1e-6 })
  }

  @Test(arguments: [ElementwiseFunction.tanh, .softplus])
  func `the three gradients agree in single precision`(_ activation: ElementwiseFunction) throws {
    let network = SmallNetwork(activation: activation, type: .float32)
    let options = options(1e-7)
    let direct = try network.differentiated(.direct, options)
    let checkpointed = try network.differentiated(.checkpointed, options)
    let adjoint = try network.differentiated(.adjoint, options)
    #expect(relativeDifference(checkpointed.gradients, direct.gradients) < 1e-5)
    #expect(relativeDifference(adjoint.gradients, direct.gradients) < 1e-4)
    let double = try SmallNetwork(activation: activation).differentiated(.direct, self.options(1e-9))
    #expect(relativeDifference(direct.gradients, double.gradients) < 1e-4)
  }

  @Test(arguments: ButcherTableau.all)
  func `checkpointed equals direct to rounding`(_ method: ButcherTableau) throws {
    let network = Self.networks[0]
    // A first step that is rejected, and a loose tolerance: nothing here depends on accuracy.
    var options = SolverOptions.suiting(method, tolerance: 1e-4, steps: 5)
    if method.isAdaptive {
      options.adaptive.firstStep = 1
      options.adaptive.controller.largestFactor = 2
    }
    let direct = try network.differentiated(.direct, options)
    let checkpointed = try network.differentiated(.checkpointed, options)
    #expect(relativeDifference(checkpointed.gradients, direct.gradients) < 1e-13)
    #expect(direct.solution.statistics == checkpointed.solution.statistics)
    #expect(direct.solution.statistics.rejectedSteps > 0 || !method.isAdaptive)
  }

  @Test(arguments: networks, [(0.0, 1.0), (1.0, 0.0)])
  func `direct equals finite differences`(_ network: SmallNetwork, _ interval: (Double, Double)) throws {
    let options = SolverOptions.fixed(.rungeKutta4, steps: 3)
    let direct = try network.differentiated(.direct, options, from: interval.0, to: interval.1)
    let inputs = network.initial + network.parameters
    let step = 1e-5
    for (i, input) in inputs.enumerated() {
      let base = input.doubles()
      let expected = try base.indices.map { j in
        func at(_ x: Double) throws -> Double {
          var (moved, all) = (base, inputs)
          moved[j] = x
          all[i] = Tensor(moved, shape: input.shape)
          return try network.loss(of: all, options, from: interval.0, to: interval.1)
        }
        return (try at(base[j] + step) - at(base[j] - step)) / (2 * step)
      }
      let worst = zip(direct.gradients[i].doubles(), expected).map { abs($0 - $1) }.max() ?? 0
      #expect(worst < 1e-8 * max(1, expected.map { abs($0) }.max() ?? 0), "input \(i): off by \(worst)")
    }
  }

  @Test(arguments: adaptive)
  func `the adjoint's gradient converges with the tolerance`(_ method: ButcherTableau) throws {
    let network = Self.networks[0]
    let exact = try network.differentiated(.direct, options(1e-12)).gradients
    let errors = try [1e-3, 1e-5, 1e-7, 1e-9].map {
      relativeDifference(try network.differentiated(.adjoint, options($0, method)).gradients, exact)
    }
    for (tolerance, error) in zip([1e-3, 1e-5, 1e-7, 1e-9], errors) {
      #expect(error < 100 * tolerance, "\(method.name) at \(tolerance): \(error)")
    }
    for (loose, tight) in zip(errors, errors.dropFirst()) { #expect(tight < 0.1 * loose) }
  }

  @Test(arguments: ButcherTableau.all.filter { !$0.isAdaptive })
  func `the adjoint's gradient converges with the number of steps`(_ method: ButcherTableau) throws {
    let network = Self.networks[1]
    let exact = try network.differentiated(.direct, options(1e-12)).gradients
    let errors = try [50, 200].map {
      let adjoint = try network.differentiated(.adjoint, .fixed(method, steps: $0))
      return relativeDifference(adjoint.gradients, exact)
    }
    // Four times the steps: 4^order, with some room.
    #expect(errors[1] < errors[0] / (method.order == 1 ? 3 : 3 * 4))
    #expect(errors[1] < 0.05)
  }

  @Test(arguments: networks)
  func `gradients of a solve backward in time agree`(_ network: SmallNetwork) throws {
    let options = options(1e-9)
    let direct = try network.differentiated(.direct, options, from: 0.75, to: -0.25)
    let checkpointed = try network.differentiated(.checkpointed, options, from: 0.75, to: -0.25)
    let adjoint = try network.differentiated(.adjoint, options, from: 0.75, to: -0.25)
    #expect(relativeDifference(checkpointed.gradients, direct.gradients) < 1e-12)
    #expect(relativeDifference(adjoint.gradients, direct.gradients) < 1e-7)
  }

  @Test(arguments: [1e-8, 1e8], [ElementType.float32, .float64])
  func `the adjoint is as accurate whatever the loss is multiplied by`(_ scale: Double, _ type: ElementType)
    throws
  {
    let network = SmallNetwork(activation: .tanh, type: type)
    let options = options(1e-5)
    let plain = try network.differentiated(.adjoint, options)
    let scaled = try network.differentiated(.adjoint, options, scale: scale)
    #expect(relativeDifference(scaled.gradients, plain.gradients) < (type == .float32 ? 1e-5 : 1e-12))
    #expect(scaled.backwardPass == plain.backwardPass)
  }

  @Test func `a rejected step leaves nothing on the tape`() throws {
    let network = Self.networks[0]
    // Halving after rejection, and no growth: after the rejected attempts, the same steps as without them.
    var options = SolverOptions.adaptive(tolerance: 1e-5)
    options.adaptive.controller = StepSizeController(
      proportional: 0, integral: 0, safety: 1e-3, smallestFactor: 0.5, largestFactor: 1)
    options.adaptive.firstStep = 1
    let withRejections = try network.differentiated(.direct, options)
    let rejected = withRejections.solution.statistics.rejectedSteps
    #expect(rejected > 0)
    options.adaptive.firstStep = withRejections.solution.statistics.stepSizes[0]
    let without = try network.differentiated(.direct, options)
    #expect(without.solution.statistics.rejectedSteps == 0)
    #expect(without.solution.statistics.stepSizes == withRejections.solution.statistics.stepSizes)
    #expect(withRejections.entries == without.entries)
    #expect(relativeDifference(withRejections.gradients, without.gradients) == 0)
  }

  @Test func `choosing the first step leaves nothing on the tape`() throws {
    let network = Self.networks[0]
    let chosen = try network.differentiated(.direct, options(1e-3))
    var given = options(1e-3)
    given.adaptive.firstStep = chosen.solution.statistics.stepSizes[0]
    let entries = try network.differentiated(.direct, given).entries
    #expect(entries == chosen.entries)
  }

  @Test(arguments: [AdjointMethod.checkpointed, .adjoint])
  func `a solve that keeps no activations leaves the tape short`(_ gradient: AdjointMethod) throws {
    let few = try Self.networks[0].differentiated(gradient, .equalSteps(.dormandPrince, 2))
    let many = try Self.networks[0].differentiated(gradient, .equalSteps(.dormandPrince, 20))
    #expect(few.entries == many.entries)
    #expect(many.entries < 10)
  }

  @Test(arguments: AdjointMethod.allCases)
  func `the backward pass counts its evaluations`(_ gradient: AdjointMethod) throws {
    let result = try Self.networks[0].differentiated(gradient, .equalSteps(.dormandPrince, 10))
    // Six stages a step have a weight; the adjoint, being a solve, evaluates the last step's seventh too.
    #expect(result.backwardPass.evaluations == (gradient == .adjoint ? 61 : 60))
    #expect(result.backwardPass.failure == nil)
  }

  @Test(arguments: AdjointMethod.allCases)
  func `constants get no gradient and cost none`(_ gradient: AdjointMethod) throws {
    let network = Self.networks[0]
    let all = try network.differentiated(gradient, options(1e-6))
    let tape = Tape()
    let parameters = network.parameters.enumerated().map { $0 == 1 ? tape.variable($1) : Variable($1) }
    let solution = try solve(
      network.dynamics, initial: network.initial.map { Variable($0) }, parameters: parameters, from: 0, to: 1,
      options: options(1e-6), gradient: gradient)
    let only = tape.gradients(of: network.loss(solution.state), withRespectTo: [parameters[1]])
    #expect(relativeDifference(only, [all.gradients[3]]) < 1e-12)
  }

  @Test(arguments: AdjointMethod.allCases)
  func `a solve without variables is a constant`(_ gradient: AdjointMethod) throws {
    let network = Self.networks[0]
    let solution = try solve(
      network.dynamics, initial: network.initial.map { Variable($0) },
      parameters: network.parameters.map { Variable($0) }, from: 0, to: 1, gradient: gradient)
    #expect(solution.state.allSatisfy { !$0.isTracked })
    #expect(solution.state.map(\.shape) == network.initial.map(\.shape))
  }

  @Test(arguments: AdjointMethod.allCases)
  func `the gradient through an interval without length is the identity`(_ gradient: AdjointMethod) throws {
    let network = Self.networks[0]
    let result = try network.differentiated(gradient, options(1e-6), from: 0.5, to: 0.5)
    let tape = Tape()
    let initial = network.initial.map { tape.variable($0) }
    let expected = tape.gradients(of: network.loss(initial), withRespectTo: initial)
    #expect(relativeDifference(Array(result.gradients[..<2]), expected) < 1e-14)
    #expect(result.gradients[2...].allSatisfy { $0.sumOfSquares() == 0 })
  }
}
