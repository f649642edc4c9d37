import ArgumentParser
import Files
import ImageDatasets
import Runs

extension ImagePreparation.Binarization: ExpressibleByArgument {}

extension ImageSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// How a person's own images are read: what is not given is as in the run, or as a new run begins.
struct OwnImageOptions: ConfiguringOptions {
  @Option(help: ArgumentHelp("Make grey pixels binary (default: the run's or none)", valueName: "how"))
  var binarize: ImagePreparation.Binarization?

  @Option(help: ArgumentHelp("Resize images to H rows and W columns", .size))
  var resize: ImageSize?

  @Flag(inversion: .prefixedNo, help: "Dark is 1, light is 0 (default: the run's or no)")
  var invert: Bool?

  @Flag(help: "List every file that is passed over")
  var listIgnored = false

  func validate() throws {
    var preparation = ImagePreparation()
    preparation.size = resize
    if let validationError = preparation.validationError { throw ValidationError("--resize: \(validationError)") }
  }

  var assignments: [OptionAssignment<ImagePreparation>] {
    [
      .init("--binarize", binarize, \.binarization), .init("--resize", resize, \.size),
      .init("--invert", invert, \.isInverted),
    ]
  }

  /// Checks that options of preparation go with a dataset.
  ///
  /// - Throws: ``RunError/invalidConfiguration(_:)`` for a dataset known by name.
  func check(_ name: String) throws(RunError) {
    guard !names.isEmpty, DatasetCatalog.isKnown(name) else { return }
    throw .invalidConfiguration(
      "\(names.joined(separator: ", ")) is for your own images, --dataset PATH, got --dataset \(name)")
  }

  /// The dataset of a name or at a path, its images prepared as the run's are but for what was given; says which files
  /// were passed over, and what a person may not expect.
  ///
  /// - Parameter isMeant: Whether the options are for this dataset, and not for another one alone.
  func load(
    _ name: String, _ locator: DatasetLocator, preparation: ImagePreparation, memoryLimit: MemoryLimit,
    isMeant: Bool = true, report: (String) -> Void = { _ in }
  ) throws -> ImageDataset {
    var preparation = preparation
    if isMeant {
      try check(name)
      apply(to: &preparation)
    }
    let dataset = try DatasetLoader.load(
      name: name, locator: locator, preparation: preparation, memoryLimit: memoryLimit, report: report)
    guard let origins = dataset.origins else { return dataset }
    if !origins.ignored.isEmpty { Terminal.logger.warning("\(ignored(origins.ignored))") }
    Terminal.warn(of: origins.remarks)
    return dataset
  }

  private func ignored(_ files: [String]) -> String {
    let shown = listIgnored ? files : Array(files.prefix(20))
    let rest = files.count - shown.count
    return
      "\(Terminal.count(files.count, "file")) passed over, no images of the dataset: \(shown.map { $0.visible() }.joined(separator: ", "))"
      + (rest > 0 ? " and \(rest) more; --list-ignored names them" : "")
  }
}
