import FileTestSupport
import Foundation
import Randomness
import Safetensors
import Tensors
import Testing

@testable import Runs

/// Files that are no checkpoints, or not whole ones: each is a typed error that says so, none a crash.
@Suite struct CheckpointDamageTests {
  let directory = try! TemporaryDirectory()

  /// The bytes of a checkpoint after a step; made once.
  private static let whole: Data = {
    let directory = try! TemporaryDirectory()
    try! TinyRun.train(TinyRun.configuration { $0.steps = 1 }, in: directory.path("run"))
    return try! Data(contentsOf: RunDirectory(directory.path("run")).last)
  }()

  private var url: URL { directory.url.appending(path: "test.safetensors.zst") }

  /// What reading a file that holds `data` throws, in words, and whether it is of the kind for bad data.
  private func failure(_ data: Data) throws -> (text: String, isBadData: Bool)? {
    try data.write(to: url)
    do {
      _ = try Checkpoint.read(url, includingOptimizer: true)
      return nil
    } catch let error as RunError {
      return (error.description, error.category == .badData)
    } catch let error as SafetensorsError {
      return (error.description, error.category == .badData)
    }
  }

  private func expectBadData(
    _ data: Data, naming words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let failure = try #require(try failure(data), "read without validationError", sourceLocation: sourceLocation)
    #expect(failure.isBadData, "\(failure.text)", sourceLocation: sourceLocation)
    for word in words + [url.lastPathComponent] {
      #expect(failure.text.contains(word), "\(failure.text)", sourceLocation: sourceLocation)
    }
  }

  /// The checkpoint with other metadata or tensors.
  private func rewritten(
    metadata change: (inout [String: String]) -> Void = { _ in },
    tensors changeTensors: (inout [SafetensorsTensor]) -> Void = { _ in }
  ) throws -> Data {
    try Self.whole.write(to: url)
    let file = try SafetensorsFile(url)
    var tensors: [SafetensorsTensor] = try file.load().values.map { tensor in
      SafetensorsTensor(
        name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape
      ) { try tensor.bytes.withUnsafeBytes($0) }
    }
    var metadata = file.metadata
    change(&metadata)
    changeTensors(&tensors)
    let other = directory.url.appending(path: "rewritten")
    try SafetensorsWriter.write(to: other, tensors: tensors, metadata: metadata)
    return try Data(contentsOf: other)
  }

  @Test func `the checkpoint that is damaged below is whole`() throws {
    #expect(try failure(Self.whole) == nil)
    #expect(try failure(rewritten()) == nil)
  }

  @Test func `a file cut short is an error`() throws {
    let count = Self.whole.count
    for length in [0, 1, 3, 4, 8, 9, 17, 100, 1000, count / 2, count - 5, count - 1] {
      try expectBadData(Self.whole.prefix(length))
    }
    try expectBadData(Self.whole + [0])
  }

  @Test func `a flipped byte anywhere is an error`() throws {
    let stream = RandomStream(seed: 1, purpose: .test)
    let places = stream.uniforms(0..<48).map { Int(Double($0) * Double(Self.whole.count)) } + Array(0..<12)
    for place in places {
      var damaged = Self.whole
      damaged[place] ^= 0xFF
      try expectBadData(damaged)
    }
  }

  @Test func `a header of absurd size is an error before memory is taken for it`() throws {
    for length: UInt64 in [.max, 1 << 62, 1 << 40, 100_000_001, 99_999_999] {
      try expectBadData(withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8))
    }
  }

  @Test func `a text file is an error`() throws {
    try expectBadData(Data("These are my notes on training.\n".utf8), naming: "safetensors")
  }

  @Test func `a safetensors file of another origin is told from a checkpoint`() throws {
    try expectBadData(rewritten(metadata: { $0["kind"] = nil }), naming: "another origin")
    try expectBadData(rewritten(metadata: { $0["kind"] = "optimizer" }), naming: "another origin")
    try expectBadData(rewritten(metadata: { $0 = [:] }), naming: "another origin")
  }

  @Test func `another version is named`() throws {
    try expectBadData(rewritten(metadata: { $0["version"] = "2" }), naming: "version 2", "version 1")
    try expectBadData(rewritten(metadata: { $0["version"] = nil }), naming: "version")
  }

  @Test func `broken JSON in the metadata is named`() throws {
    for key in ["configuration", "progress"] {
      try expectBadData(rewritten(metadata: { $0[key] = nil }), naming: key)
      try expectBadData(rewritten(metadata: { $0[key] = "" }), naming: key)
      try expectBadData(rewritten(metadata: { $0[key] = "{}" }), naming: key)
      try expectBadData(rewritten(metadata: { $0[key]?.removeLast() }), naming: key)
    }
    for value in ["", "one", "-1", "1.5", "99999999999999999999999"] {
      try expectBadData(rewritten(metadata: { $0["optimizer_step"] = value }), naming: "progress")
    }
  }

  /// The checkpoint with a number in its metadata replaced.
  private func replacing(_ key: String, _ old: String, by new: String) throws -> Data {
    try rewritten(metadata: { metadata in
      let text = metadata[key] ?? ""
      metadata[key] = text.replacingOccurrences(of: old, with: new)
      #expect(metadata[key] != text, "\(key) has no \(old)")
    })
  }

  @Test(arguments: [
    ("\"hidden\":[8]", "\"hidden\":[60000,60000]"), ("\"hidden\":[8]", "\"hidden\":[0]"),
    ("\"hidden\":[8]", "\"hidden\":[]"), ("\"hidden\":[8]", "\"hidden\":[9223372036854775807]"),
    ("\"latent\":4", "\"latent\":-4"), ("\"latent\":4", "\"latent\":4096"),
    ("\"blocks\":1", "\"blocks\":1000"), ("\"blocks\":1", "\"blocks\":2000000000"),
    ("\"rank\":2", "\"rank\":256"), ("\"imageWidth\":8", "\"imageWidth\":512"),
    ("\"imageWidth\":8", "\"imageWidth\":9"), ("\"batchSize\":4", "\"batchSize\":0"),
    ("\"solver\":\"dopri5\"", "\"solver\":\"dopri6\""), ("\"tolerance\":0.001", "\"tolerance\":-1"),
    ("\"learningRate\":0.002", "\"learningRate\":0"),
  ])
  func `absurd sizes are errors, not allocations`(old: String, new: String) throws {
    try expectBadData(replacing("configuration", old, by: new))
  }

  @Test func `a network of absurd depth is an error`() throws {
    let widths = [String](repeating: "8", count: 100_000).joined(separator: ",")
    try expectBadData(replacing("configuration", "\"hidden\":[8]", by: "\"hidden\":[\(widths)]"))
  }

  @Test(arguments: [
    ("\"step\":1", "\"step\":-1"), ("\"step\":1", "\"step\":9223372036854775807"),
    ("\"epoch\":0", "\"epoch\":-1"), ("\"epoch\":0", "\"epoch\":9223372036854775807"),
    ("\"images\":4", "\"images\":9223372036854775807"), ("\"images\":4", "\"images\":-1"),
    ("\"totalSeconds\":", "\"totalSeconds\":-1e300,\"was\":"),
  ])
  func `absurd progress is an error`(old: String, new: String) throws {
    try expectBadData(replacing("progress", old, by: new), naming: "progress")
  }

  @Test func `tensors that are missing or misshaped are named`() throws {
    for name in ["q_z_mean.weight", "odefuncs.0.diffeq.layers.1._layer.bias", "p_x_mean.0.bias"] {
      for prefix in ["", "optimizer.first_moment.", "optimizer.infinity_norm."] {
        try expectBadData(
          rewritten(tensors: { $0.removeAll { $0.name == prefix + name } }), naming: prefix + name, "missing")
        let misshaped = try rewritten(tensors: { tensors in
          tensors.removeAll { $0.name == prefix + name }
          tensors.append(
            SafetensorsTensor(name: prefix + name, shape: [3, 1], values: [1, 2, 3] as [Float]))
        })
        try expectBadData(misshaped, naming: prefix + name, "[3, 1]")
      }
    }
  }

  @Test func `a tensor of another type is named`() throws {
    let data = try rewritten(tensors: { tensors in
      tensors.removeAll { $0.name == "q_z_mean.bias" }
      tensors.append(SafetensorsTensor(name: "q_z_mean.bias", values: [1, 2, 3, 4] as [Double]))
    })
    try expectBadData(data, naming: "q_z_mean.bias", "F64", "F32")
  }

  @Test func `many missing tensors are counted, not all listed`() throws {
    let data = try rewritten(tensors: { $0.removeAll { $0.name.hasPrefix("q_z_nn.") } })
    try expectBadData(data, naming: "q_z_nn.0.h.weight", "and 12 more")
    let text = try #require(try failure(data)?.text)
    #expect(text.count < 2000)
  }

  @Test func `a missing file and a directory are told apart`() throws {
    for (path, category) in [
      (directory.url.appending(path: "none"), SafetensorsError.Category.missingInput),
      (directory.url, .inputOutput),
    ] {
      let error = #expect(throws: SafetensorsError.self) {
        try Checkpoint.read(path, includingOptimizer: true)
      }
      #expect(error?.category == category)
    }
  }
}
