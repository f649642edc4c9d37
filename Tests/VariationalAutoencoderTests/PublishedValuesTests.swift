import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Safetensors
import Tensors
import Testing

@testable import VariationalAutoencoder

/// Reference values of the published model, made in PyTorch: parameters, images, noises, outputs, the terms of the ELBO
/// and gradients, in double precision at a tolerance of 1e-10 and in single precision at 1e-5. The file says in its
/// metadata how it was made. It is no part of this repository; the tests run where it is present.
private enum PublishedValues {
  static let path: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let candidates: [String?] = [
      ProcessInfo.processInfo.environment["FFJORD_VAE_GOLDEN"],
      root.appending(path: "../shared/peers/golden-small.safetensors").standardized.path,
    ]
    return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0) }
  }()
}

@Suite(
  .enabled(
    if: PublishedValues.path != nil,
    "golden-small.safetensors is not here; name it in FFJORD_VAE_GOLDEN"))
struct PublishedValuesTests {
  private let file: SafetensorsFile
  private let configuration: ModelConfiguration

  init() throws {
    file = try SafetensorsFile(URL(filePath: try #require(PublishedValues.path)))
    var configuration = ModelConfiguration()
    configuration.hidden = try #require(file.metadata["hidden"]).split(separator: "-").compactMap { Int($0) }
    configuration.blocks = try #require(file.metadata["blocks"].flatMap { Int($0) })
    configuration.rank = try #require(file.metadata["rank"].flatMap { Int($0) })
    configuration.latent = try #require(file.metadata["latent"].flatMap { Int($0) })
    configuration.timeLength = try #require(file.metadata["time_length"].flatMap { Double($0) })
    self.configuration = configuration
  }

  private func tensor(_ name: String, _ type: ElementType) throws -> Tensor {
    let entry = try file.entry(name)
    switch entry.elementType {
    case .int8:
      let scale = try file.floats("scale.\(name)")[0]
      return Tensor(try file.int8s(name).map { Float($0) * scale }, shape: entry.shape).converted(to: type)
    case .float64: return Tensor(try file.doubles(name), shape: entry.shape).converted(to: type)
    default: return Tensor(try file.floats(name), shape: entry.shape).converted(to: type)
    }
  }

  private func relative(_ a: [Double], _ b: [Double]) -> Double {
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let norm = b.reduce(0) { $0 + $1 * $1 }
    return (difference / max(norm, 1e-60)).squareRoot()
  }

  private func run(
    _ type: ElementType, tolerance: Double, gradient: AdjointMethod = .direct, exact: Bool = false
  ) throws -> (output: ModelOutput, gradients: [String: Tensor]) {
    let solver = SolverOptions.adaptive(tolerance: tolerance)
    let made = VariationalAutoencoder.make(configuration, seed: 1, solver: solver, gradient: gradient)
    var parameters = made.parameters
    for parameter in parameters.parameters { parameters[parameter] = try tensor(parameter.name, .float32) }
    parameters = parameters.converted(to: type)
    let images = try tensor("input.images", type)
    let noise = try tensor("input.noise", type)
    let given = try tensor("input.probes", type)
    let source =
      exact
      ? ProbeSource(.exact, seed: 0)
      : ProbeSource((0..<configuration.blocks).map { given.leading($0..<($0 + 1)) })
    let tape = Tape()
    let bound = exact ? parameters.constants : parameters.tracked(on: tape)
    let output = try made.model(
      Variable(images.reshaped([images.shape[0], 784])), noise: noise, probes: source, bound)
    guard !exact else { return (output, [:]) }
    let gradients = tape.gradients(of: output.bound.loss(klWeight: 1), withRespectTo: bound.variables)
    return (
      output, Dictionary(uniqueKeysWithValues: zip(parameters.parameters.map(\.name), gradients))
    )
  }

  private func expectOutputs(_ output: ModelOutput, _ prefix: String, within tolerance: Double) throws {
    let bound = output.bound
    let outputs: [(String, Variable)] = [
      ("features", output.features), ("mean", output.mean), ("variance", output.variance),
      ("z0", output.z0), ("zT", output.flow.z), ("logits", output.decoded),
      ("log_likelihood", bound.logLikelihood), ("log_prior", bound.logPrior),
      ("log_posterior", bound.logPosterior), ("delta_log_density", bound.deltaLogDensity),
      ("kl", bound.klDivergence), ("elbo", bound.value),
    ]
    for (name, variable) in outputs {
      let expected = try tensor("\(prefix).\(name)", .float64)
      let difference = relative(variable.value.doubles(), expected.doubles())
      #expect(difference < tolerance, "\(prefix).\(name): relative difference \(difference)")
    }
  }

  private func expectGradients(_ gradients: [String: Tensor], within tolerance: Double) throws {
    let strides =
      try JSONSerialization.jsonObject(with: Data(try #require(file.metadata["gradient_stride"]).utf8))
      as? [String: Int]
    var compared = 0
    for (name, gradient) in gradients {
      let numbers = gradient.doubles()
      if let step = strides?[name] {
        let sample = stride(from: 0, to: numbers.count, by: step).map { numbers[$0] }
        let difference = relative(sample, try tensor("gradient_sample.\(name)", .float64).doubles())
        #expect(difference < tolerance, "\(name): relative difference of the sample \(difference)")
        let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(relative([norm], try file.doubles("gradient_norm.\(name)")) < tolerance, "\(name): norm")
      } else {
        let difference = relative(numbers, try tensor("gradient.\(name)", .float64).doubles())
        #expect(difference < tolerance, "\(name): relative difference \(difference)")
      }
      compared += 1
    }
    #expect(compared == gradients.count && compared > 50)
  }

  @Test func `parameter names and shapes are the published ones`() throws {
    let made = VariationalAutoencoder.make(configuration, seed: 1)
    let ours = Dictionary(
      uniqueKeysWithValues: made.parameters.parameters.map { ($0.name, $0.shape) })
    let prefixes = ["q_", "p_x", "odefuncs"]
    let theirs = Dictionary(
      uniqueKeysWithValues: file.entries
        .filter { entry in prefixes.contains { entry.name.hasPrefix($0) } }.map { ($0.name, $0.shape) })
    #expect(ours == theirs)
  }

  @Test(arguments: AdjointMethod.allCases)
  func `single precision reproduces outputs and gradients`(_ gradient: AdjointMethod) throws {
    let (output, gradients) = try run(.float32, tolerance: 1e-5, gradient: gradient)
    try expectOutputs(output, "float32", within: 2e-5)
    try expectOutputs(output, "float64", within: 1e-4)
    try expectGradients(gradients, within: 1e-3)
    for block in 0..<configuration.blocks {
      // The sizes after the first follow the error estimate, which in single precision is partly rounding.
      let expected = try file.doubles("float32.step_sizes.\(block)")
      let sizes = output.flow.statistics[block].stepSizes
      #expect(sizes.count == expected.count)
      // The first one follows a difference of two derivatives a small step apart, which magnifies the rounding of products:
      // that of matrix tiles is coarser.
      #expect(relative([sizes[0]], [expected[0]]) < (Compute.instructionSet == .amx ? 3e-3 : 3e-4))
    }
  }

  @Test func `double precision reproduces outputs to ten digits and gradients to single precision`() throws {
    let (output, gradients) = try run(.float64, tolerance: 1e-10)
    try expectOutputs(output, "float64", within: 1e-9)
    try expectGradients(gradients, within: 1e-6)
  }

  @Test func `the exact divergence reproduces the exact trace`() throws {
    let (output, _) = try run(.float64, tolerance: 1e-10, exact: true)
    for (name, variable) in [
      ("zT", output.flow.z), ("delta_log_density", output.bound.deltaLogDensity),
      ("kl", output.bound.klDivergence), ("elbo", output.bound.value),
    ] {
      let expected = try tensor("float64.exact_trace.\(name)", .float64).doubles()
      let difference = relative(variable.value.doubles(), expected)
      #expect(difference < 1e-9, "\(name): relative difference \(difference)")
    }
  }
}
