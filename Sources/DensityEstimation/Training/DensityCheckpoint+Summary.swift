import Files
import Foundation
import Runs
import Safetensors

extension DensityCheckpoint {
  /// The description of a checkpoint, which is read from its header alone.
  public struct Summary: Sendable {
    /// The file.
    public let url: URL
    /// The configuration of its run.
    public let configuration: DensityConfiguration
    /// How far its run had come.
    public let progress: DensityProgress
    /// The identifier of its run.
    public let run: String?
    /// The entries of all tensors.
    public let entries: [SafetensorsEntry]
    /// The file's size in bytes.
    public let fileByteCount: Int

    /// The entries of the parameters: no moments of the optimizer, no buffers, no means and deviations of columns.
    public var parameters: [SafetensorsEntry] {
      entries.filter { entry in !DensityCheckpoint.otherTensors.contains { entry.name.hasPrefix($0) } }
    }
    /// The number of elements of the parameters.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }

    /// The best validation figure so far: -log p(x) in bits per dimension of images, of other data in nats; nil before the
    /// first validation.
    public var bestFigure: Double? {
      progress.bestNegativeLogLikelihood.map { configuration.bitsPerDimension(nats: $0) ?? $0 }
    }
  }

  /// Reads the description of a checkpoint, but not its tensors.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: `SafetensorsError`, `RunError.invalidCheckpoint`
  public static func summary(of url: URL, memoryLimit: MemoryLimit = .standard) throws -> Summary {
    let file = try SafetensorsFile(url, memoryLimit: memoryLimit)
    let header = try header(file)
    return Summary(
      url: url, configuration: header.configuration, progress: header.progress, run: header.run, entries: file.entries,
      fileByteCount: Int(file.byteCount))
  }
}
