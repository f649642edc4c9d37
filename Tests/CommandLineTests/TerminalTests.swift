import FileTestSupport
import Foundation
import Testing

/// Other systems have a program of this name with other options.
private let hasScript = (try? ExternalProgram.run("script", ["--version"]).output.contains("util-linux")) == true

/// Where standard error is a terminal, a line at the bottom is drawn again and again, and fits.
@Suite(
  .serialized,
  .enabled(if: hasScript, "needs script, of util-linux"))
struct TerminalTests {
  let directory = try! TemporaryDirectory()

  /// What a terminal of so many columns is sent.
  private func output(columns: Int, _ arguments: [String], environment: [String: String] = [:]) throws -> String {
    let program = try Program.url.get().path
    let words = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
    let outcome = try Program.start(
      [], through: ["/usr/bin/script", "-qec", "stty cols \(columns) -onlcr; \(words)", "/dev/null"],
      environment: ["PATH": "/usr/bin:/bin", "TERM": "xterm", "SHELL": "/bin/sh", "NO_COLOR": "1"]
        .merging(environment) { $1 }, in: directory.url
    ).wait()
    #expect(outcome.status == 0, "\(outcome.standardOutput)")
    return outcome.standardOutput
  }

  /// The lines drawn at the bottom: what follows the sequence that clears the line, up to the next one.
  private func drawn(_ text: String) -> [Substring] {
    text.components(separatedBy: "\r\u{1B}[2K").dropFirst()
      .flatMap { $0.split(separator: "\n", maxSplits: 1).prefix(1) }.filter {
        $0.contains("█") || $0.contains("░")
      }
  }

  @Test(arguments: [40, 80, 200])
  func `the line of training fits, and gives way from its least important part`(columns: Int) throws {
    let text = try output(columns: columns, TinyRun.train("run", "--epochs", "2"))
    let lines = drawn(text)
    #expect(lines.count >= 2, "\(text)")
    for line in lines {
      #expect(line.count < columns, "\(line)")
      #expect(line.hasPrefix("epoch "))
      if columns >= 80 { #expect(line.contains("-ELBO ") && line.contains("ETA ")) }
      if columns >= 200 {
        for words in ["rec ", "KL ", "evaluations ", "steps/s", "epoch left ", "ETA "] {
          #expect(line.contains(words), "\(line)")
        }
      }
    }
    #expect(lines.contains { $0.contains("4/4") })
    // A message stands on a line of its own: the drawn line is cleared first.
    #expect(text.contains("\r\u{1B}[2Kepoch 1/2  -ELBO "))
    #expect(text.contains("next: ffjord-vae evaluate run"))
    if columns >= 80 {
      let epochs = text.components(separatedBy: "\u{1B}[2K").map { $0.split(separator: "\n").first ?? "" }
        .filter { $0.wholeMatch(of: /epoch [12]\/2  .*/) != nil }
      #expect(epochs.count == 2 && epochs.allSatisfy { $0.count <= columns }, "\(epochs)")
    }
  }

  @Test(arguments: [
    (["TERM": "xterm", "NO_COLOR": ""], true), (["TERM": "xterm", "NO_COLOR": "1"], false),
    (["TERM": "dumb", "NO_COLOR": ""], false),
  ])
  func `errors and bests have a colour where the terminal has it and the person wants it`(
    environment: [String: String], hasColour: Bool
  ) throws {
    let text = try output(columns: 100, TinyRun.train("run", "--epochs", "1"), environment: environment)
    #expect(text.contains("\u{1B}[1;32mbest\u{1B}[0m") == hasColour, "\(text)")
    let program = try Program.url.get().path
    let failure = try Program.start(
      [], through: ["/usr/bin/script", "-qec", "'\(program)' train --epochs 0", "/dev/null"],
      environment: environment.merging(["PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"]) { $1 }, in: directory.url
    ).wait()
    #expect(failure.status == 64)
    #expect(failure.standardOutput.contains("ffjord-vae: \u{1B}[1;31merror:\u{1B}[0m --epochs must") == hasColour)
    #expect(failure.standardOutput.contains("ffjord-vae: error: --epochs must") != hasColour)
  }

  @Test func `a quiet command shows nothing but what is asked for`() throws {
    #expect(try output(columns: 100, TinyRun.train("run", "--epochs", "1", "--quiet")) == "")
    let text = try output(columns: 100, ["evaluate", "run", "--limit", "20", "--batch-size", "5", "-q"])
    #expect(text.hasPrefix("glyphs, test: 20 images") && !text.contains("\u{1B}"))
  }

  @Test func `an evaluation shows its progress, and takes it away`() throws {
    let run = try TinyRun.shared.get().path
    let text = try output(columns: 100, ["evaluate", run, "--limit", "20", "--batch-size", "5"])
    let lines = drawn(text)
    #expect(lines.contains { $0.hasPrefix("evaluating ") && $0.contains("/4") }, "\(text)")
    #expect(text.contains("\r\u{1B}[2K" + "glyphs, test: 20 images"), "\(text)")
  }
}
