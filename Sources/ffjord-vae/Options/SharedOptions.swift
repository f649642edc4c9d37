import ArgumentParser
import Foundation
import ImageDatasets
import Inference
import NeuralNetworks
import NormalizingFlows
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// Options of every command that computes.
struct ComputeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads (default: all cores)", .count))
  var threads: Int?

  @Flag(help: "Show what each process prints under MPI")
  var verboseRanks = false

  func validate() throws { try check("--threads", threads, in: 1...1024) }

  func apply() {
    if let threads {
      Compute.threads = threads
      Ranks.share(threads: threads)
    }
    if verboseRanks { Ranks.askForWords() }
  }
}

/// A picture of some number of images.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("PNG to write", valueName: "file"), completion: .file(extensions: ["png"]))
  var output: String

  @Option(help: ArgumentHelp("Number of images", .count))
  var count = 64

  func validate() throws { try check("--count", count, in: 1...10_000) }
}

/// How many images are used.
struct LimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Use only the first n images (default: all)", .count))
  var limit: Int?

  func validate() throws { try check("--limit", limit, in: 1...) }
}

/// The noise that samples of the posterior are made of.
struct SeedOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Random seed", .count))
  var seed: UInt64 = 1
}

/// How the divergence of the velocity is found.
struct DivergenceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How the divergence is computed", valueName: "kind"))
  var divergence: Divergence = .exact
}

/// A file of arrays or rows, one for each image.
struct ArrayOutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(".safetensors, .npy or .csv to write", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npy", "csv"]))
  var output: String
}

extension ArgumentHelp {
  /// Of the argument that names a trained model.
  static let checkpoint: ArgumentHelp = "Checkpoint, folder of a run (its best), or a model"
  static let dataFolder = ArgumentHelp("Folder of datasets, searched first", valueName: "dir")
}

/// Which images of which dataset a trained model is used on.
struct ImageOptions: ParsableArguments {
  @OptionGroup(title: "Data") var source: SourceOptions
  @OptionGroup(title: "Data") var own: OwnImageOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  struct SourceOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("Dataset, or path of own images (default: the run's)", valueName: "name"),
      completion: .dataset)
    var dataset: String?

    @Option(help: .dataFolder, completion: .directory)
    var dataDir: String?

    @Option(help: "Part of the dataset")
    var split: ImageSelection = .test
  }

  var split: ImageSelection { source.split }

  /// Images as the model takes them; grey ones of a binary dataset's training split by one fixed draw.
  ///
  /// Says what there is to say of them: files passed over, colours, images that were trained on.
  ///
  /// - Parameter choose: Which of so many images to take.
  func images(
    for state: TrainingState, seed: UInt64, choosing choose: (_ count: Int) throws -> [Int]
  ) throws -> ChosenImages {
    try images(source.dataset, split, for: state, seed: seed, choosing: choose)
  }

  /// The first images, or all.
  func images(for state: TrainingState, seed: UInt64, limit: Int?) throws -> ChosenImages {
    try images(for: state, seed: seed) { Array(0..<min($0, limit ?? $0)) }
  }

  /// The first images, or all, of a part of a dataset, whichever was named by the options; nil for the run's.
  ///
  /// - Parameter isPrepared: Whether the options that say how own images are read are for these.
  func images(
    _ dataset: String?, _ split: ImageSelection, for state: TrainingState, seed: UInt64, limit: Int?, isPrepared: Bool
  ) throws -> ChosenImages {
    try images(dataset, split, for: state, seed: seed, isPrepared: isPrepared) { Array(0..<min($0, limit ?? $0)) }
  }

  private func images(
    _ dataset: String?, _ split: ImageSelection, for state: TrainingState, seed: UInt64, isPrepared: Bool = true,
    choosing choose: (_ count: Int) throws -> [Int]
  ) throws -> ChosenImages {
    let configuration = state.configuration
    let locator = DatasetLocator(dataDirectory: source.dataDir, recorded: configuration.dataDirectory)
    let name = dataset.map { DatasetCatalog.lastingName(for: $0) } ?? configuration.dataset
    let place = dataset == nil ? locator.place(ofRecorded: name) : name
    let loaded = try own.load(
      place, locator, preparation: configuration.preparation,
      memoryLimit: memory.limit, isMeant: isPrepared)
    let (height, width) = (configuration.model.imageHeight, configuration.model.imageWidth)
    guard loaded.height == height, loaded.width == width else {
      throw RunError.invalidConfiguration(
        "the model takes images of \(height)x\(width), and \(name) has \(loaded.height)x\(loaded.width)"
          + (loaded.origins == nil ? "" : "; --resize \(height)x\(width) brings them to that"))
    }
    guard configuration.model.likelihood.likelihood.pixels == loaded.pixels.values else {
      throw RunError.invalidConfiguration(
        "the model's likelihood is \(configuration.model.likelihood.rawValue), and \(name) has "
          + "\(loaded.pixels.rawValue) pixels"
          + (loaded.origins != nil && loaded.pixels == .grey
            ? "; --binarize threshold or dynamic makes them binary" : ""))
    }
    let all = loaded.images(split)
    let total = all.images.count
    guard total > 0 else {
      throw RunError.unusableImages(
        "\(name) has no images in its split \(split.rawValue); --split all takes those of all splits")
    }
    let places = try choose(total)
    let chosen = all.selecting(places)
    if let warning = state.warning(
      about: loaded, isOfRun: name == configuration.dataset, split, chosen.identities)
    {
      Terminal.logger.warning("\(warning)")
    }
    var images = chosen.images
    if loaded.pixels == .binary, !images.isBinary {
      let stream = RandomStream(seed: seed, purpose: .fixedBinarization, step: 3)
      let pixels = places.indices.flatMap { index in
        images.selecting([index]).binarized(using: stream, firstImage: places[index]).pixels
      }
      images = GreyImages(height: height, width: width, pixels: pixels)
    }
    return ChosenImages(
      dataset: name, place: place, split: split, images: images, total: total, records: chosen.records,
      labels: chosen.labels,
      polarity: loaded.polarity)
  }
}

/// Images that a model is used on.
struct ChosenImages {
  /// The name of their dataset, as the run has it.
  let dataset: String
  /// Where a person's own images were read; the name of a known dataset.
  let place: String
  /// The part of it that they are of.
  let split: ImageSelection
  let images: GreyImages
  /// How many images the split has.
  let total: Int
  /// Where each is from; none for a dataset known by name.
  let records: [ImageRecord]
  /// The label of each, empty for one without; none for a dataset without labels.
  let labels: [String]
  /// How they were given, and are drawn.
  let polarity: ImagePolarity

  /// The files of the images, and the folders of their classes where there are any, for an ``ArrayFile``.
  var texts: [(name: String, values: [String])] {
    guard !records.isEmpty else { return [] }
    let files = (name: "file", values: records.map(\.file))
    guard records.contains(where: { $0.label != nil }) else { return [files] }
    return [files, (name: "label", values: records.map { $0.label ?? "" })]
  }

  /// Says so where an output has no room for ``texts``.
  func warnOfLostNames(in output: String) throws {
    guard try ArrayFile(path: output) == .npy, !records.isEmpty else { return }
    Terminal.logger.notice("\(output): an .npy file has no room for the images' files; .csv and .safetensors have")
  }
}

extension ImageSelection: ExpressibleByArgument {}

/// Reads the model of a checkpoint that a person named.
func readModel(
  _ path: String, parameters: Checkpoint.ParameterChoice = .averaged, memory: MemoryOptions
) throws -> TrainedModel {
  var trained = try TrainedModel(at: path, parameters: parameters, memoryLimit: memory.limit)
  trained.ranks = Ranks.evaluation
  Terminal.warn(of: trained.remarks)
  return trained
}
