import Autodiff
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import Safetensors
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// A model with the parameters and the inputs of a file of reference values, in double or single precision.
struct ReferenceModel {
  let file: SafetensorsFile
  let configuration: ModelConfiguration

  init(_ url: URL) throws {
    file = try SafetensorsFile(url)
    var configuration = ModelConfiguration()
    configuration.hidden = try #require(file.metadata["hidden"]).split(separator: "-").compactMap { Int($0) }
    configuration.blocks = try #require(file.metadata["blocks"].flatMap { Int($0) })
    configuration.rank = try #require(file.metadata["rank"].flatMap { Int($0) })
    configuration.latent = try #require(file.metadata["latent"].flatMap { Int($0) })
    configuration.timeLength = try #require(file.metadata["time_length"].flatMap { Double($0) })
    self.configuration = configuration
  }

  /// A tensor of the file.
  func tensor(_ name: String, _ type: ElementType) throws -> Tensor {
    let entry = try file.entry(name)
    switch entry.elementType {
    case .int8:
      let scale = try file.floats("scale.\(name)")[0]
      return Tensor(try file.int8s(name).map { Float($0) * scale }, shape: entry.shape).converted(to: type)
    case .float64: return Tensor(try file.doubles(name), shape: entry.shape).converted(to: type)
    default: return Tensor(try file.floats(name), shape: entry.shape).converted(to: type)
    }
  }

  /// The model's output, and the gradient of its loss with respect to each parameter; none with the exact trace.
  func run(
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
      ImageBatch(images.reshaped([images.shape[0], 784])), noise: noise, probes: source, bound)
    guard !exact else { return (output, [:]) }
    let gradients = tape.gradients(of: output.bound.loss(klWeight: 1), withRespectTo: bound.variables)
    return (
      output, Dictionary(uniqueKeysWithValues: zip(parameters.parameters.map(\.name), gradients))
    )
  }

  /// Expects the outputs of the file whose names begin with a prefix.
  func expectOutputs(_ output: ModelOutput, _ prefix: String, within tolerance: Double) throws {
    let bound = output.bound
    let outputs: [(String, Variable)] = [
      ("features", output.features), ("mean", output.sample.mean), ("variance", output.sample.variance),
      ("z0", output.sample.z0), ("zT", output.sample.flow.z), ("logits", output.decoded),
      ("log_likelihood", bound.logLikelihood), ("log_prior", bound.logPrior),
      ("log_posterior", bound.logInitialDensity), ("delta_log_density", bound.deltaLogDensity),
      ("kl", bound.klDivergence), ("elbo", bound.value),
    ]
    for (name, variable) in outputs {
      let expected = try tensor("\(prefix).\(name)", .float64)
      let difference = relativeNorm(variable.value.doubles(), expected.doubles())
      #expect(difference < tolerance, "\(prefix).\(name): relative difference \(difference)")
    }
  }

  /// Expects the gradients of the file, of large parameters a sample and the norm.
  func expectGradients(_ gradients: [String: Tensor], within tolerance: Double) throws {
    let strides =
      try JSONSerialization.jsonObject(with: Data(try #require(file.metadata["gradient_stride"]).utf8))
      as? [String: Int]
    var compared = 0
    for (name, gradient) in gradients {
      let numbers = gradient.doubles()
      if let step = strides?[name] {
        let sample = stride(from: 0, to: numbers.count, by: step).map { numbers[$0] }
        let difference = relativeNorm(sample, try tensor("gradient_sample.\(name)", .float64).doubles())
        #expect(difference < tolerance, "\(name): relative difference of the sample \(difference)")
        let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(relativeNorm([norm], try file.doubles("gradient_norm.\(name)")) < tolerance, "\(name): norm")
      } else {
        let difference = relativeNorm(numbers, try tensor("gradient.\(name)", .float64).doubles())
        #expect(difference < tolerance, "\(name): relative difference \(difference)")
      }
      compared += 1
    }
    #expect(compared == gradients.count && compared > 50)
  }
}
