import ArgumentParser
import NeuralNetworks

extension Precision: ExpressibleByArgument {}

/// How exact the arithmetic of training is.
struct PrecisionOptions: ParsableArguments {
  @Option(help: .setting("Arithmetic (mixed: bfloat16)", .precision, "kind"))
  var precision: Precision?
}
