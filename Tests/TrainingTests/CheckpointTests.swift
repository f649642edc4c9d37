import FileTestSupport
import Files
import Foundation
import NeuralNetworks
import Safetensors
import Tensors
import Testing

@testable import Runs

/// What is written is what is read, and a reader finds a whole checkpoint at every moment.
@Suite struct CheckpointTests {
  let directory = try! TemporaryDirectory()

  private func url(_ name: String = "test.safetensors.zst") -> URL { directory.url.appending(path: name) }

  @Test func `a state comes back bit for bit`() throws {
    let configuration = TinyRun.configuration {
      $0.steps = 2
      $0.limitTrain = 9
      $0.seed = .max
      $0.learningRate = 0.001 + 0.0002
    }
    let state = try TinyRun.train(configuration, in: directory.path("run")).state
    let (model, read) = try Checkpoint.read(
      RunDirectory(directory.path("run")).last, includingOptimizer: true)
    #expect(read.differences(from: state) == [])
    #expect(state.optimizer.firstMoments.contains { $0.floats().contains { $0 != 0 } })
    #expect(read.progress == state.progress)
    #expect(read.configuration == state.configuration)
    #expect(read.optimizer.learningRate == configuration.learningRate)
    #expect(model.configuration == state.configuration.model)
  }

  @Test func `what was read is written as the same bytes`() throws {
    let (_, state) = try TinyRun.state()
    let size = try Checkpoint.write(state, to: url("a"))
    try Checkpoint.write(Checkpoint.read(url("a"), includingOptimizer: true).state, to: url("b"))
    let bytes = try Data(contentsOf: url("a"))
    #expect(bytes.count == size)
    #expect(try Data(contentsOf: url("b")) == bytes)
  }

  @Test func `the model alone is read without the optimizer's tensors`() throws {
    let (_, state) = try TinyRun.state()
    try Checkpoint.write(state, to: url())
    let read = try Checkpoint.read(url(), includingOptimizer: false).state
    #expect(read.optimizer.firstMoments.isEmpty && read.optimizer.secondMoments.isEmpty)
    #expect(read.parameters.tensors.map { $0.floats() } == state.parameters.tensors.map { $0.floats() })
  }

  @Test func `of a run with averages, the model is the averages, and the parameters where they are asked for`() throws {
    let configuration = TinyRun.configuration {
      $0.steps = 3
      $0.average = 0.9
    }
    let state = try TinyRun.train(configuration, in: directory.path("run")).state
    let file = RunDirectory(directory.path("run")).last
    func numbers(_ set: ParameterSet) -> [[Float]] { set.tensors.map { $0.floats() } }
    let averages = try #require(state.average?.parameters)
    #expect(numbers(averages) != numbers(state.parameters))
    let model = try Checkpoint.read(file, includingOptimizer: false).state
    #expect(numbers(model.parameters) == numbers(averages) && model.average == nil)
    let raw = try Checkpoint.read(file, includingOptimizer: false, parameters: .raw).state
    #expect(numbers(raw.parameters) == numbers(state.parameters))
    let whole = try Checkpoint.read(file, includingOptimizer: true).state
    #expect(whole.differences(from: state) == [] && whole.average != nil)
  }

  @Test(arguments: zip(ParameterStorage.allCases, [0, 0x1p-8, 0x1p-11] as [Float]))
  func `a model alone comes back, rounded to its type, and no run goes on from it`(
    storage: ParameterStorage, error: Float
  ) throws {
    let configuration = TinyRun.configuration {
      $0.steps = 2
      $0.average = 0.9
    }
    let state = try TinyRun.train(configuration, in: directory.path("run")).state
    let size = try Checkpoint.writeModel(state, to: url(), as: storage)
    #expect(size == (try Data(contentsOf: url())).count)
    let summary = try Checkpoint.summary(of: url())
    #expect(summary.isModelAlone && summary.entries.count == summary.parameters.count)
    #expect(summary.entries.allSatisfy { $0.elementType == storage.elementType })
    let read = try Checkpoint.read(url(), includingOptimizer: false).state
    var worst: Float = 0
    for (tensor, expected) in zip(read.parameters.tensors, state.modelParameters.tensors) {
      for (a, b) in zip(tensor.floats(), expected.floats()) where abs(b) > 1e-3 {
        worst = max(worst, abs(a - b) / abs(b))
      }
    }
    #expect(worst <= error && (error == 0 || worst > error / 4))
    let refusal = runError { _ = try Checkpoint.read(url(), includingOptimizer: true) }
    #expect(
      refusal?.category == .badData && refusal?.description.contains("holds a model without the state of a run") == true
    )
  }

  @Test func `numbers of 16 bits are rounded to nearest, and float16 refuses what it cannot hold`() throws {
    let tensor = Tensor([1, 1 + 0x1p-8, 1 + 0x3p-8, -0x1p-30, .infinity] as [Float], shape: [5])
    func roundTrip(_ storage: ParameterStorage) throws -> [Float] {
      var result: [Float] = []
      try storage.stored("t", tensor, path: "f").withBytes { bytes in
        result = ParameterStorage.widened(bytes, shape: [5], storage.elementType)?.floats() ?? []
      }
      return result
    }
    // Ties go to the even neighbour.
    #expect(try roundTrip(.bfloat16) == [1, 1, 1 + 0x1p-6, -0x1p-30, .infinity])
    let error = runError { _ = try ParameterStorage.float16.stored("t", tensor, path: "f") }
    #expect(error?.description.contains("65504") == true)
  }

  @Test func `a summary says what the file holds`() throws {
    var (_, state) = try TinyRun.state()
    state.progress.step = 7
    let size = try Checkpoint.write(state, to: url())
    let summary = try Checkpoint.summary(of: url())
    #expect(summary.configuration == state.configuration)
    #expect(summary.progress == state.progress)
    #expect(summary.fileByteCount == size)
    #expect(Set(summary.parameters.map(\.name)) == Set(state.parameters.parameters.map(\.name)))
    #expect(summary.entries.count == 3 * summary.parameters.count)
  }

  @Test func `the best checkpoint is the state of the best epoch`() throws {
    // The learning rate is so high that the bound goes up and down.
    let configuration = TinyRun.configuration {
      $0.epochs = 6
      $0.learningRate = 0.03
      $0.model.flow = .none
    }
    let observer = EpochObserver()
    let last = try TinyRun.train(configuration, in: directory.path("run"), observer: observer).state
    let least = try #require(observer.validation.min())
    let best = try #require(observer.validation.firstIndex(of: least))
    #expect(best < 5, "the last epoch is the best, so that this test shows nothing: change its learning rate")
    let files = RunDirectory(directory.path("run"))
    let read = try Checkpoint.read(files.best, includingOptimizer: true).state
    #expect(read.differences(from: observer.states[best]) == [])
    #expect(read.progress == observer.states[best].progress)
    #expect(read.progress.bestEpoch == best + 1 && read.progress.bestNegativeELBO == least)
    #expect(try Checkpoint.read(files.last, includingOptimizer: true).state.differences(from: last) == [])
    for (epoch, isBest) in observer.areBest.enumerated() {
      #expect(isBest == observer.validation[..<epoch].allSatisfy { observer.validation[epoch] < $0 })
    }
  }

  @Test func `a write that fails leaves the previous checkpoint`() throws {
    var (_, state) = try TinyRun.state()
    try Checkpoint.write(state, to: url())
    let before = try Data(contentsOf: url())
    // Two tensors of one name cannot be written; the failure comes before the file is replaced.
    let name = try #require(state.parameters.parameters.first?.name)
    _ = state.parameters.add("optimizer.first_moment.\(name)", state.parameters.tensors[0])
    state.optimizer = Optimizer(for: state.parameters)
    #expect(throws: SafetensorsError.self) { try Checkpoint.write(state, to: url()) }
    #expect(try Data(contentsOf: url()) == before)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == [url().lastPathComponent])
  }

  @Test func `a checkpoint cannot be written where there is no directory`() throws {
    let (_, state) = try TinyRun.state()
    let error = #expect(throws: FileError.self) {
      try Checkpoint.write(state, to: url("none/test.safetensors.zst"))
    }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.contains("directory") == true)
  }

  @Test func `a person may name a file, or a directory for its best or last checkpoint`() throws {
    let path = directory.url.path
    for missing in [path, path + "/none", path + "/none.safetensors.zst"] {
      let error = runError { _ = try Checkpoint.file(at: missing) }
      #expect(error?.category == .missingInput)
      #expect(error?.description.contains(missing) == true)
    }
    try Data([1]).write(to: url(Checkpoint.lastName))
    #expect(try Checkpoint.file(at: path).lastPathComponent == Checkpoint.lastName)
    try Data([1]).write(to: url(Checkpoint.bestName))
    #expect(try Checkpoint.file(at: path).lastPathComponent == Checkpoint.bestName)
    #expect(try Checkpoint.file(at: url(Checkpoint.lastName).path).path == url(Checkpoint.lastName).path)
  }
}
