import ArgumentParser
import Files
import Foundation
import ImageDatasets
import PyTorchInterchange
import Runs

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a checkpoint of a state dict of the published PyTorch code, in safetensors.",
    discussion: """
      In Python: safetensors.torch.save_file(model.state_dict(), 'state.safetensors'). How the model is built is read from \
      the names and shapes of the tensors, or from what 'ffjord-vae export' wrote beside them; options say what these \
      leave open, and have the last word; the defaults of a model's options below hold for nothing that the file shows. \
      The checkpoint is of no run: 'train --resume FILE --output DIR' begins one with it.
      """)

  @Argument(help: "A safetensors file, plain or compressed by zstd.")
  var file: String

  @Option(help: ArgumentHelp("The checkpoint to write, such as model.safetensors.zst.", valueName: "file"))
  var output: String

  @Flag(help: "Replace a file that is already there.")
  var overwrite = false

  @Option(
    help: ArgumentHelp(
      "The dataset that the model is for; other commands use it if not told otherwise. (default: "
        + "\(DatasetCatalog.standard().rawValue); \(DatasetCatalog.standard(for: .grey).rawValue) for grey pixels)"))
  var dataset: String?

  @Option(help: "Where all that is not in the file comes from: paper or small. (default: paper)")
  var preset: Preset?

  @OptionGroup var own: OwnImageOptions

  @OptionGroup var options: ModelOptions

  @OptionGroup var memory: MemoryOptions

  func run() throws {
    try Failure.reporting {
      try checkOutput(output, endingIn: [".safetensors.zst"])
      if !overwrite, FileManager.default.fileExists(atPath: output) {
        throw RunError.existing(path: output)
      }
      let imported = try ModelImport(
        URL(filePath: file), preset: preset, dataset: dataset, memoryLimit: memory.limit
      ) { options.apply(to: &$0) }
      var state = imported.state
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
