import ArgumentParser
import Foundation

@main
struct FfjordVAE: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ffjord-vae",
    abstract:
      "Trains, evaluates and uses variational autoencoders whose posterior is a continuous normalizing flow.",
    discussion: """
      The model is that of FFJORD (Grathwohl et al., ICLR 2019). A first model takes about two minutes:

        ffjord-vae train --preset small --output Checkpoints/first
        ffjord-vae reconstruct Checkpoints/first --output reconstructions.png

      Exit codes: 0 success, 64 usage, 65 bad data, 66 missing input, 70 numerical failure or too little memory, 74 input \
      or output failed, 130 a second Ctrl-C. NO_COLOR=1 turns colours off. --generate-completion-script prints completions \
      for bash, zsh or fish.
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Presets.self, Evaluate.self, Reconstruct.self, Sample.self, Interpolate.self, Latent.self,
      Trajectory.self, Encode.self, Score.self, Compare.self, Report.self, Export.self, Import.self, Inspect.self,
      BenchmarkCommand.self, Datasets.self, Models.self, Density.self,
    ])

  @MainActor
  static func main() async {
    StandardStreams.prepare()
    if !Ranks.communicator.isLeader { Foundation.exit(Ranks.follow()) }
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      var command = try parsed(arguments)
      do {
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      } catch let error as ValidationError { throw UsageError(error.message, of: type(of: command)) }
      try Failure.reporting { try StandardStreams.finishOutput() }
      Ranks.end(code: 0)
    } catch let error as UsageError {
      Terminal.logger.error("\(error.message)\n\(error.usage)")
      end(ExitCode(Failure.usage))
    } catch  where exitCode(for: error) == .success {
      // Help was asked for, or the version.
      do {
        print(fullMessage(for: error))
        try Failure.reporting { try StandardStreams.finishOutput() }
        end()
      } catch { end(error) }
    } catch { end(error) }
  }

  private static func end(_ error: (any Error)? = nil) -> Never {
    Ranks.end(code: error.map { exitCode(for: $0).rawValue } ?? 0)
    exit(withError: error)
  }

  /// The command that is meant; throws a ``UsageError``, or what the parser has for help and completion.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    try UsageError.command(in: arguments)
    do { return try parseAsRoot(arguments) } catch  where exitCode(for: error) == .validationFailure {
      // A shell that asks for completions would show what is said to the person who is typing.
      if arguments.first == "---completion" { throw ExitCode(Failure.usage) }
      throw UsageError(parsing: error, arguments)
    }
  }
}
