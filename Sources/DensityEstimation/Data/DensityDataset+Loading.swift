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
  private static func greyImages(_ name: String) -> DatasetDescription? {
    DatasetCatalog.known(name).flatMap { $0.pixels == .grey ? $0 : nil }
  }

  /// Loads data: a toy, grey images of a known dataset, a table, a picture as a density, or a folder of pictures.
  ///
  /// - Parameters:
  ///   - name: What ``lastingName(for:)`` gives.
  ///   - locator: Finds the files of known datasets, and data that have moved.
  ///   - memoryLimit: How much memory a file's contents may take.
  /// - Throws: `DatasetError`
  public static func load(
    _ name: String, locator: DatasetLocator, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DensityDataset {
    if let toy = ToyDensity(rawValue: name) { return endless(name, .toy(toy)) { toy.points($0, $1) } }
    if name == "mnist" { return try mnist(locator, memoryLimit) }
    if let known = greyImages(name) { return try images(name, try known.read(try locator.locateAll(known)) { _ in }) }
    let url = URL(fileURLWithPath: locator.place(ofRecorded: name))
    guard let isDirectory = FileManager.default.isDirectory(atPath: url.path) else {
      throw .missingData(path: url.path, known: names)
    }
    if isDirectory { return try images(name, try folder(url, memoryLimit)) }
    if TableFile.isOne(url) { return try table(name, TableFile(url, memoryLimit: memoryLimit)) }
    let picture = try PictureDensity(url, memoryLimit: memoryLimit)
    return endless(name, .picture(picture)) { picture.points($0, $1) }
  }

  /// The pictures of a folder, which must be of one size.
  private static func folder(_ url: URL, _ memoryLimit: MemoryLimit) throws(DatasetError) -> ImageDataset {
    do throws(DatasetError) {
      return try DatasetDescription.ownImages(at: url.path, memoryLimit: memoryLimit).read([]) { _ in }
    } catch {
      // The remedies for images of autoencoders are options that a density model does not have.
      if case .unusable(let path, let reason) = error { throw .unusableData(path: path, reason: reason) }
      throw error
    }
  }

  /// A model's own data, checked to be such as it takes.
  ///
  /// - Throws: `DatasetError`, also where the data are no longer those of the model.
  public static func load(
    for configuration: DensityConfiguration, locator: DatasetLocator, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DensityDataset {
    let data = try load(configuration.dataset, locator: locator, memoryLimit: memoryLimit)
    if let misfit = data.misfit(configuration) { throw .unusableData(path: configuration.dataset, reason: misfit) }
    return data
  }

  /// The rows of other data, as a model takes them: those of tables and points standardised as the model's own, of images
  /// levels of grey.
  ///
  /// - Parameters:
  ///   - name: What ``lastingName(for:)`` gives.
  ///   - state: The model's state.
  ///   - locator: Finds the files of known datasets.
  ///   - memoryLimit: How much memory a file's contents may take.
  /// - Throws: `DatasetError`, also where the data have another number of dimensions.
  public static func rows(
    of name: String, for state: DensityState, locator: DatasetLocator, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> Tensor {
    let (configuration, url) = (state.configuration, URL(fileURLWithPath: locator.place(ofRecorded: name)))
    func unusable(_ reason: String) -> DatasetError { .unusableData(path: name, reason: reason) }
    var rows: Tensor
    if !names.contains(name), TableFile.isOne(url) {
      let parts = try TableFile(url, memoryLimit: memoryLimit).parts
      rows = Tensor.concatenation(DatasetSplit.allCases.compactMap { parts[$0] }, axis: 0)
    } else {
      let data = try load(name, locator: locator, memoryLimit: memoryLimit)
      if let misfit = data.misfit(configuration) { throw unusable(misfit) }
      rows = data.test
    }
    let taken = configuration.dimensions ?? 0
    guard rows.shape[1] == taken else {
      throw unusable("it has \(rows.shape[1]) column\(rows.shape[1] == 1 ? "" : "s"), and the model takes \(taken)")
    }
    if configuration.image != nil, let place = rows.floats().firstIndex(where: { !(0...255).contains($0) }) {
      throw unusable("row \(place / taken + 1) has a number outside 0…255, the levels of grey that the model takes")
    }
    if let standardization = state.standardization { rows = standardization.standardised(rows) }
    return rows
  }

  /// MNIST's grey images: the last 10,000 of the 60,000 training images are for validation.
  private static func mnist(_ locator: DatasetLocator, _ memoryLimit: MemoryLimit) throws(DatasetError)
    -> DensityDataset
  {
    func read(_ file: String) throws(DatasetError) -> (height: Int, width: Int, levels: [UInt8]) {
      let candidates = locator.directories.flatMap { directory in
        ["mnist/\(file)", file].flatMap { [directory.appending(path: "\($0).gz"), directory.appending(path: $0)] }
      }
      guard let url = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
        throw .notFound(
          dataset: "mnist in grey levels", searched: candidates.map(\.path),
          address: "https://ossci-datasets.s3.amazonaws.com/mnist/\(file).gz")
      }
      return try IDXFile.read(url, memoryLimit: memoryLimit)
    }
    let (training, test) = (try read("train-images-idx3-ubyte"), try read("t10k-images-idx3-ubyte"))
    guard training.height == test.height, training.width == test.width else {
      throw .unusable(path: "mnist", reason: "its training and test images are of two sizes")
    }
    let shape = ImageShape(height: training.height, width: training.width)
    let all = rows(training.levels, shape)
    let validationCount = all.shape[0] / 6
    let trainingCount = all.shape[0] - validationCount
    return DensityDataset(
      name: "mnist", kind: .images(shape),
      source: .rows(all.sliced(axis: 0, start: 0, length: trainingCount)),
      validation: all.sliced(axis: 0, start: trainingCount, length: validationCount), test: rows(test.levels, shape))
  }

  private static func rows(_ levels: [UInt8], _ shape: ImageShape) -> Tensor {
    Tensor(levels.map { Float($0) }, shape: [levels.count / shape.pixels, shape.pixels])
  }

  private static func images(_ name: String, _ dataset: ImageDataset) throws(DatasetError) -> DensityDataset {
    guard dataset.train.count > 0, dataset.validation.count > 0, dataset.test.count > 0 else {
      throw .unusableData(
        path: name,
        reason: "it has \(dataset.train.count) images for training, \(dataset.validation.count) for validation and "
          + "\(dataset.test.count) for testing, and each needs one; give more images, or folders train, validation and test"
      )
    }
    let shape = ImageShape(height: dataset.height, width: dataset.width)
    func part(_ images: GreyImages) -> Tensor {
      rows(images.levels ?? images.pixels.map { UInt8(min(max(255 * $0, 0), 255).rounded()) }, shape)
    }
    return DensityDataset(
      name: name, kind: .images(shape), source: .rows(part(dataset.train)), validation: part(dataset.validation),
      test: part(dataset.test))
  }
}
