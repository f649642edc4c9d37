import Autodiff
import DensityEstimation
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import TestSupport
import Tensors
import Testing

@Suite struct ContinuousLayerTests {
  /// A layer on rows, solved in many small steps, so that a solve's own error is far below what is compared.
  static func rows(
    _ dependence: TimeDependence, _ activation: ElementwiseFunction = .tanh, isTimeTrained: Bool = true,
    regularization: DynamicsRegularization = DynamicsRegularization(),
    polynomial: TrajectoryPolynomial = TrajectoryPolynomial()
  ) -> ExampleLayer {
    ExampleLayer("\(dependence.rawValue), \(activation.rawValue)", dimensions: 3) { builder in
      let velocity = TimeDependentNetwork(
        "chain.0.odefunc", latent: 3, hidden: [5, 4], activation: activation, timeDependence: dependence,
        in: &builder.parameters)
      return ContinuousLayer(
        "chain.0", velocity: velocity, timeLength: 0.7, isTimeTrained: isTimeTrained,
        solver: .fixed(.dormandPrince, steps: 12), regularization: regularization, polynomial: polynomial,
        in: &builder)
    }
  }

  /// A layer on images of two channels.
  static func images(_ dependence: TimeDependence, _ activation: ElementwiseFunction = .softplus) -> ExampleLayer {
    let shape = ImageShape(height: 2, width: 3, channels: 2)
    return ExampleLayer("images, \(dependence.rawValue)", dimensions: shape.dimensions) { builder in
      let velocity = ConvolutionalNetwork(
        "chain.0.odefunc", shape: shape, hidden: [4], activation: activation, timeDependence: dependence,
        in: &builder.parameters)
      return ContinuousLayer(
        "chain.0", velocity: velocity, timeLength: 0.7,
        solver: .fixed(.dormandPrince, steps: dependence == .hyper ? 32 : 8),
        in: &builder)
    }
  }

  @Test(arguments: TimeDependence.allCases) func aSolveOfRowsIsAnInvertibleLayer(_ dependence: TimeDependence) throws {
    let layer = Self.rows(dependence)
    try layer.checkLogDeterminant(tolerance: 1e-8)
    try layer.checkInverse(double: 1e-8)
    try layer.checkGradients()
  }

  @Test(arguments: TimeDependence.allCases) func aSolveOfImagesIsAnInvertibleLayer(_ dependence: TimeDependence) throws
  {
    let layer = Self.images(dependence)
    try layer.checkLogDeterminant(tolerance: 1e-8)
    try layer.checkInverse(double: 1e-8)
    try layer.checkGradients()
  }

  @Test(arguments: ElementwiseFunction.activations.filter { $0 != .relu && $0 != .elu })
  func everyActivationGivesAnInvertibleLayer(_ activation: ElementwiseFunction) throws {
    try Self.rows(.concatsquash, activation).checkGradients()
    try Self.images(.concat, activation).checkGradients()
  }

  @Test func theTimeChannelIsThatOfAConvolutionOfTheInputAndTheTime() throws {
    // One layer, whose velocity is a convolution of [t, z] with one kernel: written out, with t in a channel.
    let shape = ImageShape(height: 3, width: 2, channels: 2)
    var builder = ParameterBuilder(seed: 5)
    let network = ConvolutionalNetwork("n", shape: shape, hidden: [], timeDependence: .concat, in: &builder)
    let parameters = builder.parameters.converted(to: .float64)
    let z = normals([4, shape.dimensions], 1)
    let bound = parameters.constants
    let velocity = network(time: 0.3, z: Dual(Variable(z)), conditioning: network.conditioning(bound)).primal
    let weight = try #require(parameters["n.diffeq.layers.0._layer.weight"])
    let bias = try #require(parameters["n.diffeq.layers.0._layer.bias"])
    let time = Tensor(repeating: 0.3, shape: [4, 3, 2, 1], .float64)
    let input = Variable(Tensor.concatenation([time, z.reshaped([4, 3, 2, 2])], axis: 3))
    let expected = input.convolution(weight: bound[weight], padding: 1).addingToRows(bound[bias])
    #expect(largestDifference(velocity.value, expected.value.doubles()) < 1e-12)
  }

  @Test func theGradientOfTheEndTimeIsTheVelocityAtTheEnd() throws {
    // Checked with all parameters above; here alone, so that it cannot be lost among them.
    let example = Self.rows(.concatsquash)
    let wide = example.parameters.converted(to: .float64)
    let root = try #require(wide["chain.0.sqrt_end_time"])
    let x = Variable(example.batch(5))
    func loss(_ bound: BoundParameters) throws -> Variable {
      let output = try example.layer.forward(x, DensityPass(bound))
      return output.z.applying(.square).sum() + output.logDeterminant.sum()
    }
    let tape = Tape()
    let bound = wide.tracked(on: tape)
    let gradient = tape.gradients(of: try loss(bound), withRespectTo: [bound[root]])[0].scalar
    let difference = try centralDifferences([wide[root]]) { moved in
      var parameters = wide
      parameters[root] = moved[0]
      return try loss(parameters.constants).value.scalar
    }
    #expect(abs(gradient) > 0.1)
    #expect(abs(gradient - difference[0][0]) < 1e-6)
  }

  @Test func regularizersHaveTheirGradientsToo() throws {
    for regularization in [
      DynamicsRegularization(kineticEnergy: 0.3), DynamicsRegularization(jacobianNorm: 0.2),
      DynamicsRegularization(kineticEnergy: 0.3, jacobianNorm: 0.2),
    ] {
      try Self.rows(.concatsquash, regularization: regularization).checkGradients(isTraining: true)
    }
    try Self.rows(.concat, polynomial: TrajectoryPolynomial(degree: 1, weight: 10)).checkGradients(isTraining: true)
    try Self.rows(
      .concat, regularization: DynamicsRegularization(kineticEnergy: 0.3),
      polynomial: TrajectoryPolynomial(degree: 2, weight: 5)
    ).checkGradients(isTraining: true)
  }

  @Test func theMeanOfRandomProbesIsTheExactDivergence() throws {
    let example = Self.rows(.concat)
    let x = Variable(example.batch(1))
    let wide = example.parameters.converted(to: .float64).constants
    let exact = try example.layer.forward(x, DensityPass(wide)).logDeterminant.value.scalar
    let draws = try (0..<400).map { step in
      let probes = DensityPass.Probes(.rademacher, seed: 1, step: UInt64(step))
      return try example.layer.forward(x, DensityPass(wide, probes: probes)).logDeterminant.value.scalar
    }
    let mean = draws.reduce(0, +) / 400
    let error = (draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399 / 400).squareRoot()
    #expect(error > 0 && abs(mean - exact) < 4 * error)
  }

  @Test func aSampleGetsTheSameProbesInAnyBatch() throws {
    let example = Self.rows(.concat)
    let constants = example.parameters.constants
    let x = example.batch(6, .float32)
    func determinants(_ range: Range<Int>) throws -> [Float] {
      let part = x.sliced(axis: 0, start: range.lowerBound, length: range.count)
      let pass = DensityPass(
        constants, probes: DensityPass.Probes(.gaussian, seed: 1, firstSample: range.lowerBound))
      return try example.layer.forward(Variable(part), pass).logDeterminant.value.floats()
    }
    let whole = try determinants(0..<6)
    let halves = try determinants(0..<2) + determinants(2..<6)
    #expect(zip(whole, halves).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func aRegularizerOfTrajectoriesIsOnlyThereInTraining() throws {
    let polynomial = TrajectoryPolynomial(degree: 1, weight: 10)
    let example = Self.rows(.concat, polynomial: polynomial)
    let x = Variable(example.batch(3))
    let wide = example.parameters.converted(to: .float64)
    let evaluation = DensityPass(wide.constants)
    let plain = try example.layer.forward(x, evaluation)
    #expect(evaluation.penalty == nil && evaluation.statistics.count == 1)
    let training = DensityPass(wide.constants, isTraining: true)
    let regularized = try example.layer.forward(x, training)
    #expect(try #require(training.penalty).value.doubles().allSatisfy { $0 > 0 })
    // The solve in parts is the solve.
    #expect(largestDifference(regularized.z.value, plain.z.value.doubles()) < 1e-9)
    #expect(largestDifference(regularized.logDeterminant.value, plain.logDeterminant.value.doubles()) < 1e-9)
  }
}
