import ArgumentParser
import Foundation
import PyTorchInterchange
import Runs

extension ParameterStorage: ExpressibleByArgument {}

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model without the state of its run, for this program or for PyTorch.",
    discussion: """
      To a .safetensors file: the state dict of the published PyTorch code, the buffers of its modules and the flows'
      length of time included. In Python, for a model of the same sizes:
      model.load_state_dict(safetensors.torch.load_file('model.safetensors')).

      To a .safetensors.zst file: a checkpoint of the model alone, which every command reads and 'train --from' begins \
      with. Of a run that averages its parameters, either has the average.
      """)

  @Argument(help: "A checkpoint file, or the directory of a run (its best checkpoint).")
  var checkpoint: String

  @Option(help: ArgumentHelp("The .safetensors or .safetensors.zst file to write.", valueName: "file"))
  var output: String

  @Option(help: "The type of the numbers: float16 keeps three bits more than bfloat16, up to 65504.")
  var type = ParameterStorage.float32

  @OptionGroup var parameters: ParameterOptions

  @OptionGroup var memory: MemoryOptions

  func run() throws {
    try Failure.reporting {
      try checkOutput(output, endingIn: [".safetensors", ".safetensors.zst"])
      let state = try readModel(checkpoint, parameters: parameters.choice, memory: memory).state
      let url = URL(filePath: output)
      var count = state.parameters.parameters.count
      if output.lowercased().hasSuffix(".zst") {
        try Checkpoint.writeModel(state, to: url, as: type)
      } else {
        count = try ModelExport.write(state, to: url, as: type)
      }
      Terminal.logger.info("\(output): \(count) tensors, \(state.parameters.count) parameters")
    }
  }
}
