import Foundation
import ImageDatasets
import Randomness
import Tensors

extension DensityDataset {
  /// How many constant columns, and pairs of correlated ones, are named.
  private static let namedCount = 20
  /// The fewest rows that can be split.
  private static let fewestRows = 10

  /// The data of a table, standardized by its training rows, or as a model's table was.
  ///
  /// A split that the file lacks is a tenth of its rows, drawn from the training rows at random, always the same ones. A
  /// column that is constant among the training rows is refused, since its density is infinite: left out silently, it would
  /// be missing from samples, and the table that a model takes would not be the one it was trained on.
  ///
  /// - Throws: `DatasetError.unusableData` where rows are too few, a column is constant, or the columns are not those that
  ///   the model takes.
  static func table(
    _ name: String, _ file: TableFile, as model: TableModel? = nil
  ) throws(DatasetError) -> DensityDataset {
    let file = try model?.fitting(file, name) ?? file
    let (train, validation, test) = try split(name, file)
    guard train.shape[0] > 1 else {
      throw .unusableData(path: name, reason: "it has a single training row, which has no density")
    }
    let columns = TableColumns(names: file.names)
    let standardization = model?.standardization ?? Standardization(of: train)
    guard (standardization.mean + standardization.deviation).allSatisfy(\.isFinite) else {
      throw .unusableData(
        path: name, reason: "its numbers are so large that their deviation is infinite in double precision; scale them")
    }
    let constant = columns.constant(standardization)
    guard constant.isEmpty else {
      let (noun, have, them) = constant.count == 1 ? ("column", "has", "it") : ("columns", "have", "them")
      let rest = constant.count - namedCount
      let all = constant.prefix(namedCount).joined(separator: ", ") + (rest > 0 ? " and \(rest) others" : "")
      throw .unusableData(
        path: name,
        reason: "\(noun) \(all) \(have) one number in all training rows, where a density is infinite; leave \(them) out"
      )
    }
    let standardized = standardization.standardized(train)
    var dataset = DensityDataset(
      name: name, kind: .table, source: .rows(standardized), validation: standardization.standardized(validation),
      test: standardization.standardized(test))
    for rows in [standardized, dataset.validation, dataset.test] where columns.hasOutlier(rows) {
      throw .unusableData(path: name, reason: outlier(in: file, columns, standardization))
    }
    dataset.standardization = standardization
    dataset.columns = file.names
    dataset.remarks = file.remarks + remarks(columns.correlated(standardized))
    return dataset
  }

  /// Where in a file the number is that is too far from the training rows: rows are counted as the file has them.
  private static func outlier(
    in file: TableFile, _ columns: TableColumns, _ standardization: Standardization
  ) -> String {
    for split in DatasetSplit.allCases {
      guard let rows = file.parts[split],
        let place = columns.outlier(in: rows, standardized: standardization.standardized(rows))
      else { continue }
      return file.parts.count > 1 ? "of the \(split) rows, \(place)" : place
    }
    return "a number is too far from the training rows"
  }

  private static func split(
    _ name: String, _ file: TableFile
  ) throws(DatasetError) -> (train: Tensor, validation: Tensor, test: Tensor) {
    guard let given = file.parts[.train] else {
      throw .unusableData(path: name, reason: "it has no training rows; name their array train")
    }
    let missing = [DatasetSplit.validation, .test].filter { file.parts[$0] == nil }
    let n = given.shape[0]
    guard missing.isEmpty || n >= fewestRows else {
      throw .unusableData(
        path: name,
        reason:
          "it has \(n) row\(n == 1 ? "" : "s"), and at least \(fewestRows) are needed for training, validation and test"
      )
    }
    let order = RandomStream(seed: 0, purpose: .tableSplit).permutation(of: n)
    let share = n / 10
    func part(_ split: DatasetSplit) -> Tensor {
      if let rows = file.parts[split] { return rows }
      let place = missing.firstIndex(of: split) ?? 0
      return given.rows(order[(place * share)..<((place + 1) * share)].sorted())
    }
    let train = missing.isEmpty ? given : given.rows(order[(missing.count * share)...].sorted())
    return (train, part(.validation), part(.test))
  }

  private static func remarks(_ pairs: [(pair: String, correlation: Double)]) -> [String] {
    let named = pairs.prefix(namedCount).map { pair, correlation in
      "columns \(pair) have a correlation of \(String(format: "%.4f", correlation)): a density on so thin a set of points "
        + "grows without bound; leave one of them out"
    }
    let rest = pairs.count - named.count
    return named + (rest > 0 ? ["so do \(rest) other pairs of columns"] : [])
  }
}

extension RandomPurpose {
  /// The split of a table.
  static let tableSplit = RandomPurpose(20)
}
