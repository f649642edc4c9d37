import ArgumentParser
import Foundation
import PyTorchInterchange
import Runs

extension ParameterStorage: ExpressibleByArgument {}

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model without the state of its run, for this program or for PyTorch.",
    discussion: """
      A .safetensors file is a state dict for the published PyTorch code, buffers included. In Python, for a model of the \
      same sizes: model.load_state_dict(safetensors.torch.load_file('model.safetensors')).

      A .safetensors.zst file is a checkpoint of the model alone, for every command of this program and for 'train --from'. \
      Where a run averages its parameters, both have the average.

        ffjord-vae export Checkpoints/first --output model.safetensors
        ffjord-vae export Checkpoints/first --output small.safetensors.zst
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Output") var file: FileOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  /// What is written.
  struct FileOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(".safetensors or .safetensors.zst to write", valueName: "file"),
      completion: .file(extensions: ["safetensors", "zst"]))
    var output: String

    @Option(help: ArgumentHelp("Type of the numbers", valueName: "type"))
    var type = ParameterStorage.float32
  }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      let (output, type) = (file.output, file.type)
      try checkOutput(output, endingIn: [".safetensors", ".safetensors.zst"])
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: memory)
      try checkOutput(output, isApartFrom: [trained.url.path])
      let state = trained.state
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
