@testable import DensityEstimation
import FileTestSupport
import Foundation
import NeuralNetworks
import Runs
import Safetensors
import Tensors
import Testing

@Suite struct DensityCheckpointTests {
  let directory = try! TemporaryDirectory()

  private func state(_ change: (inout DensityConfiguration) -> Void = { _ in }) throws -> DensityState {
    var configuration = DensityConfiguration()
    (configuration.dimensions, configuration.hidden, configuration.blocks) = (3, [4], 2)
    configuration.hasBatchNormalization = true
    change(&configuration)
    let made = try DensityModel.make(configuration, in: DensityBuilder(seed: 1))
    var state = DensityState(configuration, made.parameters, buffers: made.buffers)
    for i in state.optimizer.firstMoments.indices {
      state.optimizer.firstMoments[i] = Tensor(repeating: 0.25, shape: state.parameters.tensors[i].shape)
    }
    state.optimizer.step = 7
    (state.progress.step, state.progress.epoch, state.run) = (7, 1, "a run")
    state.standardization = Standardization(mean: [1, 2, 3], deviation: [4, 5, 6])
    state.columns = ["a", "b, c", "d"]
    return state
  }

  @Test(arguments: [DensityFlowKind.ffjord, .realNVP, .glow, .nice]) func aStateIsReadAsItWasWritten(
    _ kind: DensityFlowKind
  ) throws {
    let written = try state { $0.flows = [kind] }
    let file = directory.file("a.safetensors.zst")
    try DensityCheckpoint.write(written, to: file)
    let read = try DensityCheckpoint.read(file, includingOptimizer: true).state
    #expect(read.configuration == written.configuration && read.progress == written.progress)
    #expect(read.run == "a run" && read.optimizer.step == 7)
    #expect(read.standardization == written.standardization && read.columns == written.columns)
    #expect(read.parameters.parameters.map(\.name) == written.parameters.parameters.map(\.name))
    #expect(read.parameters.tensors.map { $0.floats() } == written.parameters.tensors.map { $0.floats() })
    #expect(read.buffers.tensors.map { $0.floats() } == written.buffers.tensors.map { $0.floats() })
    #expect(read.optimizer.firstMoments.map { $0.floats() } == written.optimizer.firstMoments.map { $0.floats() })
  }

  @Test func theNamesAreThePublishedOnes() throws {
    let written = try state { ($0.flows, $0.hasBatchNormalization, $0.blocks) = ([.ffjord], false, 1) }
    #expect(
      Set(written.parameters.parameters.map(\.name)) == [
        "chain.0.sqrt_end_time", "chain.0.odefunc.diffeq.layers.0._layer.weight",
        "chain.0.odefunc.diffeq.layers.0._layer.bias", "chain.0.odefunc.diffeq.layers.0._hyper_bias.weight",
        "chain.0.odefunc.diffeq.layers.0._hyper_gate.weight", "chain.0.odefunc.diffeq.layers.0._hyper_gate.bias",
        "chain.0.odefunc.diffeq.layers.1._layer.weight", "chain.0.odefunc.diffeq.layers.1._layer.bias",
        "chain.0.odefunc.diffeq.layers.1._hyper_bias.weight", "chain.0.odefunc.diffeq.layers.1._hyper_gate.weight",
        "chain.0.odefunc.diffeq.layers.1._hyper_gate.bias",
      ])
  }

  @Test func buffersThatMakeNoSenseAreRefused() throws {
    let file = directory.file("a.safetensors.zst")
    func refusal(_ name: String, _ numbers: [Float], _ flow: DensityFlowKind) throws -> String {
      var written = try state { $0.flows = [flow] }
      let place = try #require(written.buffers.parameters.firstIndex { $0.name.hasSuffix(name) })
      written.buffers.tensors[place] = Tensor(numbers, shape: written.buffers.tensors[place].shape)
      try DensityCheckpoint.write(written, to: file)
      let error = #expect(throws: RunError.self) {
        _ = try DensityCheckpoint.read(file, includingOptimizer: false)
      }
      return error?.description ?? ""
    }
    for numbers in [[0, 1e7, 1], [0, 0, 1], [1e30, 0, 1], [0, 1, 0.5]] as [[Float]] {
      #expect(try refusal("permutation", numbers, .glow).contains("no permutation of 0…2"))
    }
    #expect(try refusal("sign", [1, 0, 1], .glow).contains("other than 1 and -1"))
    #expect(try refusal("running_var", [1, -1, 1], .realNVP).contains("negative"))
  }

  @Test func progressThatOverflowsIsRefused() throws {
    var written = try state()
    written.progress.epochSums.add(DensityMetrics(), samples: 3)
    #expect(written.progress.isPlausible)
    let json = try written.progress.json().replacingOccurrences(of: "\"batches\":1", with: "\"batches\":\(Int.max)")
    #expect(json.contains("\(Int.max)"))
    let progress = try JSONDecoder().decode(DensityProgress.self, from: Data(json.utf8))
    #expect(!progress.isPlausible)
  }

  @Test func aFileThatIsCutOrFlippedIsRefused() throws {
    let file = directory.file("a.safetensors.zst")
    try DensityCheckpoint.write(try state(), to: file)
    let whole = try Data(contentsOf: file)
    for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
      try whole.prefix(length).write(to: file)
      #expect(throws: (any Error).self) { try DensityCheckpoint.read(file, includingOptimizer: true) }
    }
    for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 60)) {
      var flipped = whole
      flipped[place] ^= 0x10
      try flipped.write(to: file)
      #expect(throws: (any Error).self, "byte \(place)") { try DensityCheckpoint.read(file, includingOptimizer: true) }
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let file = directory.file("a.safetensors")
    func refusal(_ change: (inout [SafetensorsTensor], inout [String: String]) throws -> Void) throws -> String {
      let written = try state { $0.flows = [.realNVP] }
      var tensors = written.parameters.parameters.enumerated().map { index, parameter in
        SafetensorsTensor(
          name: parameter.name, shape: parameter.shape, values: written.parameters.tensors[index].floats())
      }
      tensors += written.buffers.parameters.enumerated().map { index, buffer in
        SafetensorsTensor(
          name: "buffer.\(buffer.name)", shape: buffer.shape, values: written.buffers.tensors[index].floats())
      }
      var metadata = [
        "kind": "ffjord-vae density checkpoint", "version": "1", "optimizer_step": "7",
        "configuration": try written.configuration.json(), "progress": try written.progress.json(),
      ]
      try change(&tensors, &metadata)
      try SafetensorsWriter.write(to: file, tensors: tensors, metadata: metadata, compression: .none)
      do { _ = try DensityCheckpoint.read(file, includingOptimizer: false) } catch { return "\(error)" }
      return "read"
    }
    #expect(try refusal { _, _ in } == "read")
    #expect(try refusal { tensors, _ in tensors.removeFirst() }.contains("is missing"))
    #expect(try refusal { _, metadata in metadata["kind"] = "ffjord-vae checkpoint" }.contains("an autoencoder"))
    #expect(try refusal { _, metadata in metadata["version"] = "2" }.contains("version 2"))
    #expect(try refusal { _, metadata in metadata["progress"] = "{\"step\": -1}" }.contains("progress"))
    #expect(try refusal { _, metadata in metadata["optimizer_step"] = "-7" }.contains("progress"))
    #expect(
      try refusal { _, metadata in
        metadata["configuration"] = metadata["configuration"]?.replacingOccurrences(
          of: "\"blocks\":2", with: "\"blocks\":100000000")
      }.contains("blocks must be 1…1000"))
    #expect(
      try refusal { _, metadata in
        metadata["configuration"] = metadata["configuration"]?.replacingOccurrences(
          of: "\"dimensions\":3", with: "\"dimensions\":99999")
      }.contains("chain.0"))
    let standardization = ["standardization.mean", "standardization.deviation"].map {
      SafetensorsTensor(name: $0, shape: [3], values: [1, 2, 3] as [Float])
    }
    #expect(try refusal { tensors, _ in tensors += standardization } == "read")
    for tensor in standardization {
      #expect(try refusal { tensors, _ in tensors.append(tensor) }.contains("both are needed"))
    }
    #expect(
      try refusal { tensors, _ in
        let mean = SafetensorsTensor(name: "standardization.mean", shape: [3], values: [1, 2, 3] as [Int32])
        tensors += [mean, standardization[1]]
      }.contains("standardization.mean is of type I32"))
    #expect(
      try refusal { _, metadata in metadata["columns"] = "[\"a\",\"b\",\"c\"]" }.contains("it names columns"))
    #expect(
      try refusal { tensors, _ in
        let first = tensors[0]
        let count = first.shape.reduce(1, *)
        tensors[0] = SafetensorsTensor(
          name: first.name, shape: first.shape, values: [Float.nan] + [Float](repeating: 0, count: count - 1))
      }.contains("chain.0"))
  }
}
