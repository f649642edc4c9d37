import Files
import Foundation
import ImageDatasets
import Tensors

extension DensityDataset {
  /// The names of data that are known by a name: toys, MNIST's grey images, and the other known datasets of grey images.
  public static let names =
    ToyDensity.allCases.map(\.rawValue) + ["mnist"] + DatasetCatalog.all.filter { $0.pixels == .grey }.map(\.name)

  /// A dataset's name under which it is found later: that of known data, or an absolute path.
  public static func lastingName(for name: String) -> String {
    if names.contains(name) || greyImages(name) != nil { return name }
    return URL(fileURLWithPath: name.expandingTilde).standardizedFileURL.path
  }

  /// The known dataset of grey images of a name, which may have a variant after a colon.
  static func greyImages(_ name: String) -> DatasetDescription? {
    DatasetCatalog.known(name).flatMap { $0.pixels == .grey ? $0 : nil }
  }

  /// Loads data: a toy, grey images of a known dataset, a table, a picture as a density, or a folder of pictures.
  ///
  /// - Parameters:
  ///   - name: What ``lastingName(for:)`` gives.
  ///   - locator: Finds the files of known datasets.
  ///   - memoryLimit: How much memory a file's contents may take.
  /// - Throws: `DatasetError`
  public static func load(
    _ name: String, locator: DatasetLocator, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DensityDataset {
    try load(name, as: nil, locator, memoryLimit)
  }

  /// A model's own data, from where they were when its run began, or from where they are now; rows of a table are
  /// standardized as they were then.
  ///
  /// - Parameters:
  ///   - state: The model's state.
  ///   - locator: Finds the files of known datasets, and data that have moved.
  ///   - memoryLimit: How much memory a file's contents may take.
  /// - Throws: `DatasetError`, also where the data are no longer such as the model takes.
  public static func load(
    for state: DensityState, locator: DatasetLocator, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DensityDataset {
    let name = locator.place(ofRecorded: state.configuration.dataset)
    let data = try load(name, as: TableModel(state), locator, memoryLimit)
    if let misfit = data.misfit(state.configuration) { throw .unusableData(path: name, reason: misfit) }
    return data
  }

  private static func load(
    _ name: String, as model: TableModel?, _ locator: DatasetLocator, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) -> DensityDataset {
    let data = try read(name, as: model, locator, memoryLimit)
    let (dimensions, most) = (data.dimensions, DensityConfiguration.mostDimensions)
    guard dimensions <= most else {
      throw .unusableData(
        path: name,
        reason: data.imageShape == nil
          ? "it has \(dimensions) columns, and a density model takes at most \(most)"
          : "its images have \(dimensions) pixels, and a density model takes at most \(most); make them smaller")
    }
    let side = data.imageShape.map { max($0.height, $0.width) } ?? 0
    guard side <= DensityConfiguration.largestImageSide else {
      throw .unusableData(
        path: name,
        reason: "its images have a side of \(side), and a density model takes at most "
          + "\(DensityConfiguration.largestImageSide); make them smaller")
    }
    return data
  }

  private static func read(
    _ name: String, as model: TableModel?, _ locator: DatasetLocator, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) -> DensityDataset {
    if let toy = ToyDensity(rawValue: name) { return endless(name, .toy(toy)) { toy.points($0, $1) } }
    if name == "mnist" { return try mnist(locator, memoryLimit) }
    if let known = greyImages(name) { return try images(name, try known.read(try locator.locateAll(known)) { _ in }) }
    let url = URL(fileURLWithPath: name)
    guard let isDirectory = FileManager.default.isDirectory(atPath: url.path) else {
      if DatasetCatalog.known(url.lastPathComponent) != nil {
        throw .unusableData(
          path: url.lastPathComponent, reason: "its images are black and white, and a density model takes grey ones")
      }
      throw .missingData(path: url.path, known: names)
    }
    if isDirectory { return try images(name, try folder(url, memoryLimit)) }
    // A resumed run reads the data again, and what has gone through a pipe is gone.
    guard FileManager.default.isRegularFile(atPath: url.path) == true else {
      throw .unusableData(path: url.path, reason: "it is a pipe or a device; write the data to a file first")
    }
    if TableFile.isOne(url) { return try table(name, TableFile(url, memoryLimit: memoryLimit), as: model) }
    let picture = try PictureDensity(url, memoryLimit: memoryLimit)
    return endless(name, .picture(picture)) { picture.points($0, $1) }
  }

  /// The pictures of a folder, which must be of one size.
  static func folder(_ url: URL, _ memoryLimit: MemoryLimit) throws(DatasetError) -> ImageDataset {
    do throws(DatasetError) {
      return try DatasetDescription.ownImages(at: url.path, memoryLimit: memoryLimit).read([]) { _ in }
    } catch {
      // The remedies for images of autoencoders are options that a density model does not have.
      if case .unusable(let path, let reason) = error { throw .unusableData(path: path, reason: reason) }
      throw error
    }
  }

  static func rows(_ levels: [UInt8], _ shape: ImageShape) -> Tensor {
    Tensor(levels.map { Float($0) }, shape: [levels.count / shape.pixels, shape.pixels])
  }

  private static func images(_ name: String, _ dataset: ImageDataset) throws(DatasetError) -> DensityDataset {
    let shape = ImageShape(height: dataset.height, width: dataset.width)
    return try images(
      name, shape, training: rows(dataset.train, shape), validation: rows(dataset.validation, shape),
      test: rows(dataset.test, shape))
  }

  /// A dataset of images.
  ///
  /// - Throws: `DatasetError.unusableData` where a part is empty.
  static func images(
    _ name: String, _ shape: ImageShape, training: Tensor, validation: Tensor, test: Tensor
  ) throws(DatasetError) -> DensityDataset {
    let counts = [training, validation, test].map { $0.shape[0] }
    guard !counts.contains(0) else {
      throw .unusableData(
        path: name,
        reason: "it has \(counts[0]) images for training, \(counts[1]) for validation and \(counts[2]) for testing, "
          + "and each needs one; give more images, or folders train, validation and test")
    }
    return DensityDataset(
      name: name, kind: .images(shape), source: .rows(training), validation: validation, test: test)
  }

  /// Images as levels of grey, `[n, pixels]`.
  static func rows(_ images: GreyImages, _ shape: ImageShape) -> Tensor {
    rows(images.levels ?? images.pixels.map { UInt8(min(max(255 * $0, 0), 255).rounded()) }, shape)
  }
}
