import Files
import Foundation
import ImageDatasets
import Tensors

extension DensityDataset {
  private static let mnistTraining = "train-images-idx3-ubyte"

  /// Where a file of MNIST's may be in a folder.
  private static func mnistPlaces(_ file: String, in directory: URL) -> [URL] {
    ["mnist/\(file)", file].flatMap { [directory.appending(path: "\($0).gz"), directory.appending(path: $0)] }
  }

  /// The folder that holds the files of known data; nil for data that have none, or that are the user's own.
  ///
  /// - Parameters:
  ///   - name: What ``lastingName(for:)`` gives.
  ///   - locator: What the data were found with.
  /// - Throws: `DatasetError`
  public static func directory(holding name: String, _ locator: DatasetLocator) throws(DatasetError) -> URL? {
    if name == "mnist" {
      return locator.directories.first { directory in
        mnistPlaces(mnistTraining, in: directory).contains { FileManager.default.fileExists(atPath: $0.path) }
      }
    }
    return greyImages(name) == nil ? nil : try locator.directory(holding: name)
  }

  /// MNIST's grey images: the last 10,000 of the 60,000 training images are for validation.
  static func mnist(_ locator: DatasetLocator, _ memoryLimit: MemoryLimit) throws(DatasetError)
    -> DensityDataset
  {
    func read(_ file: String) throws(DatasetError) -> (height: Int, width: Int, levels: [UInt8]) {
      let candidates = locator.directories.flatMap { mnistPlaces(file, in: $0) }
      guard let url = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
        throw .notFound(
          dataset: "mnist in grey levels", searched: candidates.map(\.path),
          address: "https://ossci-datasets.s3.amazonaws.com/mnist/\(file).gz")
      }
      do throws(DatasetError) { return try IDXFile.read(url, memoryLimit: memoryLimit) } catch {
        // No checksums of these files are known, and 'datasets fetch' does not download them.
        guard case .malformed(_, let reason) = error else { throw error }
        throw .unusableData(path: url.path, reason: "\(reason); download it again")
      }
    }
    let (training, test) = (try read(mnistTraining), try read("t10k-images-idx3-ubyte"))
    guard training.height == test.height, training.width == test.width else {
      throw .unusableData(path: "mnist", reason: "its training and test images are of two sizes")
    }
    let shape = ImageShape(height: training.height, width: training.width)
    let all = rows(training.levels, shape)
    let validationCount = all.shape[0] / 6
    let trainingCount = all.shape[0] - validationCount
    return try images(
      "mnist", shape, training: all.sliced(axis: 0, start: 0, length: trainingCount),
      validation: all.sliced(axis: 0, start: trainingCount, length: validationCount), test: rows(test.levels, shape))
  }
}
