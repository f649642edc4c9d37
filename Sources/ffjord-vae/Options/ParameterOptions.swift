import ArgumentParser
import Runs

/// Which parameters of a run that averages them a model is used with.
struct ParameterOptions: ParsableArguments {
  @Flag(name: .customLong("raw-parameters"), help: "Use the last step's parameters, not their average")
  var isRaw = false

  var choice: Checkpoint.ParameterChoice { isRaw ? .raw : .averaged }
}
