import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// The whole model's gradient, and its two precisions.
@Suite struct ModelGradientTests {
  private static let probes = ProbeSource(.gaussian, seed: 3)

  /// The model's loss on one image, in double precision.
  private func loss(
    _ model: VariationalAutoencoder, _ parameters: BoundParameters
  ) throws -> Variable {
    let pixels = model.configuration.imageHeight * model.configuration.imageWidth
    let output = try model(
      ImageBatch(binaryImages([1, pixels], 1)), noise: normals([1, model.configuration.latent], 1),
      probes: Self.probes, parameters)
    return output.bound.loss(klWeight: 0.7)
  }

  /// A small model in double precision. A fixed number of steps makes it smooth.
  private func make(
    _ flow: PosteriorKind, steps: Int = 3, _ gradient: AdjointMethod = .direct
  ) -> (model: VariationalAutoencoder, set: ParameterSet) {
    let solver = SolverOptions.fixed(.rungeKutta4, steps: steps)
    let (model, set) = VariationalAutoencoder.make(
      smallConfiguration(flow), seed: 5, solver: solver, gradient: gradient)
    return (model, set.converted(to: .float64))
  }

  private func gradients(_ model: VariationalAutoencoder, _ set: ParameterSet) throws -> [[Double]] {
    let tape = Tape()
    let tracked = set.tracked(on: tape)
    return tape.gradients(of: try loss(model, tracked), withRespectTo: tracked.variables)
      .map { $0.doubles() }
  }

  @Test(arguments: [PosteriorKind.none, .ffjord])
  func `the gradient of every parameter equals finite differences`(_ flow: PosteriorKind) throws {
    let (model, set) = make(flow)
    let step = 1e-5
    func difference(_ index: Int, along direction: Tensor) throws -> Double {
      func at(_ scale: Double) throws -> Double {
        var moved = set
        moved.tensors[index].add(direction, scale: scale)
        return try loss(model, moved.constants).value.scalar
      }
      return (try at(step) - at(-step)) / (2 * step)
    }
    for (i, (parameter, gradient)) in zip(set.parameters, try gradients(model, set)).enumerated() {
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(norm > 1e-6, "\(parameter.name) does not matter: norm \(norm)")
      // A direction of unit length in which every entry takes part; and one entry alone.
      let random = normals(parameter.shape, UInt64(100 + i))
      let direction = random.scaled(by: 1 / random.sumOfSquares().squareRoot())
      let expected = zip(gradient, direction.doubles()).reduce(0) { $0 + $1.0 * $1.1 }
      let along = try difference(i, along: direction)
      #expect(abs(along - expected) < 1e-7 * max(1, norm), "\(parameter.name): \(along) for \(expected)")
      guard i % 4 == 0 else { continue }
      let entry = (7 * i + 3) % gradient.count
      var unit = [Double](repeating: 0, count: gradient.count)
      unit[entry] = 1
      let one = try difference(i, along: Tensor(unit, shape: parameter.shape))
      #expect(abs(one - gradient[entry]) < 1e-7 * max(1, norm), "\(parameter.name), entry \(entry)")
    }
  }

  @Test func `with constants for the decoder it gets no gradient, and all others the same`() throws {
    let (model, set) = make(.ffjord)
    func gradients(detaching: Bool) throws -> [[Double]] {
      let tape = Tape()
      let tracked = set.tracked(on: tape)
      let output = try model(
        ImageBatch(binaryImages([2, 64], 1)), noise: normals([2, 4], 1), probes: Self.probes, tracked,
        decodingWith: detaching ? tracked.detached : nil)
      return tape.gradients(of: output.loss(klWeight: 0.7), withRespectTo: tracked.variables).map { $0.doubles() }
    }
    let (all, some) = (try gradients(detaching: false), try gradients(detaching: true))
    for (parameter, (all, some)) in zip(set.parameters, zip(all, some)) {
      let isDecoder = parameter.name.hasPrefix("p_x_")
      #expect(some == (isDecoder ? all.map { _ in 0 } : all), "\(parameter.name)")
    }
  }

  @Test(arguments: [(AdjointMethod.checkpointed, 3, 1e-13), (.adjoint, 24, 1e-8)])
  func `the other gradients of the solves are the direct one`(
    _ gradient: AdjointMethod, _ steps: Int, _ tolerance: Double
  ) throws {
    let (direct, set) = make(.ffjord, steps: steps)
    let (other, _) = make(.ffjord, steps: steps, gradient)
    let pairs = zip(try gradients(other, set), try gradients(direct, set))
    for (parameter, (a, b)) in zip(set.parameters, pairs) {
      let difference = relativeDifference(a, b)
      #expect(difference < tolerance, "\(parameter.name): \(difference)")
    }
  }

  @Test func `single precision agrees with double`() throws {
    var configuration = smallConfiguration()
    configuration.imageHeight = 28
    configuration.imageWidth = 28
    configuration.latent = 8
    configuration.hidden = [32, 32]
    let (model, set) = VariationalAutoencoder.make(
      configuration, seed: 5, solver: SolverOptions.fixed(.rungeKutta4, steps: 8))
    func run(_ type: ElementType) throws -> (output: ModelOutput, gradients: [[Double]]) {
      let tape = Tape()
      let tracked = set.converted(to: type).tracked(on: tape)
      let output = try model(
        ImageBatch(binaryImages([2, 784], 1).converted(to: type)),
        noise: normals([2, 8], 1).converted(to: type),
        probes: Self.probes, tracked)
      let gradients = tape.gradients(
        of: output.bound.loss(klWeight: 1), withRespectTo: tracked.variables)
      return (output, gradients.map { $0.doubles() })
    }
    let (single, double) = (try run(.float32), try run(.float64))
    // On matrix tiles the velocity's products are off by a few millionths, and a divergence, in which terms cancel, by more.
    let ofTiles = Compute.instructionSet == .amx ? 5e-5 : 2e-6
    func expect(_ name: String, within tolerance: Double = 2e-6, _ part: (ModelOutput) -> Variable) {
      let difference = relativeDifference(
        part(single.output).value.doubles(), part(double.output).value.doubles())
      #expect(difference < tolerance, "\(name): \(difference)")
    }
    expect("features", \.features)
    expect("variance", \.sample.variance)
    expect("zT", \.sample.flow.z)
    expect("delta log density", within: ofTiles, \.sample.flow.deltaLogDensity)
    expect("logits", \.decoded)
    expect("bound", \.bound.value)
    for (parameter, (a, b)) in zip(set.parameters, zip(single.gradients, double.gradients)) {
      #expect(
        relativeDifference(a, b) < max(2e-5, ofTiles), "\(parameter.name): \(relativeDifference(a, b))")
    }
  }
}
