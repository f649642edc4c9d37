import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Safetensors
import Testing

/// What leaves a model for other programs: `encode`, `score`, `export`; and `interpolate`.
@Suite(.serialized) struct ArrayCommandTests {
  let directory = try! TemporaryDirectory()
  let run: String

  init() throws { run = try TinyRun.shared.get().path }

  private func write(_ command: String, _ file: String, _ more: String...) throws -> URL {
    try Program.succeed([command, run, "--output", file] + more, in: directory.url)
    return directory.url.appending(path: file)
  }

  @Test func `codes are arrays of images and latent numbers, the same in every format`() throws {
    let file = try SafetensorsFile(write("encode", "codes.safetensors", "--limit", "6"))
    #expect(Set(file.entries.map(\.name)) == ["mean", "variance", "z0", "zT"])
    #expect(file.entries.allSatisfy { $0.shape == [6, 4] })
    let (mean, variance) = (try file.floats("mean"), try file.floats("variance"))
    #expect(variance.allSatisfy { $0 > 0 })
    #expect(try file.floats("z0") != mean)

    // NumPy's format: magic, version 1.0, a header padded to 64 bytes, then the numbers [images, arrays, latent].
    let npy = try Data(contentsOf: write("encode", "codes.npy", "--limit", "6"))
    #expect(npy.prefix(8) == Data([0x93] + Array("NUMPY".utf8) + [1, 0]))
    let header = Int(npy[8]) | Int(npy[9]) << 8
    #expect((10 + header) % 64 == 0)
    let dictionary = String(decoding: npy[10..<(10 + header)], as: UTF8.self)
    #expect(dictionary.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (6, 4, 4), }"))
    let numbers = npy.dropFirst(10 + header)
    #expect(numbers.count == 6 * 4 * 4 * 4)
    let first = numbers.prefix(16).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(first == Array(mean.prefix(4)))

    let text = try String(contentsOf: write("encode", "codes.csv", "--limit", "6"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 7 && lines[0].hasPrefix("image,mean_0,mean_1") && lines[0].hasSuffix("zT_3"))
    #expect(lines[1].split(separator: ",").dropFirst().prefix(4).compactMap { Float($0) } == Array(mean.prefix(4)))
  }

  @Test func `the flow begins at the mean if asked`() throws {
    let file = try SafetensorsFile(write("encode", "codes.safetensors", "--limit", "6", "--mean"))
    #expect(try file.floats("z0") == file.floats("mean"))
  }

  @Test func `scores are the terms of the bound that an evaluation takes the mean of`() throws {
    let file = try SafetensorsFile(write("score", "scores.safetensors", "--limit", "20"))
    let elbo = try file.floats("elbo")
    let (reconstruction, kl) = (try file.floats("reconstruction"), try file.floats("kl"))
    #expect(elbo.count == 20)
    for i in elbo.indices { #expect(abs(elbo[i] + reconstruction[i] + kl[i]) < 1e-2) }
    let evaluation = try Program.succeed(["evaluate", run, "--limit", "20", "--json"], in: directory.url)
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(evaluation.standardOutput.utf8)) as? [String: Any])
    let mean = Double(elbo.reduce(0, +)) / 20
    #expect(abs(mean + (try #require(report["negative_elbo"] as? Double))) < 1e-2)
    let csv = try String(contentsOf: write("score", "scores.csv", "--limit", "20"), encoding: .utf8)
    #expect(csv.hasPrefix("image,elbo,reconstruction,kl\n0,"))
  }

  @Test func `an export holds the parameters, bit for bit, and the published modules' buffers`() throws {
    let exported = try SafetensorsFile(write("export", "model.safetensors"))
    #expect(!exported.isCompressed && exported.metadata["format"] == "pt")
    let checkpoint = try SafetensorsFile(Checkpoint.file(at: run)).load()
    let parameters = checkpoint.filter { !$0.key.hasPrefix("optimizer.") }
    let tensors = try exported.load()
    #expect(tensors.filter { parameters[$0.key] != nil }.mapValues(\.bytes) == parameters.mapValues(\.bytes))
    let buffers = Set(tensors.keys).subtracting(parameters.keys)
    #expect(buffers == ["integration_times", "odefuncs.0._num_evals"])
    #expect(exported.entries.contains { $0.name == "q_am.0.weight" })
  }

  @Test func `lines through latent space are drawn`() throws {
    let picture = try PNGImage(contentsOf: write("interpolate", "lines.png", "--rows", "2", "--steps", "3"))
    #expect(picture.width > picture.height && Set(picture.pixels).count > 2)
  }

  @Test func `another extension is a usage error, before any work`() throws {
    let outcome = try Program.run(["encode", run, "--output", "codes.txt"], in: directory.url)
    #expect(outcome.status == 64 && outcome.standardError.contains(".safetensors, .npy or .csv"))
  }
}
