import FileTestSupport
import Foundation
import ImageDatasets
import Runs
import Testing

/// Trained models by their names: `models`, and the names in place of checkpoints.
@Suite(.serialized) struct ModelsCommandTests {
  let directory = try! TemporaryDirectory()

  /// A folder of models with one, whose file is the shared run's checkpoint, unless `file` says otherwise.
  private func writeFolder(_ folder: String, model: String = "tiny", source: String? = nil, isThere: Bool = true) throws
  {
    let checkpoint = try TinyRun.shared.get().appending(path: Checkpoint.bestName)
    let place = try directory.place(for: "\(folder)/\(model).safetensors.zst")
    if isThere { try FileManager.default.copyItem(at: checkpoint, to: place) }
    let digest = try Checksum.of(fileAt: checkpoint, .sha256).hexadecimal
    try Data(
      """
      {\(source.map { "\"source\": \"\($0)\"," } ?? "")
      "models": [{"name": "\(model)", "file": "\(model).safetensors.zst", "sha256": "\(digest)", "bytes": 1,
      "dataset": "glyphs", "summary": "s", "licence": "none"}]}
      """.utf8
    ).write(to: directory.file("\(folder)/models.json"))
  }

  private func environment(_ folder: String) -> [String: String] {
    [ModelCatalog.environmentVariable: directory.path(folder)]
  }

  @Test func `each shipped model is what its list and its card say`() throws {
    let folder = PackageDirectory.file("Checkpoints")
    let catalog = ModelCatalog(environment: [:], workingDirectory: PackageDirectory.url, program: nil)
    let models = try catalog.models()
    #expect(models.count >= 3)
    for (model, found) in models {
      let file = found.file(of: model)
      #expect(found.url.path == folder.standardizedFileURL.path)
      #expect(try Checksum.of(fileAt: file, .sha256).hexadecimal == model.sha256, "\(model.name)")
      #expect(try Data(contentsOf: file).count == model.bytes && model.bytes <= 12_000_000)
      let configuration = try Checkpoint.summary(of: file).configuration
      #expect(configuration.dataset == model.dataset)
      let card = try String(contentsOf: found.card(of: model), encoding: .utf8)
      for heading in ["# \(model.name)\n", "## Data", "## Recipe", "licence"] { #expect(card.contains(heading)) }
      if let test = model.test {
        #expect(card.contains("\(test.mean) ± \(test.standardError)"))
        #expect(test.unit == configuration.model.likelihood.likelihood.unit.rawValue)
      }
    }
  }

  @Test func `folders are found from the environment, the working directory and the program`() throws {
    for file in ["package/Package.swift", "built/Package.swift"] { try Data().write(to: directory.place(for: file)) }
    for folder in ["package/a/b", "built/.build/release"] {
      try FileManager.default.createDirectory(at: directory.file(folder), withIntermediateDirectories: true)
    }
    let catalog = ModelCatalog(
      environment: environment("named"), workingDirectory: directory.file("package/a/b"),
      program: directory.file("built/.build/release/program"))
    #expect(
      catalog.directories.map(\.path)
        == ["named", "package/a/b/Checkpoints", "package/Checkpoints", "built/Checkpoints"].map(directory.path))
    let once = ModelCatalog(environment: [:], workingDirectory: directory.file("package"), program: nil)
    #expect(once.directories.map(\.path) == [directory.path("package/Checkpoints")])
  }

  @Test func `models are listed and located`() throws {
    // The package of the program has those that ship.
    let shipped = try Program.succeed(["models"], in: directory.url).standardOutput
    for word in ["omniglot", "97.60 ±0.37", "nats", "4.383 ±0.033", "bits/dim", "11.4"] {
      #expect(shipped.contains(word))
    }
    try writeFolder("mine", isThere: false)
    let text = try Program.succeed(["models", "list"], environment: environment("mine"), in: directory.url)
      .standardOutput
    #expect(text.contains("tiny") && text.contains("not here") && text.contains("omniglot"))
    let json = try Program.succeed(["models", "list", "--json"], environment: environment("mine"), in: directory.url)
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [[String: Any]])
    #expect(entries[0]["name"] as? String == "tiny" && entries[0]["is_here"] as? Bool == false)
    let path = try Program.succeed(["models", "path", "omniglot"], in: directory.url).standardOutput
    #expect(path.hasSuffix("/Checkpoints/omniglot.safetensors.zst\n"))
    try Program.fail(66, ["models", "path", "nothing"], naming: ["nothing", "omniglot"], in: directory.url)
    try Program.fail(66, ["models", "path", "minst"], naming: ["Did you mean 'mnist'?"], in: directory.url)
    try Program.fail(
      66, ["models", "path", "tiny"], naming: ["tiny", "models fetch"], environment: environment("mine"),
      in: directory.url)
  }

  @Test func `a folder without models that the environment names is said`() throws {
    let outcome = try Program.succeed(["models"], environment: environment("nowhere"), in: directory.url)
    #expect(outcome.standardOutput.contains("omniglot"))
    #expect(outcome.standardError.contains("$FFJORD_VAE_MODELS names ") && outcome.standardError.contains("nowhere"))
  }

  @Test func `a model has no run to resume, and the message says how to begin one`() throws {
    let error = try Program.fail(
      66, ["train", "--resume", "omniglot"], naming: ["'ffjord-vae train --from omniglot'"], in: directory.url)
    #expect(!error.standardError.contains("Did you mean"))
  }

  @Test func `a name stands wherever a checkpoint may`() throws {
    try writeFolder("mine")
    for arguments in [
      ["sample", "tiny", "--output", "s.png", "--count", "2"], ["inspect", "tiny"],
      ["evaluate", "tiny", "--limit", "2"],
      ["export", "tiny", "--output", "m.safetensors"], ["report", "tiny", "--output", "r.html", "--limit", "4"],
      TinyRun.train("next", "--from", "tiny", "--epochs", "1"),
    ] {
      try Program.succeed(arguments, environment: environment("mine"), in: directory.url)
    }
    let error = try Program.fail(
      66, ["sample", "nothing", "--output", "s.png"], naming: ["nothing"], in: directory.url)
    #expect(error.standardError.contains("'ffjord-vae models list'"))
    try Program.fail(
      66, ["sample", "omnigolt", "--output", "s.png"], naming: ["Did you mean 'omniglot'?"], in: directory.url)
  }

  @Test func `a file or a run of a model's name comes first`() throws {
    try writeFolder("mine")
    func inspect() throws -> Program.Outcome {
      try Program.run(["inspect", "tiny"], environment: environment("mine"), in: directory.url)
    }
    // A folder that is no run's hides nothing.
    try Data().write(to: directory.place(for: "tiny/picture.png"))
    #expect(try inspect().standardOutput.hasPrefix(directory.path("mine")))
    try FileManager.default.removeItem(at: directory.file("tiny"))
    try FileManager.default.copyItem(at: TinyRun.shared.get(), to: directory.file("tiny"))
    #expect(try inspect().standardOutput.hasPrefix(directory.path("tiny/best.safetensors.zst")))
    try FileManager.default.removeItem(at: directory.file("tiny"))
    try Data("no checkpoint".utf8).write(to: directory.file("tiny"))
    #expect(try inspect().status == 65)
  }

  @Test func `models are fetched from a folder and verified`() throws {
    try writeFolder("mine", isThere: false)
    try writeFolder("source")
    let file = directory.file("mine/tiny.safetensors.zst")
    func fetch(_ more: String...) throws -> Program.Outcome {
      try Program.run(["models", "fetch", "tiny"] + more, environment: environment("mine"), in: directory.url)
    }
    let without = try fetch()
    #expect(
      without.status == 64 && without.standardError.contains("--from") && without.standardError.contains("models.json"))
    let nowhere = try fetch("--from", "nowhere")
    #expect(nowhere.status == 74 && nowhere.standardError.contains("cannot read \(directory.path("nowhere/tiny"))"))
    // A file that is not the model does not stay.
    try Data("damaged".utf8).write(to: directory.place(for: "damaged/tiny.safetensors.zst"))
    let damaged = try fetch("--from", "damaged")
    #expect(damaged.status == 65 && damaged.standardError.contains("SHA-256"))
    #expect(try directory.names("mine") == ["models.json"])
    #expect(try fetch("--from", "source").standardOutput == "\(file.path): verified\n")
    #expect(try Data(contentsOf: file) == Data(contentsOf: directory.file("source/tiny.safetensors.zst")))
    // It is there already; another file in its place is kept until it may be replaced.
    #expect(try fetch("--from", "nowhere").status == 0)
    try Data("mine".utf8).write(to: file)
    let other = try fetch("--from", "source")
    #expect(
      other.status == 74 && other.standardError.contains("--replace") && !other.standardError.contains("--data-dir"))
    #expect(try Data(contentsOf: file) == Data("mine".utf8))
    #expect(try fetch("--from", "source", "--replace").status == 0)
    try FileManager.default.removeItem(at: file)
    try writeFolder("mine", source: directory.path("source"), isThere: false)
    #expect(try fetch().status == 0)
    try Program.fail(66, ["models", "fetch", "nothing", "--from", "source"], naming: ["nothing"], in: directory.url)
  }

  @Test func `models are fetched by HTTP, and nothing of one that did not arrive whole is left`() throws {
    try writeFolder("mine", isThere: false)
    let whole = try Data(contentsOf: TinyRun.shared.get().appending(path: Checkpoint.bestName))
    /// Fetches from a server that gives one answer, whatever it is asked for.
    func fetch(_ server: LocalServer, _ more: String...) throws -> Program.Outcome {
      let folder = server.address.deletingLastPathComponent().absoluteString
      return try Program.run(
        ["models", "fetch", "tiny", "--from", folder] + more, environment: environment("mine"), in: directory.url)
    }
    let failures: [(LocalServer, status: Int32, words: String)] = [
      (try LocalServer(status: "404 Not Found", body: Data("gone".utf8)), 74, "status 404"),
      (try LocalServer(status: "503 Service Unavailable", body: whole), 74, "status 503"),
      (try LocalServer(body: whole.prefix(1000), claimedLength: whole.count), 74, "cannot download"),
      (try LocalServer(body: Data()), 65, "SHA-256"),
      (try LocalServer(body: whole.dropLast() + [whole.last.map { $0 ^ 1 } ?? 0]), 65, "SHA-256"),
    ]
    for (server, status, words) in failures {
      let outcome = try fetch(server)
      #expect(outcome.status == status && outcome.standardOutput == "", "\(outcome)")
      #expect(outcome.standardError.contains(words), "\(outcome.standardError)")
      #expect(try directory.names("mine") == ["models.json"])
    }
    let file = directory.file("mine/tiny.safetensors.zst")
    let fetched = try fetch(LocalServer(body: whole))
    #expect(fetched.status == 0 && fetched.standardOutput == "\(file.path): verified\n", "\(fetched)")
    #expect(try Data(contentsOf: file) == whole)
    // A file that is to be replaced is there until another has arrived.
    try Data("mine".utf8).write(to: file)
    #expect(try fetch(failures[2].0, "--replace").status == 74)
    #expect(try Data(contentsOf: file) == Data("mine".utf8))
    #expect(try fetch(LocalServer(body: whole), "--replace").status == 0)
    #expect(try directory.names("mine") == ["models.json", "tiny.safetensors.zst"])
  }

  @Test(arguments: ["../x.zst", "a/b", "", ".hidden"]) func `a list cannot name files elsewhere`(file: String) throws {
    try writeFolder("mine")
    let list = directory.file("mine/models.json")
    let text = try String(contentsOf: list, encoding: .utf8)
    try Data(text.replacing("tiny.safetensors.zst", with: file).utf8).write(to: list)
    try Program.fail(65, ["models"], naming: ["models.json"], environment: environment("mine"), in: directory.url)
    try Data("[]".utf8).write(to: list)
    try Program.fail(65, ["models"], naming: ["models.json"], environment: environment("mine"), in: directory.url)
  }
}
