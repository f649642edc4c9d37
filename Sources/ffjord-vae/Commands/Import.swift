import ArgumentParser
import Files
import Foundation
import ImageDatasets
import PyTorchInterchange
import Runs

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a state dict of the published PyTorch code to a checkpoint.",
    discussion: """
      In Python: safetensors.torch.save_file(model.state_dict(), 'state.safetensors').

      The architecture is read from the names and shapes of the tensors, or from the metadata that 'ffjord-vae export' \
      writes. Options set what these leave open, and overrule them; a default below counts only for what the file does \
      not show. 'train --from FILE --output DIR' trains the model further.

        ffjord-vae import state.safetensors --output model.safetensors.zst
      """)

  @Argument(
    help: "Safetensors file, plain or in zstd", completion: .file(extensions: ["safetensors", "zst"]))
  var file: String

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Data") var own: OwnImageOptions
  @OptionGroup(title: "Model") var start: PresetOptions
  @OptionGroup var options: ModelOptions
  @OptionGroup(title: "Output") var target: TargetOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  /// What the model is for.
  struct DataOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Dataset (default: \(DatasetCatalog.standard().rawValue); if grey, "
          + "\(DatasetCatalog.standard(for: .grey).rawValue))", valueName: "name"), completion: .dataset)
    var dataset: String?
  }

  /// Where all that is not in the file comes from.
  struct PresetOptions: ParsableArguments {
    @Option(help: "Settings that the file does not show (default: paper)")
    var preset: Preset?
  }

  /// What is written.
  struct TargetOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("Checkpoint to write, .safetensors.zst", valueName: "file"),
      completion: .file(extensions: ["zst"]))
    var output: String

    @Flag(help: "Replace an existing file")
    var overwrite = false
  }

  private var output: String { target.output }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      try checkOutput(output, endingIn: [".safetensors.zst"])
      if !target.overwrite, FileManager.default.fileExists(atPath: output) {
        throw RunError.existing(path: output)
      }
      let imported = try ModelImport(
        URL(filePath: file), preset: start.preset, dataset: data.dataset, memoryLimit: memory.limit
      ) { options.apply(to: &$0) }
      var state = imported.state
      try options.check(state.configuration.model)
      try own.check(state.configuration.dataset)
      own.apply(to: &state.configuration.preparation)
      try Checkpoint.write(state, to: URL(filePath: output))
      describe(imported)
    }
  }

  private func describe(_ imported: ModelImport) {
    let (configuration, stateDict) = (imported.state.configuration, imported.stateDict)
    let model = configuration.model
    let parameters = imported.state.parameters
    var lines = [
      "\(file): \(Terminal.count(stateDict.tensorCount, "tensor")), of which \(parameters.parameters.count) are "
        + "\(parameters.count) parameters"
    ]
    if !stateDict.ignored.isEmpty { lines.append("no parameters: \(names(stateDict.ignored))") }
    if !stateDict.converted.isEmpty {
      lines.append("converted to single precision: \(names(stateDict.converted))")
    }
    let words = ["latent \(model.latent)", model.posteriorSummary] + model.posterior.details(model)
    lines.append(
      "model: \(words.joined(separator: ", ")); \(model.imageHeight)x\(model.imageWidth) pixels, "
        + "\(model.likelihood.rawValue); "
        + (imported.isDescribed ? "as the file's metadata say" : "by the tensors' names and shapes"))
    lines += imported.notes.map { note in
      let names = note.options.map(ModelOptions.name).joined(separator: " and ")
      let remedy = names.isEmpty ? "" : "; \(names) \(note.options.count == 1 ? "says" : "say") otherwise"
      return "note: \(note.text)\(remedy)"
    }
    let dataset = configuration.dataset
    lines.append("\(output): for \(dataset). Next: ffjord-vae evaluate \(Terminal.quoted(output)) --dataset \(dataset)")
    Terminal.logger.info("\(lines.joined(separator: "\n"))")
  }

  /// The first few names, and how many more there are.
  private func names(_ all: [String]) -> String {
    let shown = all.prefix(6).map { $0.visible() }.joined(separator: ", ")
    return all.count > 6 ? "\(shown) and \(all.count - 6) more" : shown
  }
}
