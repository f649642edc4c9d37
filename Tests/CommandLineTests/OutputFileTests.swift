import FileTestSupport
import Foundation
import Testing

/// Where outputs may go: names of their kind, regular files, and no file of a run.
@Suite(.serialized) struct OutputFileTests {
  let directory = try! TemporaryDirectory()
  let run: String

  init() throws { run = try TinyRun.shared.get().path }

  /// What each command needs besides checkpoint and output.
  private static let commands = [
    ("export", []), ("reconstruct", ["--count", "2"]), ("sample", ["--count", "2"]),
    ("interpolate", ["--rows", "1", "--steps", "2"]), ("encode", ["--limit", "2"]), ("score", ["--limit", "2"]),
    ("report", ["--limit", "4"]), ("trajectory", ["--count", "1", "--times", "2", "--particles", "2"]),
  ]

  private static func ending(_ command: String) -> String {
    switch command {
    case "export": ".safetensors"
    case "encode", "score": ".csv"
    case "report": ".html"
    case "trajectory": ".svg"
    default: ".png"
    }
  }

  /// A copy of the shared run, and a link to it.
  private func copy() throws -> URL {
    let copy = directory.file("run")
    try FileManager.default.copyItem(at: URL(filePath: run), to: copy)
    try FileManager.default.createSymbolicLink(at: directory.file("link"), withDestinationURL: copy)
    return copy
  }

  private func contents(_ url: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
      var isDirectory: ObjCBool = false
      let file = url.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isDirectory), !isDirectory.boolValue
      else { continue }
      files[name] = try Data(contentsOf: file)
    }
    return files
  }

  @Test func `a run's own files are not written over`() throws {
    let copy = try copy()
    let before = try contents(copy)
    let own = ["best.safetensors.zst", "last.safetensors.zst", "metrics.jsonl", "config.json", "evaluations.jsonl"]
    #expect(Set(before.keys).isSuperset(of: own.dropLast()))
    try Program.succeed(["export", run, "--output", "state.safetensors"], in: directory.url)
    for name in own.prefix(2) {
      for place in ["run/\(name)", "link/\(name)"] {
        try Program.fail(
          64, ["import", "state.safetensors", "--output", place, "--overwrite"], naming: [place, "a file of the run"],
          in: directory.url)
      }
    }
    // Through a link whose name says nothing.
    let alias = directory.file("alias.safetensors.zst")
    try FileManager.default.createSymbolicLink(at: alias, withDestinationURL: copy.appending(path: own[0]))
    try Program.fail(
      64, ["import", "state.safetensors", "--output", "alias.safetensors.zst", "--overwrite"],
      naming: ["alias.safetensors.zst", "a file of the run"], in: directory.url)
    let pictures = before.keys.filter { $0.hasPrefix("reconstructions-") }
    #expect(!pictures.isEmpty)
    for name in pictures {
      try Program.fail(
        64, ["sample", run, "--output", "run/\(name)", "--count", "2"], naming: ["a file of the run"],
        in: directory.url)
    }
    for (command, more) in Self.commands {
      for name in own {
        let outcome = try Program.run([command, run, "--output", "run/\(name)"] + more, in: directory.url)
        #expect(outcome.status == 64, "\(command) \(name): \(outcome.standardError)")
      }
    }
    for name in own {
      #expect(try Program.run(["compare", "run", "--curves", "run/\(name)"], in: directory.url).status == 64)
    }
    #expect(try contents(copy) == before)
    // Other names in the run's directory are free.
    try Program.succeed(["sample", "run", "--output", "run/reconstructions.png", "--count", "2"], in: directory.url)
  }

  @Test func `a name of another kind is refused, with those that can be written`() throws {
    let wrong = [
      ("export", "m.bin", ".safetensors"), ("export", "m", ".safetensors"), ("reconstruct", "r.jpg", ".png"),
      ("sample", "s.jpeg", ".png"), ("sample", ".png", ".png"), ("interpolate", "i.gif", ".png"),
      ("encode", "c.png", ".safetensors, .npy or .csv"), ("encode", "c.npz", ".safetensors, .npy or .csv"),
      ("score", "s.json", ".safetensors, .npy or .csv"),
    ]
    for (command, name, known) in wrong {
      let outcome = try Program.run([command, run, "--output", name], in: directory.url)
      #expect(outcome.status == 64, "\(command) \(name): \(outcome.standardError)")
      for words in ["--output must be a name that ends in ", ", got \(name)", known] {
        #expect(outcome.standardError.contains(words), "\(outcome.standardError)")
      }
    }
    let curves = try Program.run(["compare", run, "--curves", "c.png"], in: directory.url)
    #expect(
      curves.status == 64 && curves.standardError.contains("--curves must be a name that ends in .svg, got c.png"))
    let imported = try Program.run(["import", "x.safetensors", "--output", "m.safetensors"], in: directory.url)
    #expect(
      imported.status == 64
        && imported.standardError.contains("--output must be a name that ends in .safetensors.zst, got m.safetensors"))
    #expect(try directory.names() == [])
    // Upper case is no other kind.
    try Program.succeed(["sample", run, "--output", "S.PNG", "--count", "2"], in: directory.url)
  }

  @Test func `pipes, devices and open files are refused and stay what they are`() throws {
    for (command, more) in Self.commands {
      let ending = Self.ending(command)
      let pipe = directory.file("pipe\(ending)")
      #expect(mkfifo(pipe.path, 0o600) == 0 || errno == EEXIST)
      for place in [pipe.path, "/dev/full", "/dev/null"] where FileManager.default.fileExists(atPath: place) {
        try Program.fail(
          74, [command, run, "--output", place] + more, naming: [place, "not a regular file"], in: directory.url)
      }
      try Program.fail(
        74, [command, run, "--output", "/dev/stdout"] + more, naming: ["/dev/stdout", "open already"],
        in: directory.url)
      var status = stat()
      #expect(lstat(pipe.path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }
    var status = stat()
    #expect(lstat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func `a model is not exported onto the checkpoint that it is read from`() throws {
    let checkpoint = directory.file("copy.safetensors.zst")
    try FileManager.default.copyItem(
      at: TinyRun.shared.get().appending(path: "last.safetensors.zst"), to: checkpoint)
    let before = try Data(contentsOf: checkpoint)
    try Program.fail(
      64, ["export", "copy.safetensors.zst", "--output", "copy.safetensors.zst"], naming: ["choose another place"],
      in: directory.url)
    #expect(try Data(contentsOf: checkpoint) == before)
  }

  @Test func `a link is written through, by every command`() throws {
    for (command, more) in Self.commands {
      let ending = Self.ending(command)
      let link = directory.file("\(command)-link\(ending)")
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "\(command)-target\(ending)")
      try Program.succeed([command, run, "--output", link.lastPathComponent] + more, in: directory.url)
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "\(command)-target\(ending)")
      #expect(try !Data(contentsOf: directory.file("\(command)-target\(ending)")).isEmpty)
    }
  }
}
