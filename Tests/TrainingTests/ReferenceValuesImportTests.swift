import Autodiff
import DifferentialEquations
import FileTestSupport
import Foundation
import NormalizingFlows
import Safetensors
import Tensors
import Testing
import VariationalAutoencoder

@testable import PyTorchInterchange

/// An interpreter that can make a file of reference values.
private let python = Python(importing: "torch, numpy, safetensors.torch", of: "torch, numpy and safetensors")

/// The published model's parameters, imported, give the bound that it gave.
@Suite struct ReferenceValuesImportTests {
  /// The bound of each image of a file of reference values, with its noise and probes.
  private func bounds(
    _ imported: ModelImport, _ file: SafetensorsFile, _ type: ElementType, tolerance: Double
  ) throws -> [Double] {
    func input(_ name: String) throws -> Tensor {
      Tensor(try file.floats("input.\(name)"), shape: try file.entry("input.\(name)").shape).converted(to: type)
    }
    let state = imported.state
    let solver = SolverOptions.adaptive(tolerance: tolerance)
    let model = VariationalAutoencoder.make(state.configuration.model, seed: 1, solver: solver).model
    let (images, probes) = (try input("images"), try input("probes"))
    let blocks = (0..<probes.shape[0]).map { probes.leading($0..<($0 + 1)) }
    let output = try model(
      ImageBatch(images.reshaped([images.shape[0], 784])), noise: try input("noise"), probes: ProbeSource(blocks),
      state.parameters.converted(to: type).constants)
    return output.bound.value.value.doubles()
  }

  private func expectBounds(of url: URL, sourceLocation: SourceLocation = #_sourceLocation) throws -> ModelImport {
    let file = try SafetensorsFile(url)
    let imported = try ModelImport(url)
    for (type, tolerance, name, accuracy) in [
      (ElementType.float64, 1e-10, "float64.elbo", 1e-9), (.float32, 1e-5, "float64.elbo", 1e-4),
    ] {
      let expected = try file.doubles(name)
      let found = try bounds(imported, file, type, tolerance: tolerance)
      #expect(found.count == expected.count && !found.isEmpty, sourceLocation: sourceLocation)
      for (found, expected) in zip(found, expected) {
        #expect(
          abs(found - expected) < accuracy * abs(expected), "\(type): \(found), not \(expected)",
          sourceLocation: sourceLocation)
      }
    }
    let single = try bounds(imported, file, .float32, tolerance: 1e-5)
    for (found, expected) in zip(single, try file.floats("float32.elbo")) {
      #expect(abs(found - Double(expected)) < 2e-5 * abs(found), sourceLocation: sourceLocation)
    }
    #expect(imported.stateDict.ignored.contains("input.images"), sourceLocation: sourceLocation)
    return imported
  }

  @Test(arguments: ReferenceValues.files)
  func `parameters of a file of reference values give the published bound`(_ url: URL) throws {
    let imported = try expectBounds(of: url)
    let (model, metadata) = (imported.state.configuration.model, imported.stateDict.metadata)
    #expect(model.hidden.map(String.init).joined(separator: "-") == metadata["hidden"])
    #expect(String(model.blocks) == metadata["blocks"] && String(model.rank) == metadata["rank"])
    // A compact file holds large tensors in eight bits.
    #expect(imported.stateDict.converted.isEmpty == (metadata["compact"] == "no"))
  }

  @Test(
    .enabled(if: python.isHere, "\(python.lack)"),
    arguments: [("16-24", "3", "2", "12"), ("40", "1", "5", "64")])
  func `parameters that PyTorch writes give the bound that PyTorch finds`(
    hidden: String, blocks: String, rank: String, latent: String
  ) throws {
    let directory = try TemporaryDirectory()
    let url = directory.file("reference.safetensors")
    let (status, text) = try ExternalProgram.run(
      try #require(python.interpreter),
      [
        ReferenceValues.generator.path, url.path, "--seed", "5", "--images", "3", "--gain", "2", "--hidden", hidden,
        "--blocks", blocks, "--rank", rank, "--latent", latent,
      ])
    #expect(status == 0, "\(text)")
    let imported = try expectBounds(of: url)
    let model = imported.state.configuration.model
    #expect(model.hidden.map(String.init).joined(separator: "-") == hidden && String(model.latent) == latent)
    #expect(String(model.blocks) == blocks && String(model.rank) == rank)
  }

  @Test(.enabled(if: Python.withSafetensors.isHere, "\(Python.withSafetensors.lack)"))
  func `Python reads an export, and what it writes is imported`() throws {
    let file = try StateDictFile()
    try ModelExport.write(file.state, to: file.url)
    let other = file.directory.url.appending(path: "double.safetensors")
    // Written anew in double precision, with the published buffers, and without the metadata.
    let script = """
      import sys
      from safetensors.numpy import load_file, save_file
      tensors = load_file(sys.argv[1])
      for name in sorted(tensors): print(name, list(tensors[name].shape), tensors[name].dtype)
      save_file({name: tensor.astype("float64") for name, tensor in tensors.items()}, sys.argv[2])
      """
    let (status, text) = try Python.withSafetensors.run(script, [file.url.path, other.path])
    #expect(status == 0, "\(text)")
    let parameters = file.parameters.parameters.map { "\($0.name) \($0.shape) float32" }
    let buffers = ["integration_times [2] float32", "odefuncs.0._num_evals [] float32"]
    #expect(Set(text.split(separator: "\n").map(String.init)) == Set(parameters + buffers))
    let imported = try ModelImport(other)
    #expect(imported.state.parameters.bits == file.parameters.bits)
    #expect(imported.stateDict.converted.count == parameters.count && !imported.isDescribed)
  }
}
