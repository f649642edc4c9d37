import FileTestSupport
import Foundation
import Testing

@testable import Runs

/// Other programs read a checkpoint after `zstd -d`, and find what the published PyTorch model has.
@Suite struct CheckpointInteroperabilityTests {
  /// Prints every difference between the tensors of the file and those that the published model has for the
  /// configuration in its metadata, listed here anew; then a few numbers.
  static let script = """
    import json, sys
    from safetensors import safe_open
    with safe_open(sys.argv[1], "numpy") as f:
      metadata = f.metadata()
      tensors = {k: f.get_tensor(k) for k in f.keys()}
    assert metadata["kind"] == "ffjord-vae checkpoint" and metadata["version"] == "1", metadata
    model = json.loads(metadata["configuration"])["model"]
    d, rank, hidden = model["latent"], model["rank"], model["hidden"]
    h, w = model["imageHeight"] // 4, model["imageWidth"] // 4
    shapes = {}
    def layer(name, weight, bias):
      shapes[name + ".weight"], shapes[name + ".bias"] = tuple(weight), (bias,)
    encoder = [(1, 32, 5, 5), (32, 32, 5, 5), (32, 64, 5, 5), (64, 64, 5, 5), (64, 64, 5, 5), (64, 256, h, w)]
    decoder = [(d, 64, h, w), (64, 64, 5, 5), (64, 32, 5, 5), (32, 32, 5, 5), (32, 32, 5, 5), (32, 32, 5, 5)]
    for part in "hg":
      for i, (a, b, x, y) in enumerate(encoder):
        layer(f"q_z_nn.{i}.{part}", (b, a, x, y), b)
      for i, (a, b, x, y) in enumerate(decoder):
        layer(f"p_x_nn.{i}.{part}", (a, b, x, y), b)
    layer("q_z_mean", (d, 256), d)
    layer("q_z_var.0", (d, 256), d)
    layer("p_x_mean.0", (1, 32, 1, 1), 1)
    widths = [d] + hidden + [d]
    for block in range(model["blocks"]):
      amortized = 0
      for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layer(f"odefuncs.{block}.diffeq.layers.{i}._layer", (b, a + 1), b)
        amortized += a * rank + rank * b + b
      layer(f"q_am.{block}", (amortized, 256), amortized)
    expected = {p + k: v for k, v in shapes.items()
                for p in ("", "optimizer.first_moment.", "optimizer.infinity_norm.")}
    found = {k: v.shape for k, v in tensors.items()}
    for name in sorted(set(expected) | set(found)):
      if expected.get(name) != found.get(name):
        print(name, expected.get(name), found.get(name))
    assert all(v.dtype == "float32" for v in tensors.values())
    print(repr([float(x) for x in tensors["q_z_mean.bias"]]))
    """

  @Test(
    .enabled(if: Python.withSafetensors.isHere, "\(Python.withSafetensors.lack)"),
    .enabled(if: ExternalProgram.hasZstandard, "needs the program zstd"),
    arguments: [[8], [12, 8]])
  func `Python finds the published names and shapes`(hidden: [Int]) throws {
    let directory = try TemporaryDirectory()
    let configuration = TinyRun.configuration {
      $0.steps = 1
      $0.model.hidden = hidden
      $0.model.blocks = hidden.count
    }
    let state = try TinyRun.train(configuration, in: directory.path("run")).state
    let plain = directory.path("plain.safetensors")
    let last = RunDirectory(directory.path("run")).last.path
    let unpacked = try ExternalProgram.run("zstd", ["-q", "-d", last, "-o", plain])
    #expect(unpacked.status == 0, "\(unpacked.output)")
    let (status, text) = try Python.withSafetensors.run(Self.script, [plain])
    #expect(status == 0, "\(text)")
    let bias = try #require(state.parameters["q_z_mean.bias"])
    let numbers = state.parameters[bias].doubles().map { "\($0)" }.joined(separator: ", ")
    let printed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(printed.hasPrefix("[") && !printed.contains("\n"), "\(text)")
    let theirs = printed.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).split(separator: ",")
      .compactMap { Double($0.trimmingCharacters(in: .whitespaces)) }
    #expect(theirs == state.parameters[bias].doubles(), "\(numbers)")
  }
}
