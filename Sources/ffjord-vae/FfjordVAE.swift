import ArgumentParser
import Foundation

@main
struct FfjordVAE: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ffjord-vae",
    abstract:
      "Trains, evaluates and uses variational autoencoders whose posterior is a continuous normalizing flow.",
    discussion: """
      The model is that of FFJORD (Grathwohl et al., ICLR 2019). To see it work in about two minutes:

        ffjord-vae train --preset small --output Checkpoints/first
        ffjord-vae reconstruct Checkpoints/first --output reconstructions.png

      Exit codes: 0 done, 64 usage, 65 bad data, 66 missing input, 70 internal or numerical failure, 74 input/output.
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Evaluate.self, Reconstruct.self, Sample.self, Interpolate.self, Encode.self, Score.self,
      Compare.self, Export.self, Import.self, Inspect.self, BenchmarkCommand.self, Datasets.self,
    ])

  @MainActor
  static func main() async {
    StandardStreams.prepare()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      try Failure.reporting { try StandardStreams.finishOutput() }
    } catch  where exitCode(for: error) == .success {
      // Help was asked for, or the version.
      do {
        print(fullMessage(for: error))
        try Failure.reporting { try StandardStreams.finishOutput() }
        exit()
      } catch { exit(withError: error) }
    } catch { exit(withError: error) }
  }
}
