import FileTestSupport
import Foundation
import Testing

/// What shells offer: the scripts, and what the program answers when a script asks.
@Suite(.serialized) struct CompletionTests {
  let directory = try! TemporaryDirectory()

  init() throws {
    let manager = FileManager.default
    for folder in ["Checkpoints/first", "Checkpoints/second", "data/inner", "pictures", ".hidden"] {
      try manager.createDirectory(at: directory.file(folder), withIntermediateDirectories: true)
    }
    for file in [
      "Checkpoints/first/last.safetensors.zst", "Checkpoints/second/best.safetensors.zst",
      "Checkpoints/omniglot.safetensors.zst", "data/inner/x.npz", "own.json", "notes.txt",
    ] {
      try Data().write(to: directory.file(file))
    }
  }

  private func script(_ shell: String) throws -> String {
    try Program.succeed(["--generate-completion-script", shell], in: directory.url).standardOutput
  }

  /// What the program answers for a word that is being typed after an option, or as the argument of a command.
  private func answer(_ command: String, _ argument: String, _ typed: String, shell: String = "fish") throws -> [String]
  {
    let words = ["ffjord-vae", command] + (argument.hasPrefix("--") ? [argument] : []) + [typed]
    let arguments =
      ["---completion", command, "--", argument, "\(words.count - 1)", "\(typed.count)"] + words
    let outcome = try Program.succeed(arguments, environment: ["SAP_SHELL": shell], in: directory.url)
    return outcome.standardOutput.split(separator: "\n").map(String.init)
  }

  /// The names of the models that ship, which the program finds where it was built.
  private static let models = ["omniglot", "mnist", "caltech101", "freyfaces"]

  @Test func `a checkpoint may be a model, a run or a file, and folders are gone through`() throws {
    let all = ["Checkpoints/first", "Checkpoints/omniglot.safetensors.zst", "Checkpoints/second", "data/", "pictures/"]
    for command in ["evaluate", "sample", "inspect", "report"] {
      #expect(try answer(command, "positional@0", "") == Self.models + all, "\(command)")
    }
    for shell in ["bash", "zsh", "fish"] {
      #expect(try answer("evaluate", "positional@0", "omn", shell: shell).first == "omniglot", "\(shell)")
    }
    #expect(try answer("train", "--from", "") == Self.models + all)
    // A model without the state of a run cannot go on.
    #expect(try answer("train", "--resume", "") == all)
    #expect(try answer("evaluate", "positional@0", "Ch") == Array(all.prefix(3)))
    #expect(try answer("evaluate", "positional@0", "Checkpoints/f") == ["Checkpoints/first"])
    #expect(try answer("evaluate", "positional@0", "./Checkpoints/s") == ["./Checkpoints/second"])
    // A lone folder is gone into.
    #expect(try answer("evaluate", "positional@0", "da") == ["data/inner/"])
    #expect(try answer("evaluate", "positional@0", "nowhere/") == [])
    #expect(try answer("evaluate", "positional@0", "", shell: "bash").suffix(2) == ["data", "pictures"])
  }

  @Test func `a model whose file is not there is offered to fetch alone`() throws {
    let list = """
      {"models": [{"name": "away", "file": "away.zst", "sha256": "\(String(repeating: "0", count: 64))", "bytes": 1,
      "dataset": "glyphs", "summary": "s", "licence": "none"}]}
      """
    try Data(list.utf8).write(to: directory.file("Checkpoints/models.json"))
    #expect(try answer("evaluate", "positional@0", "aw") == [])
    let arguments = [
      "---completion", "models", "fetch", "--", "positional@0", "3", "2", "ffjord-vae", "models", "fetch",
    ]
    let outcome = try Program.succeed(arguments + ["aw"], environment: ["SAP_SHELL": "fish"], in: directory.url)
    #expect(outcome.standardOutput == "away\n")
  }

  @Test func `models are offered by their names`() throws {
    let arguments = [
      "---completion", "models", "path", "--", "positional@0", "3", "2", "ffjord-vae", "models", "path", "om",
    ]
    let outcome = try Program.succeed(arguments, environment: ["SAP_SHELL": "fish"], in: directory.url)
    #expect(outcome.standardOutput == "omniglot\n")
  }

  @Test func `runs alone are compared`() throws {
    #expect(try answer("compare", "positional@0", "Ch") == ["Checkpoints/first", "Checkpoints/second"])
  }

  @Test func `datasets are names, files of arrays and folders`() throws {
    let all = try answer("train", "--dataset", "")
    #expect(all.prefix(5) == ["mnist", "omniglot", "freyfaces", "caltech101", "glyphs"])
    #expect(all.contains("data/inner/x.npz") && all.contains("pictures/") && !all.contains("notes.txt"))
    #expect(try answer("evaluate", "--dataset", "om") == ["omniglot"])
    #expect(try answer("score", "--against", "").prefix(3) == ["noise", "inverted", "mnist"])
    #expect(try answer("score", "--against", "no") == ["noise"])
    #expect(try answer("train", "--dataset", "data/i") == ["data/inner/x.npz"])
  }

  @Test func `a question that cannot be answered says nothing`() throws {
    let outcome = try Program.run(["---completion", "train", "--", "--nonesuch", "0", "0"], in: directory.url)
    #expect(outcome.status == 64 && outcome.standardError == "" && outcome.standardOutput == "")
  }

  /// A shell's program; nil where it is not installed.
  private func path(_ shell: String) -> String? {
    ["/bin/", "/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map { $0 + shell }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a shell with some lines, which may use $1, the script, and the program by its name.
  private func run(_ shell: String, _ lines: String) throws -> [String]? {
    guard let path = path(shell) else { return nil }
    try Data(script(shell).utf8).write(to: directory.file("completions"))
    let folder = try Program.url.get().deletingLastPathComponent().path
    let outcome = try Program.start(
      [],
      through: [path, shell == "bash" ? "--norc" : "--no-config", "-c", lines, "x", "./completions"].filter {
        shell != "zsh" || $0 != "--no-config"
      }, environment: ["PATH": "\(folder):/usr/bin:/bin", "HOME": directory.url.path], in: directory.url
    ).wait()
    #expect(outcome.status == 0 && outcome.standardError == "", "\(outcome)")
    return outcome.standardOutput.split(separator: "\n").map(String.init)
  }

  @Test(arguments: [
    (
      "evaluate ''",
      models + ["Checkpoints/first", "Checkpoints/omniglot.safetensors.zst", "Checkpoints/second", "data", "pictures"]
    ), ("sample om", ["omniglot"]), ("train --from mn", ["mnist"]), ("report cal", ["caltech101"]),
    ("evaluate Checkpoints/f", ["Checkpoints/first"]), ("train --dataset om", ["omniglot"]),
    ("train --data-dir p", ["pictures"]), ("train --config o", ["own.json"]),
    ("train --preset p", ["paper", "paper-text"]),
    ("train --solver b", ["bosh3"]), ("train --activation so", ["softplus"]), ("train --flow pl", ["planar"]),
    ("datasets fetch fr", ["freyfaces"]), ("datasets c", ["check"]), ("pre", ["presets"]),
    ("tra", ["train", "trajectory"]), ("la", ["latent"]), ("score x --method t", ["typicality"]),
    ("train --learning-rate-w", ["--learning-rate-warmup"]), ("sample x --output C", ["Checkpoints"]),
  ])
  func `bash completes`(typed: String, expected: [String]) throws {
    let lines = """
      source "$1"
      set -- ffjord-vae \(typed)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
      _ffjord-vae ffjord-vae "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    guard let offered = try run("bash", lines) else { return }
    #expect(offered.sorted() == expected.sorted())
  }

  @Test(arguments: [
    ("train --solver b", "bosh3"), ("train --activation so", "softplus"), ("datasets fetch fr", "freyfaces"),
    ("train --preset pap", "paper"), ("train --config o", "own.json"), ("train --data-dir pi", "pictures/"),
    ("eva", "evaluate"), ("train --learning-rate-w", "--learning-rate-warmup"),
  ])
  func `fish completes`(typed: String, expected: String) throws {
    guard path("fish") != nil else { return }
    try Data(script("fish").utf8).write(to: directory.file("completions"))
    let offered = try run("fish", "source ./completions; complete -C 'ffjord-vae \(typed)'") ?? []
    #expect(offered.contains { $0.hasPrefix(expected) }, "\(offered)")
  }

  /// Without a terminal this shell cannot say what is being typed, which it sends with the question.
  @Test func `the script for fish asks the program for models, runs and files`() throws {
    let text = try script("fish")
    for words in ["---completion evaluate -- positional@0", "---completion sample -- positional@0", "-- --from"] {
      #expect(text.contains(words), "no \(words)")
    }
  }

  @Test func `the script for zsh is one, and asks for files, folders and the program`() throws {
    let text = try script("zsh")
    #expect(text.hasPrefix("#compdef ffjord-vae"))
    for words in [
      "--data-dir[Folder of datasets, searched first]:dir:_files -/'",
      "--config[JSON configuration to start from]:file:_files -g",
      "---completion train -- --dataset", "---completion evaluate -- positional@0", "'euler' 'midpoint'",
      "'paper' 'paper-text' 'fast' 'small'",
    ] {
      #expect(text.contains(words), "no \(words)")
    }
    if path("zsh") != nil { #expect(try run("zsh", "zsh -n \"$1\"") == []) }
  }
}
