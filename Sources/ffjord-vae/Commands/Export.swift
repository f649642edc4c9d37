import ArgumentParser
import Foundation
import Training

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model as the state dict of the published PyTorch code, in safetensors.",
    discussion: "In Python: model.load_state_dict(safetensors.torch.load_file('model.safetensors')).")

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @Option(help: ArgumentHelp("The .safetensors file to write.", valueName: "file"))
  var output: String

  func run() throws {
    try Failure.reporting {
      try checkOutput(output)
      let (_, state, _) = try readModel(checkpoint)
      try ModelExport.write(state, to: URL(filePath: output))
      Terminal.logger.info(
        "\(output): \(state.parameters.parameters.count) tensors, \(state.parameters.count) parameters")
    }
  }
}
