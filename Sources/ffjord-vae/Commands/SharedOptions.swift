import ArgumentParser
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import Tensors
import Training
import VariationalAutoencoder

/// Options of every command that computes.
struct ComputeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads to use. (default: all cores)", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): a number from 1 to 1024")
    }
  }

  func apply() {
    if let threads { Compute.threads = threads }
  }
}

/// A picture of some number of images.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The PNG to write.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("How many images.", valueName: "n"))
  var count = 64

  func validate() throws {
    if !(1...10_000).contains(count) { throw ValidationError("--count \(count): from 1 to 10000") }
  }
}

/// Which images of which dataset a trained model is used on.
struct ImageOptions: ParsableArguments {
  @Option(help: "The dataset. (default: the one that the model was trained on)")
  var dataset: String?

  @Option(help: ArgumentHelp("Where datasets are looked for first.", valueName: "dir"))
  var dataDir: String?

  @OptionGroup var memory: MemoryOptions

  @Option(help: "The part of the dataset: test, validation or train.")
  var split: DatasetSplit = .test

  /// The images as the model takes them, of `total` that the split has; grey ones of a binary dataset's training split by
  /// one fixed draw.
  func images(
    for configuration: TrainingConfiguration, seed: UInt64, limit: Int?
  ) throws -> (dataset: String, images: GreyImages, total: Int) {
    let locator = DatasetLocator(dataDirectory: dataDir, recorded: configuration.dataDirectory)
    let name = dataset.map { DatasetCatalog.lastingName(for: $0) } ?? configuration.dataset
    let loaded = try DatasetLoader.load(
      name: dataset == nil ? locator.place(ofRecorded: name) : name, locator: locator, memoryLimit: memory.limit)
    guard loaded.height == configuration.model.imageHeight, loaded.width == configuration.model.imageWidth
    else {
      throw TrainingError.invalidConfiguration(
        "the model takes images of \(configuration.model.imageHeight)x\(configuration.model.imageWidth), and "
          + "\(name) has \(loaded.height)x\(loaded.width)")
    }
    guard LikelihoodKind(loaded.pixels) == configuration.model.likelihood else {
      throw TrainingError.invalidConfiguration(
        "the model's likelihood is \(configuration.model.likelihood.rawValue), and \(name) has "
          + "\(loaded.pixels.rawValue) pixels")
    }
    var images = limit.map { loaded[split].prefix(min($0, loaded[split].count)) } ?? loaded[split]
    if loaded.pixels == .binary, !images.isBinary {
      images = images.binarized(using: RandomStream(seed: seed, purpose: .fixedBinarization, step: 3))
    }
    return (name, images, loaded[split].count)
  }
}

extension DatasetSplit: ExpressibleByArgument {}
extension Divergence: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// Reads the model of a checkpoint that a person named.
func readModel(
  _ path: String, parameters: Checkpoint.ParameterChoice = .averaged, memory: MemoryOptions
) throws -> (model: VariationalAutoencoder, state: TrainingState, url: URL) {
  let (model, state, url, remarks) = try Checkpoint.readModel(
    at: path, parameters: parameters, memoryLimit: memory.limit)
  for remark in remarks { Terminal.logger.warning("\(remark)") }
  return (model, state, url)
}
