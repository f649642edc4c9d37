import DensityEstimation
import Files
import Foundation
import ImageDatasets
import PyTorchInterchange
import Runs
import Safetensors

/// Puts inputs where a reader finds them, and reads them.
///
/// Whatever an input is, reading ends in a value or in an error of bad data; anything else ends the process.
public final class ReaderFuzzer {
  private let reader: FuzzedReader
  private let folder: URL
  /// Small, so that a fuzzer notices memory that is taken against it.
  private static let memoryLimit = MemoryLimit(floor: 1 << 20)

  /// - Parameters:
  ///   - reader: The reader.
  ///   - folder: A folder that is there, for files that each input replaces; memory is faster than a disk.
  public init(_ reader: FuzzedReader, in folder: URL) throws {
    self.reader = reader
    self.folder = folder
    if [.metrics, .evaluations].contains(reader) {
      try Data(TrainingConfiguration().json().utf8).write(to: folder.appending(path: "config.json"))
    }
    if reader == .idx {
      let test: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
      try Data(test).write(to: folder.appending(path: "t10k-images-idx3-ubyte"))
    }
  }

  /// Reads an input, and what is made of it; how the first reading ended.
  @discardableResult
  public func read(_ input: UnsafeRawBufferPointer) -> FuzzedOutcome {
    let bytes = Array(input)
    switch reader {
    case .mat:
      let outcome = images(bytes, "images.mat")
      if let compressed = Dressing.compressedMAT(bytes) { images(compressed, "images.mat") }
      return outcome
    case .npz:
      density(bytes, "images.npz")
      return images(bytes, "images.npz")
    case .npy:
      density(bytes, "images.npy")
      let outcome = images(bytes, "images.npy")
      images(Dressing.zip(bytes, name: "images.npy"), "images.npz")
      return outcome
    case .amat:
      let outcome = matrix(bytes)
      matrix(Dressing.gzip(bytes))
      return outcome
    case .gzip: return matrix(bytes)
    case .png:
      let outcome = picture(bytes)
      if let mended = Dressing.mendedPNG(bytes) { picture(mended) }
      return outcome
    case .jpeg:
      let outcome = pictures(bytes, "picture.jpg")
      pictures(bytes, "picture.jpg", resizedTo: ImageSize(height: 16, width: 20))
      return outcome
    case .csv: return density(bytes, "table.csv")
    case .idx:
      density(Dressing.gzip(bytes), "train-images-idx3-ubyte", name: "mnist")
      return density(bytes, "train-images-idx3-ubyte", name: "mnist")
    case .safetensors, .zstandard:
      return attempt(bytes, "tensors.safetensors") { try SafetensorsFile($0).readTensors { _, _ in } }
    case .checkpoint:
      return attempt(bytes, "last.safetensors.zst") { file in
        _ = try Checkpoint.summary(of: file)
        _ = try Checkpoint.read(file, includingOptimizer: true)
      }
    case .stateDict: return attempt(bytes, "state.safetensors") { _ = try ModelImport($0) }
    case .configuration: return run(bytes, "config.json")
    case .metrics: return run(bytes, "metrics.jsonl")
    case .evaluations: return run(bytes, "evaluations.jsonl")
    }
  }

  @discardableResult
  private func images(_ bytes: [UInt8], _ name: String) -> FuzzedOutcome {
    attempt(bytes, name) { file in
      _ = try DatasetLoader.load(name: file.path, memoryLimit: Self.memoryLimit)
    }
  }

  /// Data of a density, of which a file is made of bytes; named by its path where no name is given.
  @discardableResult
  private func density(_ bytes: [UInt8], _ file: String, name: String? = nil) -> FuzzedOutcome {
    let locator = DatasetLocator(dataDirectory: folder.path, environment: [:])
    return attempt(bytes, file) { file in
      _ = try DensityDataset.load(name ?? file.path, locator: locator, memoryLimit: Self.memoryLimit)
    }
  }

  @discardableResult
  private func matrix(_ bytes: [UInt8]) -> FuzzedOutcome {
    attempt(bytes, "matrix.amat") { _ = try AMATFile(rowCount: 3, rowLength: 9).read($0) }
  }

  @discardableResult
  private func picture(_ bytes: [UInt8]) -> FuzzedOutcome {
    pictures(bytes, "picture.png")
    pictures(bytes, "picture.png", resizedTo: ImageSize(height: 16, width: 20))
    return attempt(bytes, "picture.png") { _ = try PNGImage(contentsOf: $0) }
  }

  /// The folder's pictures, one of them made of bytes.
  @discardableResult
  private func pictures(_ bytes: [UInt8], _ name: String, resizedTo size: ImageSize? = nil) -> FuzzedOutcome {
    var preparation = ImagePreparation()
    preparation.size = size
    return attempt(bytes, name) { _ in
      _ = try DatasetLoader.load(name: folder.path, preparation: preparation, memoryLimit: Self.memoryLimit)
    }
  }

  private func run(_ bytes: [UInt8], _ name: String) -> FuzzedOutcome {
    attempt(bytes, name) { _ in _ = try RunSummary(RunDirectory(folder.path)) }
  }

  @discardableResult
  private func attempt(_ bytes: [UInt8], _ name: String, _ read: (URL) throws -> Void) -> FuzzedOutcome {
    let file = folder.appending(path: name)
    write(bytes, to: file.path)
    do {
      try read(file)
      return .read
    } catch {
      let isBadData =
        switch error {
        case let error as DatasetError: error.category == .badData
        case let error as PNGError: error.category == .badData
        case let error as SafetensorsError: error.category == .badData
        case let error as RunError: error.category == .badData
        default: false
        }
      precondition(isBadData, "a damaged file is not refused as bad data, but by: \(error)")
      // A message of megabytes is no message.
      let text = String(describing: error)
      precondition(text.utf8.count < 1 << 18, "\(text.utf8.count) bytes of message")
      return .refused(text)
    }
  }

  private func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "\(path) cannot be written")
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      precondition(count > 0, "\(path) cannot be written")
      done += count
    }
  }
}
