import FileTestSupport
import Foundation
import ImageDatasets
import Inference
import NeuralNetworks
import Runs
import Safetensors
import Tensors
import Testing

/// Commands compute as the run did: in its precision, with its starts of solves.
@Suite(.serialized) struct PrecisionCommandTests {
  let directory = try! TemporaryDirectory()

  @Test func `codes of a run in mixed precision are those of its own arithmetic`() throws {
    let run = try TinyRun.shared.get().path
    let read = try Checkpoint.read(RunDirectory(run).best, includingOptimizer: true)
    let model = read.model
    var state = read.state
    state.configuration.precision = .mixed
    // Weights of images large enough for their rounding to show.
    let head = try #require(state.parameters["q_am.0.weight"])
    state.parameters[head] = state.parameters[head].scaled(by: 20)
    try Checkpoint.write(state, to: directory.file("mixed.safetensors.zst"))
    try Program.succeed(
      ["encode", "mixed.safetensors.zst", "--output", "codes.safetensors", "--limit", "12"], in: directory.url)
    let images = try DatasetLoader.load(name: "glyphs").test.prefix(12)
    func codes(_ precision: Precision) throws -> [Float] {
      var evaluator = Evaluator(
        model: model, parameters: state.parameters, divergence: state.configuration.divergence, seed: 1)
      evaluator.precision = precision
      return try evaluator.codes(of: images).zT.floats()
    }
    let tensor = try #require(try SafetensorsFile(directory.file("codes.safetensors")).load()["zT"])
    let written = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(try written == codes(.mixed))
    // Without instructions for bfloat16, mixed precision is carried out in float32.
    if Compute.instructionSet.hasBFloat16 { #expect(try written != codes(.float32)) }
  }
}
