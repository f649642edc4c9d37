@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Randomness

/// A suite that writes tables to a directory of its own and reads them.
protocol TableSuite {
  var directory: TemporaryDirectory { get }
}

extension TableSuite {
  func load(_ name: String, memoryLimit: MemoryLimit = .standard) throws -> DensityDataset {
    try DensityDataset.load(
      directory.path(name), locator: DatasetLocator(environment: [:]), memoryLimit: memoryLimit)
  }

  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: directory.file(name)) }

  func normals(_ count: Int, step: UInt64 = 0) -> [Float] {
    RandomStream(seed: 1, purpose: .test, step: step).normals(0..<count)
  }

  /// A NumPy array of normal numbers, `[rows, columns]`.
  func npy(_ rows: Int, _ columns: Int, step: UInt64 = 0) -> Data {
    ArchiveWriter.npy("<f4", [rows, columns], normals(rows * columns, step: step))
  }

  /// The state of a model of a table.
  func model(of table: String) throws -> DensityState {
    let data = try load(table)
    var configuration = DensityConfiguration().fitted(to: data)
    configuration.dataset = directory.path(table)
    var state = DensityState(configuration, ParameterSet(), buffers: ParameterSet())
    (state.standardization, state.columns) = (data.standardization, data.columns)
    return state
  }
}
