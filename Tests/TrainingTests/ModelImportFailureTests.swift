import Foundation
import Safetensors
import Testing
import VariationalAutoencoder

@testable import PyTorchInterchange
@testable import Runs

/// Files that hold no model, or not the one that is said: each is an error that names all that is wrong.
@Suite struct ModelImportFailureTests {
  private func expectError(
    _ file: StateDictFile, naming words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let text = try #require(
      try file.validationError(), "imported without validationError", sourceLocation: sourceLocation)
    for word in words + [file.url.path] {
      #expect(text.contains(word), "no \(word) in: \(text)", sourceLocation: sourceLocation)
    }
  }

  @Test func `every tensor that is missing, misshaped or of another model is named`() throws {
    var file = try StateDictFile()
    let missing = file.tensors.keys.filter { $0.hasPrefix("q_z_nn.") || $0.hasPrefix("p_x_nn.") }
    #expect(missing.count > 40)
    for name in missing { file.tensors[name] = nil }
    // The size of images, which is read from a tensor that is missing here.
    file.set("q_z_nn.5.h.weight", [Float](repeating: 0, count: 256 * 64 * 4), [256, 64, 2, 2])
    file.set("q_z_var.0.bias", [1, 2, 3] as [Float], [3])
    file.set("q_am.0.bias", [1] as [Float], [1, 1])
    file.set("bn.running_mean", [1, 2] as [Float], [2])
    file.set("flow.param_list.0", [1, 2] as [Float], [1, 2])
    try expectError(
      file,
      naming: missing.filter { $0 != "q_z_nn.5.h.weight" }.map { "\($0) [" } + [
        "p_x_nn.5.g.bias [32] is missing", "q_z_var.0.bias is [3], not [4]", "q_am.0.bias is [1, 1], not [60]",
        "bn.running_mean [2] is not of this model", "flow.param_list.0 [1, 2] is not of this model",
        "\(missing.count - 1 + 4) tensors do not fit the model",
      ])
  }

  @Test func `batch normalization between flows is told by its name`() throws {
    var file = try StateDictFile(TinyRun.configuration { $0.model.amortization = .none })
    for name in ["weight", "bias", "running_mean", "running_var"] {
      file.set("cnf.chain.0.\(name)", [0, 1, 2, 3] as [Float], [4])
    }
    file.set("cnf.chain.0.step", [7] as [Float], [1])
    try expectError(file, naming: ["--batch_norm", "cnf.chain.0"])
  }

  @Test func `widths that a hyper posterior does not show are named as the cause`() throws {
    let file = try StateDictFile(TinyRun.configuration { $0.model.amortization = .hyper })
    try expectError(file, naming: ["widths of the hidden layers", "512-512 do not fit"])
    // Not where a person named them.
    let error = runError { _ = try file.imported { $0.hidden = [9] } }
    #expect(error?.description.contains("widths of the hidden") == false)
  }

  @Test func `a swish whose betas differ is no swish of the published model`() throws {
    var file = try StateDictFile(
      TinyRun.configuration { ($0.model.activation, $0.model.hidden, $0.model.blocks) = (.swish, [8, 6], 2) })
    for (place, beta) in zip([(0, 0), (0, 1), (1, 0), (1, 1)], [1.5, 1.5, 1.5, 0.5] as [Float]) {
      file.set("odefuncs.\(place.0).diffeq.activation_fns.\(place.1).beta", [beta], [])
    }
    try expectError(
      file,
      naming: ["odefuncs.1.diffeq.activation_fns.1.beta is [0.5]", "one tensor", "1 tensor do"])
  }

  @Test func `options that do not fit the tensors are told with both shapes`() throws {
    let file = try StateDictFile()
    let error = runError { _ = try file.imported { $0.hidden = [5] } }
    #expect(error?.category == .badData)
    #expect(error?.description.contains("odefuncs.0.diffeq.layers.0._layer.weight is [8, 5], not [5, 5]") == true)
  }

  @Test func `an option that makes no sense is a usage error`() throws {
    let file = try StateDictFile()
    #expect(runError { _ = try file.imported { $0.rank = 0 } }?.category == .usage)
    #expect(runError { _ = try file.imported { $0.latent = -1 } }?.category == .usage)
  }

  @Test func `numbers that are not finite are refused, with tensor and place`() throws {
    var file = try StateDictFile()
    file.set("q_z_mean.bias", [0, 1, .nan, .nan] as [Float], [4])
    file.set("odefuncs.0.diffeq.layers.1._layer.bias", [0, 1, 2, .infinity] as [Double], [4])
    var weight = [Float](repeating: 0, count: 4 * 256)
    weight[256 * 3 + 17] = -.infinity
    file.set("q_z_var.0.weight", weight, [4, 256])
    // Beyond single precision.
    file.set("q_z_var.0.bias", [0, 1e300, 2, 3] as [Double], [4])
    try expectError(
      file,
      naming: [
        "4 tensors cannot be used", "q_z_mean.bias [4] is nan at [2]",
        "odefuncs.0.diffeq.layers.1._layer.bias [4] is inf at [3]",
        "q_z_var.0.weight [4, 256] is -inf at [3, 17]", "q_z_var.0.bias [4] is inf at [1]",
      ])
  }

  @Test func `types that are no parameter's are told, and what is needed`() throws {
    var file = try StateDictFile()
    file.set("q_z_mean.bias", [0, 1, 2, 3] as [Int64], [4])
    file.set("q_z_var.0.bias", [0, 1, 2, 3] as [Int8], [4])
    file.set("bn.step", [0] as [Int32], [])
    try expectError(
      file,
      naming: [
        "3 tensors cannot be used", "q_z_mean.bias [4] is of type I64", "F32, F64, F16 or BF16",
        "bn.step [] is of type I32", "q_z_var.0.bias is of type I8, and there is no scale.q_z_var.0.bias",
      ])
  }

  @Test func `tensors without elements are refused, however large they claim to be`() throws {
    var file = try StateDictFile()
    file.set("q_z_nn.5.h.weight", [] as [Float], [256, 0, 1 << 62, 1])
    file.set("q_z_mean.bias", [] as [Float], [0])
    try expectError(file, naming: ["q_z_nn.5.h.weight [256, 0,", "q_z_mean.bias [0] has no elements"])
  }

  @Test func `tensors of a model that cannot be are bad data`() throws {
    var file = try StateDictFile()
    file.set("q_z_nn.5.h.weight", [Float](repeating: 0, count: 200), [1, 1, 200, 1])
    try expectError(file, naming: ["of no model that can be", "image height must be 4…512, got 800"])
  }

  @Test func `a file of other tensors is told what a model has`() throws {
    var file = try StateDictFile()
    file.tensors = [:]
    file.set("weight", [1, 2] as [Float], [2])
    try expectError(file, naming: ["weight [2] is not of this model", "q_z_mean.weight [64, 256] is missing"])
    file.tensors = [:]
    try expectError(file, naming: ["q_z_mean.weight [64, 256] is missing"])
  }

  @Test func `a checkpoint needs no import`() throws {
    let file = try StateDictFile()
    try Checkpoint.write(file.state, to: file.url)
    let error = runError { _ = try ModelImport(file.url) }
    #expect(error?.description.contains("checkpoint already") == true && error?.category == .badData)
  }

  @Test func `metadata that cannot be read are bad data`() throws {
    var file = try StateDictFile()
    for text in ["", "{", "[1]", "{\"model\": {\"flow\": \"nonesuch\"}}"] {
      file.metadata = [ModelExport.configurationKey: text]
      try expectError(file, naming: ["the configuration in its metadata cannot be read"])
    }
  }

  @Test func `a damaged file is an error of the format`() throws {
    let file = try StateDictFile()
    try file.write()
    let whole = try Data(contentsOf: file.url)
    for data in [
      whole.prefix(whole.count / 2), whole.prefix(whole.count - 1), whole + [0], Data("a,b\n1,2\n".utf8), Data(),
    ] {
      try data.write(to: file.url)
      #expect { try ModelImport(file.url) } throws: { ($0 as? SafetensorsError)?.category == .badData }
    }
  }
}
