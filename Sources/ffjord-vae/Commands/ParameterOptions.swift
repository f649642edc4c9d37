import ArgumentParser
import Runs

/// Which parameters of a run that averages them a model is used with.
struct ParameterOptions: ParsableArguments {
  @Flag(
    name: .customLong("raw-parameters"),
    help: "Of a run that averages its parameters, use those of the last update instead of the average.")
  var isRaw = false

  var choice: Checkpoint.ParameterChoice { isRaw ? .raw : .averaged }
}
