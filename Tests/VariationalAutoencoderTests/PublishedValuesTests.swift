import DifferentialEquations
import FileTestSupport
import Foundation
import Tensors
import TestSupport
import Testing
import VariationalAutoencoder

/// The published model, made and run in PyTorch: outputs, the terms of the ELBO and gradients, in double precision at a
/// tolerance of 1e-10 and in single precision at 1e-5, of parameters, images, noises and probes.
@Suite struct PublishedValuesTests {
  @Test(arguments: ReferenceValues.files)
  func `parameter names and shapes are the published ones`(_ url: URL) throws {
    let reference = try ReferenceModel(url)
    let made = VariationalAutoencoder.make(reference.configuration, seed: 1)
    let ours = Dictionary(
      uniqueKeysWithValues: made.parameters.parameters.map { ($0.name, $0.shape) })
    let prefixes = ["q_", "p_x", "odefuncs"]
    let theirs = Dictionary(
      uniqueKeysWithValues: reference.file.entries
        .filter { entry in prefixes.contains { entry.name.hasPrefix($0) } }.map { ($0.name, $0.shape) })
    #expect(ours == theirs)
  }

  @Test(arguments: ReferenceValues.files, AdjointMethod.allCases)
  func `single precision reproduces outputs and gradients`(_ url: URL, _ gradient: AdjointMethod) throws {
    let reference = try ReferenceModel(url)
    let (output, gradients) = try reference.run(.float32, tolerance: 1e-5, gradient: gradient)
    try reference.expectOutputs(output, "float32", within: 2e-5)
    try reference.expectOutputs(output, "float64", within: 1e-4)
    try reference.expectGradients(gradients, within: 1e-3)
    for block in 0..<reference.configuration.blocks {
      // The sizes after the first follow the error estimate, which in single precision is partly rounding.
      let expected = try reference.file.doubles("float32.step_sizes.\(block)")
      let sizes = output.sample.flow.statistics[block].stepSizes
      #expect(sizes.count == expected.count)
      // The first one follows a difference of two derivatives a small step apart, which magnifies the rounding of products:
      // that of matrix tiles is coarser.
      #expect(relativeNorm([sizes[0]], [expected[0]]) < (Compute.instructionSet == .amx ? 3e-3 : 3e-4))
    }
  }

  @Test(arguments: ReferenceValues.files)
  func `double precision reproduces outputs to ten digits and gradients to single precision`(_ url: URL) throws {
    let reference = try ReferenceModel(url)
    let (output, gradients) = try reference.run(.float64, tolerance: 1e-10)
    try reference.expectOutputs(output, "float64", within: 1e-9)
    try reference.expectGradients(gradients, within: 1e-6)
  }

  @Test(arguments: ReferenceValues.files)
  func `the exact divergence reproduces the exact trace`(_ url: URL) throws {
    let reference = try ReferenceModel(url)
    let (output, _) = try reference.run(.float64, tolerance: 1e-10, exact: true)
    for (name, variable) in [
      ("zT", output.sample.flow.z), ("delta_log_density", output.bound.deltaLogDensity),
      ("kl", output.bound.klDivergence), ("elbo", output.bound.value),
    ] {
      let expected = try reference.tensor("float64.exact_trace.\(name)", .float64).doubles()
      let difference = relativeNorm(variable.value.doubles(), expected)
      #expect(difference < 1e-9, "\(name): relative difference \(difference)")
    }
  }
}
