import Foundation
import NormalizingFlows
import Tensors
import Testing
import VariationalAutoencoder

@testable import PyTorchInterchange
@testable import Runs

/// Every kind of model there is a name for.
private let kinds: [ModelConfiguration] = {
  func model(_ change: (inout ModelConfiguration) -> Void) -> ModelConfiguration {
    var model = TinyRun.configuration().model
    model.hidden = [8, 6]
    model.blocks = 2
    model.flows = 3
    model.maskedWidth = 8
    model.orthogonalVectors = 3
    model.reflections = 2
    change(&model)
    return model
  }
  let posteriors = PosteriorKind.allCases.map { kind in model { $0.flow = kind } }
  let amortizations = Amortization.allCases.map { kind in model { $0.amortization = kind } }
  let layers = TimeDependence.allCases.flatMap { time in
    [Amortization.none, .lowRank].map { kind in
      model { ($0.timeDependence, $0.amortization, $0.activation) = (time, kind, .swish) }
    }
  }
  let others = [
    model { $0.likelihood = .categorical }, model { ($0.imageHeight, $0.imageWidth) = (8, 12) },
    model { ($0.hidden, $0.latent) = ([16], 7) },
  ]
  return posteriors + amortizations + layers + others
}()

/// What is exported, or written by the published code, is imported: the same model with the same numbers.
@Suite struct ModelImportTests {
  @Test(arguments: kinds)
  func `a model that is exported and imported is the same bit for bit`(_ model: ModelConfiguration) throws {
    let file = try StateDictFile(TinyRun.configuration { $0.model = model })
    try ModelExport.write(file.state, to: file.url)
    let imported = try ModelImport(file.url)
    #expect(imported.isDescribed && imported.notes.isEmpty)
    #expect(Set(imported.stateDict.ignored) == Set(model.posterior.buffers(model).map(\.name)))
    #expect(imported.state.configuration == file.configuration)
    #expect(imported.state.parameters.bits == file.parameters.bits)

    let checkpoint = file.directory.url.appending(path: "model.safetensors.zst")
    try Checkpoint.write(imported.state, to: checkpoint)
    let (_, read) = try Checkpoint.read(checkpoint, includingOptimizer: true)
    #expect(read.parameters.bits == file.parameters.bits)
    #expect(read.progress.step == 0 && read.optimizer.step == 0)
    #expect(read.optimizer.firstMoments.allSatisfy { $0.floats().allSatisfy { $0 == 0 } })
  }

  @Test(arguments: kinds)
  func `names and shapes tell how a model is built`(_ model: ModelConfiguration) throws {
    let file = try StateDictFile(TinyRun.configuration { $0.model = model })
    // The one posterior without shared layers does not show their widths.
    let isHidden = model.flow == .ffjord && model.amortization == .hyper
    let imported = try file.imported { if isHidden { $0.hidden = model.hidden } }
    #expect(!imported.isDescribed)
    #expect(imported.state.parameters.bits == file.parameters.bits)
    let found = imported.state.configuration.model
    #expect(found.flow == model.flow && found.likelihood == model.likelihood && found.latent == model.latent)
    #expect(found.imageHeight == model.imageHeight && found.imageWidth == model.imageWidth)
    #expect(found.posteriorSummary == model.posteriorSummary)
    if model.flow == .ffjord {
      #expect(found.amortization == model.amortization && found.timeDependence == model.timeDependence)
      #expect(found.activation == model.activation)
      #expect(imported.notes.contains { $0.options == ["activation"] } == (model.activation != .swish))
      #expect(imported.notes.contains { $0.text.contains("after the last layer") } == isHidden)
    }
  }

  @Test func `what shapes leave open comes from the dataset's preset, and options have the last word`() throws {
    let file = try StateDictFile()
    #expect(try file.imported().state.configuration.dataset == "glyphs")
    let imported = try file.imported(preset: .small, dataset: "caltech101")
    #expect(imported.state.configuration.dataset == "caltech101")
    #expect(imported.state.configuration.tolerance == 1e-4)
    #expect(try file.imported(dataset: "caltech101").state.configuration.model.activation == .tanh)
    let changed = try file.imported(dataset: "caltech101") { $0.activation = .elu }
    #expect(changed.state.configuration.model.activation == .elu)
    let grey = try StateDictFile(TinyRun.configuration { $0.model.likelihood = .categorical })
    #expect(try grey.imported().state.configuration.dataset == "freyfaces")
  }

  @Test func `a preset has precedence over the metadata`() throws {
    let file = try StateDictFile()
    try ModelExport.write(file.state, to: file.url)
    #expect(try ModelImport(file.url).state.configuration.tolerance == 1e-3)
    let imported = try ModelImport(file.url, preset: .paper)
    #expect(!imported.isDescribed && imported.state.configuration.tolerance == 1e-5)
  }

  @Test func `reflections as many as latent numbers are told from vectors by an option`() throws {
    let file = try StateDictFile(
      TinyRun.configuration {
        ($0.model.flow, $0.model.flows, $0.model.reflections) = (.sylvesterHouseholder, 3, 4)
      })
    let imported = try file.imported()
    #expect(imported.state.configuration.model.flow == .sylvesterOrthogonal)
    #expect(imported.notes.contains { $0.text.contains("sylvester-householder") && $0.options == ["flow"] })
    let told = try file.imported { $0.flow = .sylvesterHouseholder }
    #expect(told.state.configuration.model.posteriorSummary == file.configuration.model.posteriorSummary)
  }

  @Test func `buffers and reference values are passed over, and the length of time is read`() throws {
    var file = try StateDictFile()
    let others = [
      "_eye", "triu_mask", "diag_idx", "flip_idx", "flow_0.triu_mask", "flow_0.diag_idx", "flow.flip_idx",
      "odefuncs.0._num_evals", "input.images", "float64.elbo", "float32.step_sizes.0",
      "gradient.q_z_mean.weight", "gradient_sample.q_am.0.weight", "gradient_norm.q_am.0.weight",
    ]
    for name in others { file.set(name, [1, .nan] as [Float], [2]) }
    file.set("diag_idx", [0, 1] as [Int64], [2])
    file.set("integration_times", [0, 0.25] as [Float], [2])
    let imported = try file.imported()
    #expect(Set(imported.stateDict.ignored) == Set(others + ["integration_times"]))
    #expect(imported.state.configuration.model.timeLength == 0.25)
    #expect(!imported.notes.contains { $0.options == ["timeLength"] })
    #expect(imported.state.parameters.bits == file.parameters.bits)
  }

  @Test func `a flow that is wrapped for regularization is found, with its end time`() throws {
    let model = TinyRun.configuration { $0.model.amortization = .none }
    var file = try StateDictFile(model)
    for (name, tensor) in file.tensors where name.hasPrefix("cnf.chain.0.odefunc.") {
      file.tensors[name] = nil
      let wrapped = name.replacingOccurrences(of: "odefunc.", with: "odefunc.odefunc.")
      file.tensors[wrapped] = .init(
        name: wrapped, elementType: .float32, shape: tensor.shape, withBytes: tensor.withBytes)
    }
    file.set("cnf.chain.0.odefunc.odefunc._num_evals", [12] as [Float], [])
    file.set("cnf.chain.0.sqrt_end_time", [0.5] as [Float], [])
    let imported = try file.imported()
    #expect(imported.state.configuration.model.timeLength == 0.25)
    #expect(imported.state.parameters.bits == file.parameters.bits)
  }

  @Test func `a parameter under both of its names is refused`() throws {
    var file = try StateDictFile(TinyRun.configuration { $0.model.amortization = .none })
    let name = try #require(file.tensors.keys.first { $0.hasPrefix("cnf.chain.0.odefunc.") && $0.hasSuffix(".bias") })
    let wrapped = name.replacingOccurrences(of: "odefunc.", with: "odefunc.odefunc.")
    let shape = try #require(file.tensors[name]).shape
    file.set(wrapped, [Float](repeating: 7, count: shape.reduce(1, *)), shape)
    let error = #expect(throws: RunError.self) { _ = try file.imported() }
    #expect(error?.category == .badData && error?.description.contains("is there twice") == true)
  }

  @Test func `blocks that were trained for different times keep each its own`() throws {
    var file = try StateDictFile(TinyRun.configuration { ($0.model.amortization, $0.model.blocks) = (.none, 3) })
    for (block, root) in zip(0..., [0.5, Float(0.3).squareRoot(), 1.25]) {
      file.set("cnf.chain.\(block).sqrt_end_time", [root], [])
    }
    let imported = try file.imported()
    #expect(imported.state.configuration.model.timeLengths == [0.25, 0.3, 1.5625])
    #expect(imported.notes.contains { $0.text.contains("different times") })
    #expect(imported.model.configuration.timeLength(ofBlock: 2) == 1.5625)
    // An option is for all.
    let told = try file.imported { ($0.timeLength, $0.timeLengths) = (0.5, nil) }
    #expect(told.state.configuration.model.timeLengths == nil)
    for block in 0..<3 { file.set("cnf.chain.\(block).sqrt_end_time", [0.5] as [Float], []) }
    let same = try file.imported().state.configuration.model
    #expect(same.timeLength == 0.25 && same.timeLengths == nil)
  }

  @Test func `what no tensor shows of a continuous flow is told`() throws {
    let notes = try StateDictFile().imported().notes
    #expect(notes.contains { $0.text.contains("residual") } && notes.contains { $0.options == ["activation"] })
  }

  @Test func `a hyper posterior with swish is read`() throws {
    let file = try StateDictFile(
      TinyRun.configuration {
        ($0.model.amortization, $0.model.activation, $0.model.hidden) = (.hyper, .swish, [8, 6])
      })
    try ModelExport.write(file.state, to: file.url)
    let imported = try ModelImport(file.url, preset: .small) { $0.hidden = [8, 6] }
    #expect(imported.state.configuration.model.activation == .swish)
    #expect(imported.state.configuration.model.amortization == .hyper)
    #expect(imported.state.parameters.bits == file.parameters.bits)
  }

  @Test func `numbers of other widths become single precision`() throws {
    var file = try StateDictFile()
    let values: [Float] = [1, -2.5, 0.15625, 384]
    file.set("q_z_mean.bias", values.map(Double.init), [4])
    file.set("q_z_var.0.bias", .bfloat16, values.map { UInt16($0.bitPattern >> 16) })
    file.set("odefuncs.0.diffeq.layers.1._layer.bias", .float16, values.map { Float16($0).bitPattern })
    file.set("p_x_mean.0.bias", [-3] as [Int8], [1])
    file.set("scale.p_x_mean.0.bias", [0.25] as [Float], [1])
    let imported = try file.imported()
    let parameters = imported.state.parameters
    for name in ["q_z_mean.bias", "q_z_var.0.bias", "odefuncs.0.diffeq.layers.1._layer.bias"] {
      #expect(parameters[try #require(parameters[name])].floats() == values, "\(name)")
    }
    #expect(parameters[try #require(parameters["p_x_mean.0.bias"])].floats() == [-0.75])
    #expect(imported.stateDict.converted.count == 4)
    #expect(imported.stateDict.ignored == ["scale.p_x_mean.0.bias"])
  }

  @Test func `a tensor that modules share is found under each name`() throws {
    var file = try StateDictFile(TinyRun.configuration { ($0.model.activation, $0.model.hidden) = (.swish, [8, 8]) })
    let (kept, dropped) = ("odefuncs.0.diffeq.activation_fns.0.beta", "odefuncs.0.diffeq.activation_fns.1.beta")
    file.set(kept, [1.5] as [Float], [])
    file.tensors[dropped] = nil
    file.metadata = [dropped: kept]
    let parameters = try file.imported().state.parameters
    for name in [kept, dropped] { #expect(parameters[try #require(parameters[name])].floats() == [1.5]) }
  }
}
