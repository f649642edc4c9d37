import Foundation
import NormalizingFlows
import Safetensors
import Tensors
import Testing
import VariationalAutoencoder

@testable import PyTorchInterchange

/// An export has every tensor that a published module's `load_state_dict` asks for, of the values that a new module has:
/// written down from `vae_lib/models/VAE.py`, `flows.py`, `CNFVAE.py`, `lib/layers/cnf.py` and `odefunc.py` of
/// rtqichen/ffjord.
@Suite struct PublishedBuffersTests {
  /// Names, shapes and numbers of the tensors that are no parameters, in order of names. Latent 4; two blocks or flows.
  private func buffers(_ change: (inout ModelConfiguration) -> Void) throws -> [String] {
    let file = try StateDictFile(
      TinyRun.configuration {
        ($0.model.blocks, $0.model.flows, $0.model.orthogonalVectors, $0.model.maskedWidth) = (2, 2, 2, 8)
        change(&$0.model)
      })
    let count = try ModelExport.write(file.state, to: file.url)
    let written = try SafetensorsFile(file.url)
    #expect(written.entries.count == count)
    let tensors = try written.load()
    return tensors.filter { file.parameters[$0.key] == nil }.values.map { tensor in
      let numbers: [Double] = tensor.bytes.withUnsafeBytes { bytes in
        tensor.entry.elementType == .int64
          ? bytes.bindMemory(to: Int64.self).map { Double($0) } : bytes.bindMemory(to: Float.self).map { Double($0) }
      }
      let list = numbers.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }.joined(separator: " ")
      return "\(tensor.entry.name) \(tensor.entry.elementType.rawValue) \(tensor.entry.shape): \(list)"
    }.sorted()
  }

  @Test func `no flow and planar flows have none`() throws {
    #expect(try buffers { $0.flow = .none } == [])
    #expect(try buffers { $0.flow = .planar } == [])
  }

  @Test func `inverse autoregressive flows have the order backward`() throws {
    #expect(try buffers { $0.flow = .iaf } == ["flow.flip_idx I64 [4]: 3 2 1 0"])
  }

  @Test func `Sylvester flows have identity, triangle and diagonal, and their layers the last two`() throws {
    #expect(
      try buffers { $0.flow = .sylvesterOrthogonal } == [
        "_eye F32 [1, 2, 2]: 1 0 0 1", "diag_idx I64 [2]: 0 1", "flow_0.diag_idx I64 [2]: 0 1",
        "flow_0.triu_mask F32 [1, 2, 2]: 0 1 0 0", "flow_1.diag_idx I64 [2]: 0 1",
        "flow_1.triu_mask F32 [1, 2, 2]: 0 1 0 0", "triu_mask F32 [1, 2, 2, 1]: 0 1 0 0",
      ])
    let above = "0 1 1 1 0 0 1 1 0 0 0 1 0 0 0 0"
    #expect(
      try buffers { $0.flow = .sylvesterHouseholder } == [
        "_eye F32 [1, 4, 4]: 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", "diag_idx I64 [4]: 0 1 2 3",
        "flow_0.diag_idx I64 [4]: 0 1 2 3", "flow_0.triu_mask F32 [1, 4, 4]: \(above)",
        "flow_1.diag_idx I64 [4]: 0 1 2 3", "flow_1.triu_mask F32 [1, 4, 4]: \(above)",
        "triu_mask F32 [1, 4, 4, 1]: \(above)",
      ])
    #expect(
      try buffers { $0.flow = .sylvesterTriangular } == [
        "diag_idx I64 [4]: 0 1 2 3", "flip_idx I64 [4]: 3 2 1 0", "flow_0.diag_idx I64 [4]: 0 1 2 3",
        "flow_1.diag_idx I64 [4]: 0 1 2 3", "triu_mask F32 [1, 4, 4, 1]: \(above)",
      ])
  }

  @Test(arguments: Amortization.allCases)
  func `continuous flows have their time and a counter a block`(_ amortization: Amortization) throws {
    let found = try buffers { ($0.amortization, $0.timeLength) = (amortization, 0.25) }
    if amortization == .none {
      #expect(
        found
          == (0..<2).flatMap {
            ["cnf.chain.\($0).odefunc._num_evals F32 []: 0", "cnf.chain.\($0).sqrt_end_time F32 []: 0.5"]
          })
    } else {
      #expect(
        found == [
          "integration_times F32 [2]: 0 0.25", "odefuncs.0._num_evals F32 []: 0", "odefuncs.1._num_evals F32 []: 0",
        ])
    }
  }

  @Test(arguments: [(Amortization.lowRank, 2), (.bias, 2), (.hyper, 3), (.lastLayer, 2), (.none, 2)])
  func `swish is one tensor under as many names as the published modules have`(
    _ amortization: Amortization, _ count: Int
  ) throws {
    let file = try StateDictFile(
      TinyRun.configuration {
        ($0.model.activation, $0.model.amortization, $0.model.hidden, $0.model.blocks) = (
          .swish, amortization, [8, 6], 2
        )
      })
    var state = file.state
    let block = amortization == .none ? "cnf.chain.%.odefunc" : "odefuncs.%"
    let names = (0..<2).flatMap { b in
      (0..<count).map { "\(block.replacing("%", with: "\(b)")).diffeq.activation_fns.\($0).beta" }
    }
    #expect(state.parameters.parameters.map(\.name).filter { $0.hasSuffix(".beta") } == [names[0]])
    let beta = try #require(state.parameters[names[0]])
    state.parameters[beta] = .init([1.25] as [Float], shape: [])
    try ModelExport.write(state, to: file.url)
    let tensors = try SafetensorsFile(file.url).load()
    #expect(Set(tensors.keys.filter { $0.hasSuffix(".beta") }) == Set(names))
    for name in names {
      #expect(tensors[name]?.bytes.withUnsafeBytes { $0.load(as: Float.self) } == 1.25, "\(name)")
    }
    let imported = try ModelImport(file.url)
    #expect(imported.state.parameters.bits == state.parameters.bits)
  }

  @Test func `times that differ are exported where the published model has one a block, and refused elsewhere`() throws
  {
    func file(_ amortization: Amortization) throws -> StateDictFile {
      try StateDictFile(
        TinyRun.configuration {
          ($0.model.blocks, $0.model.amortization, $0.model.timeLengths) = (2, amortization, [0.25, 1])
        })
    }
    let some = try file(.none)
    try ModelExport.write(some.state, to: some.url)
    #expect(try ModelImport(some.url).state.configuration == some.configuration)
    let other = try file(.lowRank)
    let error = runError { try ModelExport.write(other.state, to: other.url) }
    #expect(error?.description.contains("one time") == true)
  }

  @Test func `a time keeps its last bits through an export, whatever single precision makes of it`() throws {
    for amortization in [Amortization.none, .lowRank] {
      for time in [0.3, 1.0 / 3, 0.7234567891] {
        let file = try StateDictFile(
          TinyRun.configuration { ($0.model.amortization, $0.model.timeLength) = (amortization, time) })
        try ModelExport.write(file.state, to: file.url)
        #expect(try ModelImport(file.url).state.configuration.model.timeLength == time)
        let found = try ModelImport(file.url, preset: .small).state.configuration.model.timeLength
        #expect(time == 0.3 ? found == 0.3 : abs(found - time) < 1e-7)
      }
    }
  }
}
