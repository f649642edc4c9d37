import FileTestSupport
import Files
import Foundation
import Safetensors
import Tensors
import Testing
import VariationalAutoencoder

@testable import PyTorchInterchange
@testable import Runs

/// What a checkpoint or a state dict says or holds takes no more memory than its model needs, and no number that is not
/// finite goes in or out.
@Suite struct CheckpointBoundsTests {
  let directory = try! TemporaryDirectory()

  private var url: URL { directory.url.appending(path: "test.safetensors.zst") }

  /// A checkpoint with other metadata and tensors than its state's.
  private func write(
    _ state: TrainingState, metadata change: (inout [String: String]) -> Void = { _ in },
    tensors changeTensors: (inout [String: SafetensorsTensor]) -> Void = { _ in }
  ) throws {
    let whole = directory.url.appending(path: "whole")
    try Checkpoint.write(state, to: whole)
    let file = try SafetensorsFile(whole)
    var metadata = file.metadata
    change(&metadata)
    var tensors: [String: SafetensorsTensor] = try file.load().mapValues { tensor in
      SafetensorsTensor(
        name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape
      ) { try tensor.bytes.withUnsafeBytes($0) }
    }
    changeTensors(&tensors)
    try SafetensorsWriter.write(to: url, tensors: Array(tensors.values), metadata: metadata)
  }

  /// A tensor of zeros, handed out in pieces.
  private func zeros(_ name: String, count: Int) -> SafetensorsTensor {
    SafetensorsTensor(name: name, elementType: .float32, shape: [count]) { body in
      let piece = [UInt8](repeating: 0, count: 1 << 22)
      for start in stride(from: 0, to: 4 * count, by: piece.count) {
        try piece.prefix(min(piece.count, 4 * count - start)).withUnsafeBytes(body)
      }
    }
  }

  private func badData(includingOptimizer: Bool = true, memoryLimit: MemoryLimit = .standard) throws -> String {
    do {
      _ = try Checkpoint.read(url, includingOptimizer: includingOptimizer, memoryLimit: memoryLimit)
      return ""
    } catch let error as RunError {
      #expect(error.category == .badData, "\(error)")
      return error.description
    } catch let error as SafetensorsError {
      #expect(error.category == .badData, "\(error)")
      return error.description
    }
  }

  /// The masks of this model take thousands of terabytes; so would its parameters, of which the file has none.
  @Test func `a checkpoint that names a model of absurd width takes no memory for it`() throws {
    let (_, state) = try TinyRun.state(TinyRun.configuration { $0.model.flow = .none })
    var wide = state.configuration
    (wide.model.flow, wide.model.latent, wide.model.maskedWidth, wide.model.flows) = (.iaf, 4096, 65536, 1000)
    try write(state, metadata: { $0["configuration"] = try! wide.json() })
    let text = try badData()
    #expect(text.contains("q_z_mean.weight is [4, 256], not [4096, 256]"), "\(text)")
    #expect(text.contains(url.path))
  }

  // Peaks of memory are those of a process, hence of one that does nothing else; earlier compilers have no such tests.
  #if compiler(>=6.2)
    @Test func `tensors that are not the model's are passed over without being kept`() async {
      await #expect(processExitsWith: .success) {
        let tests = CheckpointBoundsTests()
        let (_, state) = try TinyRun.state()
        let count = 200_000_000
        try tests.write(
          state,
          tensors: { tensors in
            for name in ["unknown", "optimizer.first_moment.unknown"] {
              tensors[name] = tests.zeros(name, count: count)
            }
            // The optimizer's own are as little read where the model alone is.
            tensors["optimizer.first_moment.q_z_mean.bias"] = tests.zeros(
              "optimizer.first_moment.q_z_mean.bias", count: count)
          })
        let before = peakMemory()
        let read = try Checkpoint.read(tests.url, includingOptimizer: false).state
        #expect(read.parameters.bits == state.parameters.bits)
        #expect(peakMemory() - before < count)
        #expect(try tests.badData().contains("optimizer.first_moment.q_z_mean.bias is [\(count)], not [4]"))
      }
    }
  #endif

  @Test func `a model that its tensors fill is refused beyond the limit, and read with a higher one`() throws {
    var (_, state) = try TinyRun.state()
    // Zeros compress so well that the file is a small part of the model.
    for (i, tensor) in state.parameters.tensors.enumerated() {
      state.parameters.tensors[i] = Tensor(zeros: tensor.shape)
    }
    try Checkpoint.write(state, to: url)
    let bytes = 4 * state.parameters.count
    let size = try Checkpoint.summary(of: url).fileByteCount
    #expect(MemoryLimit.multiple * size < bytes)
    let text = try badData(includingOptimizer: false, memoryLimit: MemoryLimit(floor: bytes - 1))
    #expect(text.contains(MemoryLimit.words(bytes)) && text.contains("raise the limit"), "\(text)")
    #expect(try badData(includingOptimizer: false, memoryLimit: MemoryLimit(floor: bytes)) == "")
    #expect(try badData(includingOptimizer: true, memoryLimit: MemoryLimit(floor: bytes)) != "")
    #expect(try badData(includingOptimizer: true, memoryLimit: MemoryLimit(floor: 3 * bytes)) == "")
  }

  @Test func `metadata too long to be a run's are not parsed`() throws {
    let (_, state) = try TinyRun.state()
    for key in ["configuration", "progress"] {
      try write(state, metadata: { $0[key] = (String(repeating: "[", count: 2_000_000)) })
      let text = try badData()
      #expect(text.contains("the \(key) in its metadata takes 2000000 bytes, and 1048576 are the limit"), "\(text)")
    }
    var file = try StateDictFile()
    file.metadata = [ModelExport.configurationKey: String(repeating: "[", count: 2_000_000)]
    #expect(try file.validationError()?.contains("2000000 bytes") == true)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a number that is not finite is refused on reading, with tensor and place`(number: Float) throws {
    let (_, state) = try TinyRun.state()
    for prefix in ["", "optimizer.first_moment.", "optimizer.infinity_norm."] {
      let name = prefix + "q_z_mean.bias"
      try write(
        state,
        tensors: {
          $0[name] = SafetensorsTensor(name: name, values: [0, 1, number, number])
        })
      let text = try badData()
      #expect(text.contains("\(name) [4] is \(number) at [2]") && text.contains(url.path), "\(text)")
      // What is not used is not judged.
      #expect(try badData(includingOptimizer: false).isEmpty == !prefix.isEmpty)
    }
  }

  @Test func `a number that is not finite is not saved, and what was saved stays`() throws {
    let (_, whole) = try TinyRun.state()
    try Checkpoint.write(whole, to: url)
    let saved = try Data(contentsOf: url)
    let changes: [(String, (inout TrainingState) -> Void)] = [
      ("q_z_mean.bias", { $0.parameters.tensors[$0.place("q_z_mean.bias")] = Self.flawed }),
      ("optimizer.first_moment.q_z_mean.bias", { $0.optimizer.firstMoments[$0.place("q_z_mean.bias")] = Self.flawed }),
      (
        "optimizer.infinity_norm.q_z_mean.bias", { $0.optimizer.secondMoments[$0.place("q_z_mean.bias")] = Self.flawed }
      ),
    ]
    for (name, change) in changes {
      var state = whole
      state.progress.step = 12
      change(&state)
      let error = runError { try Checkpoint.write(state, to: url) }
      #expect(error?.category == .numerical)
      for words in ["step 12", "\(name) [4] is nan at [1]"] {
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
      }
      #expect(try Data(contentsOf: url) == saved)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == [url.lastPathComponent])
  }

  private static let flawed = Tensor([0, .nan, 2, .infinity] as [Float], shape: [4])

  #if compiler(>=6.2)
    @Test func `buffers and references of a state dict take no memory`() async {
      await #expect(processExitsWith: .success) {
        let tests = CheckpointBoundsTests()
        var file = try StateDictFile()
        let names = ["input.images", "gradient.q_z_mean.weight", "flow_k.triu_mask", "q_am.integration_times"]
        for name in names { file.tensors[name] = tests.zeros(name, count: 150_000_000) }
        // In a frame, that the file is not as large as what it holds.
        try SafetensorsWriter.write(to: file.url, tensors: Array(file.tensors.values))
        let before = peakMemory()
        let imported = try ModelImport(file.url)
        #expect(imported.state.parameters.bits == file.parameters.bits)
        #expect(Set(imported.stateDict.ignored) == Set(names))
        #expect(peakMemory() - before < 300_000_000)
      }
    }

    @Test func `a state dict beyond the limit is refused as it would be kept`() async {
      await #expect(processExitsWith: .success) {
        var file = try StateDictFile()
        file.tensors["much"] = SafetensorsTensor(name: "much", elementType: .int8, shape: [500_000_000]) { body in
          let piece = [UInt8](repeating: 0, count: 1 << 20)
          var rest = 500_000_000
          while rest > 0 {
            try piece.prefix(rest).withUnsafeBytes(body)
            rest -= min(rest, piece.count)
          }
        }
        try SafetensorsWriter.write(to: file.url, tensors: Array(file.tensors.values))
        let before = peakMemory()
        let error = #expect(throws: SafetensorsError.self) { try ModelImport(file.url) }
        #expect(error?.category == .badData)
        #expect(error?.description.contains("2.0 GB") == true && error?.description.contains("1.0 GB") == true)
        #expect(peakMemory() - before < 300_000_000)
      }
    }
  #endif
}

extension TrainingState {
  fileprivate func place(_ name: String) -> Int { parameters.parameters.firstIndex { $0.name == name } ?? -1 }
}
