import Files
import Foundation
import ImageDatasets
import Tensors

/// Rows for a model, as it takes them.
public struct DensityRows: Sendable {
  /// The rows, `[n, dimensions]`: those of tables and points standardized as the model's own, of images levels of grey.
  public let rows: Tensor
  /// What a user should know of them.
  public let remarks: [String]
}

extension DensityDataset {
  /// The rows of other data than a model's own: all rows of a table and all pictures of a folder; of data that are known by
  /// a name, the test part.
  ///
  /// - Parameters:
  ///   - name: What ``lastingName(for:)`` gives.
  ///   - state: The model's state.
  ///   - locator: Finds the files of known datasets.
  ///   - memoryLimit: How much memory a file's contents may take.
  /// - Throws: `DatasetError`, also where the data are not such as the model takes.
  public static func rows(
    of name: String, for state: DensityState, locator: DatasetLocator, memoryLimit: MemoryLimit = .standard
  ) throws(DatasetError) -> DensityRows {
    let configuration = state.configuration
    let (rows, remarks) = try whole(name, state, locator, memoryLimit)
    let taken = configuration.dimensions ?? 0
    guard rows.shape[1] == taken else {
      throw .unusableData(
        path: name,
        reason: "it has \(rows.shape[1]) column\(rows.shape[1] == 1 ? "" : "s"), and the model takes \(taken)")
    }
    if configuration.image != nil,
      let place = rows.floats().firstIndex(where: { !(0...255).contains($0) || $0 != $0.rounded() })
    {
      throw .unusableData(
        path: name,
        reason:
          "row \(place / taken + 1) has a number that is no level of grey, which is a whole number of 0…255")
    }
    let prepared = state.standardization?.standardized(rows) ?? rows.converted(to: .float32)
    if let place = TableColumns(names: state.columns).outlier(in: rows, standardized: prepared) {
      throw .unusableData(path: name, reason: place)
    }
    return DensityRows(rows: prepared, remarks: remarks)
  }

  /// Rows in their own units, and remarks.
  private static func whole(
    _ name: String, _ state: DensityState, _ locator: DatasetLocator, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) -> (Tensor, [String]) {
    let url = URL(fileURLWithPath: name)
    let remarks =
      name == state.configuration.dataset
      ? ["\(name) holds what the model was trained on, too; leave --data out for its test part alone"] : []
    let isKnown = names.contains(name) || greyImages(name) != nil
    if !isKnown, FileManager.default.isDirectory(atPath: url.path) == true {
      let images = try folder(url, memoryLimit)
      let shape = ImageShape(height: images.height, width: images.width)
      if let reason = ImageShape.misfit(shape, state.configuration.image) {
        throw .unusableData(path: name, reason: reason)
      }
      let parts = [images.train, images.validation, images.test].filter { $0.count > 0 }
      return (.concatenation(parts.map { self.rows($0, shape) }, axis: 0), remarks)
    }
    if !isKnown, TableFile.isOne(url) {
      var file = try TableFile(url, memoryLimit: memoryLimit)
      if let model = TableModel(state) { file = try model.fitting(file, name) }
      return (file.rows, file.remarks + remarks)
    }
    let data = try load(name, locator: locator, memoryLimit: memoryLimit)
    if let misfit = data.misfit(state.configuration) { throw .unusableData(path: name, reason: misfit) }
    return (data.test, [])
  }
}
