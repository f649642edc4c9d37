import ImageDatasets
import PyTorchInterchange
import Runs
import Safetensors
import VariationalAutoencoder

/// What to type after an error. The libraries say what is wrong and what would mend it; here are the options that do so.
enum Remedy {
  /// The name under which a person gave a value: that of its option, where it has one.
  static func name(of value: InvalidValue) -> String {
    let option = ModelOptions.name(value.key)
    let settings = PosteriorKind.allCases.flatMap { Setting.all(for: $0).flatMap(\.settings) }
    return settings.contains { $0.option == option } ? option : value.name
  }

  /// The same for a value of a density model's configuration.
  static func densityName(of value: InvalidValue) -> String {
    switch value.key {
    case "kind", "dimensions", "image", "flows": value.name
    case "validationInterval": "--validate-every"
    default: "--\(value.key.words(separator: "-"))"
    }
  }

  /// The options of a command that mend an error; nil where there are none.
  ///
  /// - Parameter isDensity: Whether the command is one of density models.
  static func options(for error: any Error, isDensity: Bool) -> String? {
    switch error {
    case let error as RunError: isDensity ? densityOptions(for: error) : options(for: error)
    case let error as DatasetError: options(for: error)
    case let error as SafetensorsError:
      if case .beyondLimit = error.problem { "--memory-limit GB raises the limit." } else { nil }
    default: nil
    }
  }

  /// Where commands of density models have other options.
  private static func densityOptions(for error: RunError) -> String? {
    switch error {
    case .foreign: "--resume FOLDER goes on with the run that is in a folder."
    case .solve(_, .stepLimit):
      "In a new run, --tolerance sets the tolerance, and --polynomial, --kinetic-energy and --jacobian-norm make the dynamics "
        + "smoother."
    case .invalidModel: "--flow, --blocks, --hidden and --components say how a model is built."
    // Models that are known by a name are autoencoders.
    case .modelAlone, .missingCheckpoint: nil
    default: options(for: error)
    }
  }

  private static func options(for error: RunError) -> String? {
    switch error {
    case .changedData: "--allow-changed-data goes on with those that there are now."
    case .missingCheckpoint(let path): checkpointOptions(for: path)
    case .unknownModel(let name, let known): Suggestion.nearest(to: name, in: known).map { "Did you mean '\($0)'?" }
    case .missingModel(let name, _): "'ffjord-vae models fetch \(name) --from FOLDER' fetches it."
    case .occupied(let path):
      "--resume \(Terminal.quoted(path)) continues the run, --output DIRECTORY begins another elsewhere, --overwrite replaces it."
    case .lostCheckpoints(let path): "--output \(Terminal.quoted(path)) --overwrite replaces the run."
    case .foreign(let path, _): "--resume \(Terminal.quoted(path)) --output DIRECTORY begins another run with it."
    case .inUse, .unwritable, .ownedByRun: "--output names another place."
    case .existing: "--output names another place, --overwrite replaces it."
    case .solve(nil, .stepLimit), .solve(nil, .stepUnderflow):
      "'ffjord-vae evaluate --tolerance X' solves to another tolerance than the run's."
    case .solve(_, .stepLimit):
      "--tolerance and --training-tolerance set the tolerances of a new run, which --from begins with a model's parameters; "
        + "--kinetic-energy and --jacobian-norm make its dynamics smoother."
    case .diverged, .solve(.some, _):
      "--learning-rate sets the learning rate, --clip-norm clips gradients."
    case .invalidModel:
      "--flow, --amortization, --latent, --hidden, --blocks, --rank, --layer-type and --activation say how a model is built."
    case .modelAlone(let path): "--from \(Terminal.quoted(path)) begins a new run with its parameters."
    case .notEnoughMemory: "--batch-size sets the size of a batch."
    default: nil
    }
  }

  /// What to name where there is no checkpoint.
  private static func checkpointOptions(for path: String) -> String {
    let names = ((try? ModelCatalog().models()) ?? []).map(\.model.name)
    // A command that takes names of models would have found it.
    guard !names.contains(path) else {
      return "\(path) is the name of a trained model, which has no run: 'ffjord-vae train --from \(path)' begins one "
        + "with its parameters."
    }
    return suggestion(path, of: names) + "'ffjord-vae models list' lists the models that can be named."
  }

  /// A question after the nearest of some names, to precede a sentence; empty where none is near.
  private static func suggestion(_ name: String, of names: [String]) -> String {
    Suggestion.nearest(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
  }

  private static func options(for error: DatasetError) -> String? {
    switch error {
    case .unknownDataset(let name, let known):
      suggestion(name, of: known) + "'ffjord-vae datasets list' lists the datasets."
    case .notFound(let dataset, _, _):
      DatasetCatalog.known(dataset) == nil
        ? "--data-dir names its folder."
        : "'ffjord-vae datasets fetch \(dataset)' fetches it; --data-dir names its folder."
    case .missingPath:
      "'ffjord-vae datasets list' lists the datasets; --data-dir names the folder of images that have moved."
    case .missingData(let path, let known):
      suggestion(path.split(separator: "/").last.map(String.init) ?? path, of: known)
        + "--data-dir names the folder of data that have moved."
    case .unusable:
      "If a file is damaged, put a whole copy in its place; --resize HxW resizes images, --invert and --binarize say what their "
        + "pixels mean."
    case .unwritable: "--data-dir names another folder of datasets, $FFJORD_VAE_MODELS one of models."
    case .occupied: "--replace replaces it."
    case .malformed: "'ffjord-vae datasets check' compares checksums."
    case .tooLarge: "--memory-limit GB raises the limit."
    default: nil
    }
  }
}
