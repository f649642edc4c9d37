import ImageDatasets
import Tensors

/// What a model says of the tables that it takes.
struct TableModel {
  /// How the table that it was trained on was standardized, and others are.
  let standardization: Standardization
  /// The names of its columns; nil where they had none.
  let columns: [String]?

  /// Nil for a model of other data.
  init?(_ state: DensityState) {
    guard let standardization = state.standardization else { return nil }
    (self.standardization, columns) = (standardization, state.columns)
  }

  /// A table with its columns in the model's order. Without names, on either side, they are taken to be in order.
  ///
  /// - Throws: `DatasetError.unusableData` where there are others.
  func fitting(_ file: TableFile, _ name: String) throws(DatasetError) -> TableFile {
    let count = standardization.mean.count
    guard file.columns == count else {
      throw .unusableData(
        path: name,
        reason: "it has \(file.columns) column\(file.columns == 1 ? "" : "s"), and the model takes \(count)")
    }
    guard let columns, let names = file.names, names != columns else { return file }
    guard Set(columns).count == count else {
      throw .unusableData(
        path: name, reason: "its columns have other names than the model's, of which some are the same")
    }
    let places = Dictionary(zip(names, names.indices)) { first, _ in first }
    if let missing = columns.first(where: { places[$0] == nil }) {
      // With as many names as the model's, one is of no column of the model, or stands twice.
      let other =
        names.first { !columns.contains($0) }.map { "'\($0.visible())', which it does not" }
        ?? names.first { name in names.count { $0 == name } > 1 }.map { "'\($0.visible())' twice" } ?? "others"
      throw .unusableData(
        path: name,
        reason: "it has no column '\(missing.visible())', which the model takes, and has \(other)")
    }
    return file.reordered(columns.map { places[$0] ?? 0 })
  }
}
