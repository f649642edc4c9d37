import ArgumentParser
import ImageDatasets
import Runs

extension Preset: ExpressibleByArgument {
  /// What help says of each.
  public static var allValueDescriptions: [String: String] {
    [
      Preset.paper.rawValue: "the published experiment, as its code runs it",
      Preset.paperText.rawValue: "the same, as the paper describes it",
      Preset.fast.rawValue: "our recipe for the same data: hours, not days",
      Preset.small.rawValue: "two minutes on glyphs",
    ]
  }
}

/// Seeds of several runs, written 1,2,3.
struct SeedList: ExpressibleByArgument {
  let seeds: [UInt64]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { UInt64($0) }
    seeds = parts.compactMap { $0 }
    guard !seeds.isEmpty, seeds.count == parts.count, Set(seeds).count == seeds.count else { return nil }
  }
}

/// What a run begins with, and where it goes.
struct RunOptions: ParsableArguments {
  @Option(help: "Settings to start from (default: paper)")
  var preset: Preset?

  @Option(
    help: ArgumentHelp("JSON configuration to start from", valueName: "file"), completion: .file(extensions: ["json"]))
  var config: String?

  @Option(
    help: ArgumentHelp("Checkpoint, or run (its best), to start from", valueName: "checkpoint"), completion: .checkpoint
  )
  var from: String?

  @Option(help: ArgumentHelp("Run or checkpoint to resume", valueName: "run"), completion: .resumable)
  var resume: String?

  @Option(
    help: ArgumentHelp("Folder (default: Checkpoints/DATASET-PRESET)", valueName: "dir"),
    completion: .directory)
  var output: String?

  @Option(help: ArgumentHelp("Train a run for each seed, in DIR-seedN", .seeds))
  var seeds: SeedList?

  @Flag(help: "Replace the run in the output folder")
  var overwrite = false

  @Flag(help: "Resume even if the images have changed")
  var allowChangedData = false

  func validate() throws {
    if output == "" { throw ValidationError("--output needs a value: the folder of the run") }
    if allowChangedData, resume == nil { throw ValidationError("--allow-changed-data needs --resume") }
    if config != nil, preset != nil {
      throw ValidationError("--config and --preset: give one of them; a configuration file may name a preset itself")
    }
  }
}

/// What a run is trained on.
struct TrainingDataOptions: ConfiguringOptions {
  @Option(
    help: ArgumentHelp(
      "Dataset, or path of own images (default: \(DatasetCatalog.standard().rawValue))", valueName: "name"),
    completion: .dataset)
  var dataset: String?

  @Option(help: .dataFolder, completion: .directory)
  var dataDir: String?

  @Option(help: .setting("Use only the first n training images", .limitTrain, .count))
  var limitTrain: Int?

  @Option(help: .setting("Use only the first n validation images", .limitEval, .count))
  var limitEval: Int?

  var assignments: [OptionAssignment<TrainingConfiguration>] {
    [
      .init("--dataset", dataset, \.dataset), .init("--limit-train", limitTrain, \.limitTrain),
      .init("--limit-eval", limitEval, \.limitEvaluation),
    ]
  }
}
