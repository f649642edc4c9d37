import FileTestSupport
import Foundation
import Runs
import Safetensors
import Testing
import VariationalAutoencoder

/// Models and files too large for memory, and numbers that are no longer finite, as a person meets them.
@Suite(.serialized) struct ResourceTests {
  let directory = try! TemporaryDirectory()

  /// Runs the program with a limit on its address space, in kB.
  private func run(_ arguments: [String], limitedTo kilobytes: Int) throws -> Program.Outcome {
    try run(arguments, underLimit: "-v \(kilobytes)")
  }

  private func run(_ arguments: [String], underLimit limit: String) throws -> Program.Outcome {
    let program = try Program.url.get().path
    let shell = directory.file("limited.sh")
    try Data("ulimit \(limit) && exec '\(program)' \"$@\"\n".utf8).write(to: shell)
    return try Program.start(arguments, through: ["/bin/sh", shell.path], in: directory.url).wait()
  }

  @Test func `a run that cannot fit in memory is refused with both numbers, and the old run stays`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1"), in: directory.url)
    let before = try directory.names("run")
    let saved = try Data(contentsOf: directory.file("run/last.safetensors.zst"))
    let widths = [String](repeating: "65536", count: 50).joined(separator: "-")
    let outcome = try Program.fail(
      70, TinyRun.train("run", "--overwrite", "--hidden", widths, "--blocks", "1000"),
      naming: ["needs at least", "parameters", "moments", "of memory are free"], in: directory.url)
    #expect(outcome.standardError.components(separatedBy: " GB").count > 3)
    #expect(try directory.names("run") == before)
    #expect(try Data(contentsOf: directory.file("run/last.safetensors.zst")) == saved)
    try Program.fail(
      70, ["benchmark", "--hidden", widths, "--blocks", "1000", "--steps", "1"], naming: ["needs at least"],
      in: directory.url)
    // All 12000 images at once need 4.8 GB.
    let arguments = ["evaluate", "run/last.safetensors.zst", "--batch-size", "100000", "--split", "train"]
    let evaluated = try self.run(arguments, limitedTo: 3_500_000)
    #expect(evaluated.status == 70, "\(evaluated.standardError)")
    #expect(evaluated.standardError.contains("activations of 12000 images"), "\(evaluated.standardError)")
  }

  @Test func `what a limit on the address space leaves is what there is`() throws {
    // 65536 by 4096 weights and more, in an address space of 3 GB.
    let arguments = TinyRun.train("run", "--hidden", "65536", "--latent", "4096")
    let outcome = try run(arguments, limitedTo: 3_000_000)
    #expect(outcome.status == 70 && !outcome.isCrash, "\(outcome.standardError)")
    #expect(outcome.standardError.contains("needs at least"), "\(outcome.standardError)")
    #expect(try directory.names() == ["limited.sh"])
  }

  @Test func `a file that may not grow is an error of the output, and nothing half-written stays`() throws {
    // In blocks of 512 or 1024 bytes.
    let outcome = try run(TinyRun.train("run", "--steps", "1"), underLimit: "-f 200")
    #expect(outcome.status == 74 && !outcome.isCrash, "\(outcome.status): \(outcome.standardError)")
    #expect(outcome.standardError.contains("safetensors.zst"), "\(outcome.standardError)")
    #expect(try !directory.names("run").contains { $0.contains("partial") })
  }

  @Test func `a checkpoint that holds much that is not used is evaluated in little memory`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1"), in: directory.url)
    let file = try SafetensorsFile(directory.file("run/last.safetensors.zst"))
    var tensors: [SafetensorsTensor] = try file.load().values.map { tensor in
      SafetensorsTensor(
        name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape
      ) { try tensor.bytes.withUnsafeBytes($0) }
    }
    // 4 GB of zeros.
    for name in ["optimizer.first_moment.more", "unknown"] {
      tensors.append(
        SafetensorsTensor(name: name, elementType: .float32, shape: [1 << 29]) { body in
          let piece = [UInt8](repeating: 0, count: 1 << 24)
          for _ in 0..<(1 << 7) { try piece.withUnsafeBytes(body) }
        })
    }
    try SafetensorsWriter.write(to: directory.file("bomb.safetensors.zst"), tensors: tensors, metadata: file.metadata)
    let outcome = try run(["evaluate", "bomb.safetensors.zst", "--limit", "2"], limitedTo: 3_000_000)
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let inspected = try run(["inspect", "bomb.safetensors.zst"], limitedTo: 3_000_000)
    #expect(inspected.status == 0, "\(inspected.standardError)")
  }

  @Test func `a checkpoint whose model is beyond the limit is refused, and an option raises it`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1"), in: directory.url)
    let path = "run/last.safetensors.zst"
    let file = try SafetensorsFile(directory.file(path))
    // A model of a GB of zeros, well-formed, in a small part of that.
    var configuration = try TrainingConfiguration(json: file.metadata["configuration"] ?? "")
    configuration.model.flow = .none
    (configuration.model.imageHeight, configuration.model.imageWidth) = (512, 512)
    configuration.model.latent = 128
    let tensors = VariationalAutoencoder.layout(configuration.model).parameters.map { parameter in
      SafetensorsTensor(name: parameter.name, elementType: .float32, shape: parameter.shape) { body in
        let piece = [UInt8](repeating: 0, count: 1 << 24)
        var rest = 4 * parameter.shape.reduce(1, *)
        while rest > 0 {
          try piece.prefix(rest).withUnsafeBytes(body)
          rest -= min(rest, piece.count)
        }
      }
    }
    var metadata = file.metadata
    metadata["configuration"] = try configuration.json()
    try SafetensorsWriter.write(to: directory.file("wide.safetensors.zst"), tensors: tensors, metadata: metadata)
    let arguments = ["sample", "wide.safetensors.zst", "--output", "s.png", "--count", "1"]
    try Program.fail(
      65, arguments, naming: ["wide.safetensors.zst", "1.0 GB is the limit", "--memory-limit"], in: directory.url)
    let limited = try run(arguments + ["--memory-limit", "100"], limitedTo: 1_500_000)
    #expect(limited.status == 70 && limited.standardError.contains("needs at least"), "\(limited.standardError)")
    #expect(try Program.run(arguments + ["--memory-limit", "0"], in: directory.url).status == 64)
  }

  @Test func `a learning rate that makes numbers infinite ends with the tensor and the step`() throws {
    let outcome = try Program.fail(
      70, TinyRun.train("run", "--steps", "1", "--learning-rate", "1e38"),
      naming: ["step 1: ", " is ", " at [", "--learning-rate", "No checkpoint was saved"], in: directory.url)
    #expect(!outcome.standardError.contains("done"))
    #expect(try !directory.names("run").contains("last.safetensors.zst"))
  }

  @Test func `a checkpoint with a number that is not finite is used by no command`() throws {
    try Program.succeed(TinyRun.train("run", "--steps", "1"), in: directory.url)
    let file = try SafetensorsFile(directory.file("run/last.safetensors.zst"))
    func damaged(_ name: String) throws {
      let tensors: [SafetensorsTensor] = try file.load().values.map { tensor in
        var bytes = tensor.bytes
        if tensor.entry.name == name { bytes.replaceSubrange(4..<8, with: [0, 0, 0xC0, 0x7F]) }
        return SafetensorsTensor(
          name: tensor.entry.name, elementType: tensor.entry.elementType, shape: tensor.entry.shape
        ) { try bytes.withUnsafeBytes($0) }
      }
      try SafetensorsWriter.write(
        to: directory.file("run/last.safetensors.zst"), tensors: tensors, metadata: file.metadata)
    }
    try damaged("p_x_nn.0.h.bias")
    let commands = [
      ["evaluate", "--limit", "2"], ["reconstruct", "--output", "r.png"], ["sample", "--output", "s.png"],
      ["interpolate", "--output", "i.png"], ["encode", "--output", "c.csv"], ["score", "--output", "s.csv"],
      ["export", "--output", "m.safetensors"],
    ]
    for arguments in commands {
      try Program.fail(
        65, [arguments[0], "run/last.safetensors.zst"] + arguments.dropFirst(),
        naming: ["p_x_nn.0.h.bias [64] is nan at [1]"], in: directory.url)
    }
    try damaged("optimizer.infinity_norm.q_z_mean.bias")
    try Program.fail(
      65, ["train", "--resume", "run", "--steps", "3"],
      naming: ["optimizer.infinity_norm.q_z_mean.bias [4] is nan at [1]"], in: directory.url)
    #expect(try directory.names() == ["run"])
  }
}
