import FileTestSupport
import Foundation
import Testing

/// What holds for every command: the style of keys in JSON, and silence where it is asked for.
@Suite(.serialized) struct ResultStyleTests {
  let directory = try! TemporaryDirectory()

  /// All keys of a JSON value, at any depth.
  private func keys(_ value: Any) -> Set<String> {
    if let object = value as? [String: Any] {
      return object.reduce(into: Set(object.keys)) { $0.formUnion(keys($1.value)) }
    }
    return (value as? [Any] ?? []).reduce(into: []) { $0.formUnion(keys($1)) }
  }

  @Test(arguments: [
    ["evaluate", "RUN", "--limit", "5"], ["inspect", "RUN"], ["models", "list"], ["compare", "RUN"],
    ["presets", "--dataset", "omniglot"],
    [
      "benchmark", "--preset", "small", "--steps", "1", "--untimed", "0", "--batch-size", "2", "--latent", "2",
      "--hidden", "4",
    ],
  ])
  func `keys of JSON are in snake case`(arguments: [String]) throws {
    let run = try TinyRun.shared.get().path
    let words = arguments.map { $0 == "RUN" ? run : $0 } + ["--json"]
    let text = try Program.succeed(words, in: directory.url).standardOutput
    let keys = try keys(JSONSerialization.jsonObject(with: Data(text.utf8)))
    #expect(keys.count > 10)
    // The names of presets are no keys of ours.
    for key in keys.subtracting(["paper-text"]) {
      #expect(key.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) != nil, "\(key)")
    }
  }

  @Test(arguments: [
    ["reconstruct", "RUN", "--output", "r.png", "--count", "2"],
    ["sample", "RUN", "--output", "s.png", "--count", "2"],
    ["interpolate", "RUN", "--output", "i.png", "--rows", "1", "--steps", "2"],
    ["encode", "RUN", "--output", "c.npy", "--limit", "2"], ["score", "RUN", "--output", "s.npy", "--limit", "2"],
    ["export", "RUN", "--output", "e.safetensors"], ["compare", "RUN", "--curves", "c.svg", "--json"],
    ["evaluate", "RUN", "--limit", "2"], ["report", "RUN", "--output", "r.html", "--limit", "2"],
  ])
  func `a quiet command says nothing of its work`(arguments: [String]) throws {
    let run = try TinyRun.shared.get().path
    let words = arguments.map { $0 == "RUN" ? run : $0 }
    #expect(try Program.succeed(words, in: directory.url).standardError != "")
    #expect(try Program.succeed(words + ["--quiet"], in: directory.url).standardError == "")
    // Errors are said all the same.
    try Program.fail(66, words.map { $0 == run ? "none" : $0 } + ["-q"], in: directory.url)
  }
}
