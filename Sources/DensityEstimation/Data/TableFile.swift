import Files
import Foundation
import ImageDatasets
import Tensors

/// A table of numbers from a file: a row for each sample, in up to three parts.
struct TableFile {
  /// The rows by split in double precision, each `[n, columns]`, of the same number of columns. A single split, `train`,
  /// stands for all rows; rows to evaluate a model on need none.
  private(set) var parts: [DatasetSplit: Tensor] = [:]
  /// The names of the columns; nil where the file has none.
  private(set) var names: [String]?
  /// What a user should know of the file.
  private(set) var remarks: [String] = []

  private let url: URL

  /// The extensions of the files that can be read.
  static let extensions = ["npy", "npz", "csv"]

  /// Whether a file is taken for a table.
  static func isOne(_ url: URL) -> Bool { extensions.contains(url.pathExtension.lowercased()) }

  /// Reads an .npy or .csv file of one table, or an .npz file of one, or of up to three that are named after splits.
  ///
  /// - Throws: `DatasetError.missingData`, `DatasetError.unreadable`; `DatasetError.unusableData` where the file is damaged
  ///   or no table of finite numbers, which names the place; `DatasetError.tooLarge`
  init(_ url: URL, memoryLimit: MemoryLimit) throws(DatasetError) {
    self.url = url
    guard let isDirectory = FileManager.default.isDirectory(atPath: url.path) else {
      throw .missingData(path: url.path, known: DensityDataset.names)
    }
    guard !isDirectory else { throw unusable("it is a folder, and a table is a file") }
    do throws(DatasetError) { try read(memoryLimit) } catch {
      // The remedy for a malformed published file, to compare checksums, does not apply to the user's own.
      if case .malformed(_, let reason) = error { throw unusable(reason) }
      throw error
    }
    let widths = Set(parts.values.map { $0.shape[1] })
    guard widths.count == 1 else {
      let counts = widths.sorted().map(String.init).joined(separator: " and ")
      throw unusable("its arrays have \(counts) columns; all must have as many")
    }
  }

  private mutating func read(_ memoryLimit: MemoryLimit) throws(DatasetError) {
    switch url.pathExtension.lowercased() {
    case "npy": parts[.train] = try rows(try NPYArray.readDoubles(url), "the array")
    case "npz": try readArchive(memoryLimit)
    case "csv":
      let table = try CSVTable(url)
      (names, remarks) = (table.names, table.remarks)
      let count = table.numbers.count / max(table.columns, 1)
      try check(rows: count, columns: table.columns, "the table")
      parts[.train] = Tensor(table.numbers, shape: [count, table.columns])
    default: throw unusable("it is no .npy, .npz or .csv file, and no other table can be read")
    }
  }

  private mutating func readArchive(_ memoryLimit: MemoryLimit) throws(DatasetError) {
    let archive = try NPZArchive(url)
    var chosen: [DatasetSplit: NPZArchive.Entry] = [:]
    for entry in archive.entries {
      guard let split = Self.split(entry.name) else { continue }
      if let other = chosen[split] {
        throw unusable("the arrays '\(other.name)' and '\(entry.name)' both mean the \(split) rows; keep one")
      }
      chosen[split] = entry
    }
    if chosen[.train] == nil, let head = archive.entries.first(where: { $0.name == "train_head" }) {
      chosen[.train] = head
      remarks.append(
        "'train_head' in \(url.lastPathComponent) is a part of the training rows alone: results are not to be set beside those "
          + "of all rows")
    }
    if chosen.isEmpty, archive.entries.count == 1 { chosen[.train] = archive.entries[0] }
    guard !chosen.isEmpty else {
      let names = archive.entries.map { "'\($0.name)'" }.joined(separator: ", ")
      throw unusable(
        "it holds \(names.isEmpty ? "no arrays" : "the arrays \(names)"), and of several those are taken that are named train, "
          + "validation and test")
    }
    for split in DatasetSplit.allCases {
      guard let entry = chosen[split] else { continue }
      parts[split] = try rows(try archive.readDoubles(entry, memoryLimit: memoryLimit), "the array '\(entry.name)'")
    }
  }

  /// The number of columns.
  var columns: Int { parts.values.first?.shape[1] ?? 0 }

  /// All rows, those of all splits.
  var rows: Tensor { .concatenation(DatasetSplit.allCases.compactMap { parts[$0] }, axis: 0) }

  /// The same table with its columns in another order: that of these indices.
  func reordered(_ indices: [Int]) -> TableFile {
    var file = self
    file.names = names.map { names in indices.map { names[$0] } }
    file.parts = parts.mapValues { rows in
      .concatenation(indices.map { rows.sliced(axis: 1, start: $0, length: 1) }, axis: 1)
    }
    return file
  }

  /// The split that an array's name refers to.
  private static func split(_ name: String) -> DatasetSplit? {
    switch name.lowercased() {
    case "trn", "x_trn": .train
    case "tst", "x_tst": .test
    default: SplitNames.split(name)
    }
  }

  private func rows(_ array: NumberArray<Double>, _ origin: String) throws(DatasetError) -> Tensor {
    guard array.shape.count == 2 else {
      let shape = array.shape.map(String.init).joined(separator: " x ")
      throw unusable(
        "\(origin) is \(shape.isEmpty ? "a single number" : "of shape \(shape)"); a table is rows x columns")
    }
    let (rows, columns) = (array.shape[0], array.shape[1])
    try check(rows: rows, columns: columns, origin)
    let stored =
      array.isFirstIndexFastest
      ? Tensor(array.values, shape: [columns, rows]).permuted([1, 0]) : Tensor(array.values, shape: [rows, columns])
    if let place = stored.firstNonFinite {
      let number = stored.leading(place / columns..<place / columns + 1).doubles()[place % columns]
      throw unusable(
        "\(origin), row \(place / columns + 1), column \(place % columns + 1), both counted from 1, is \(number), and a density "
          + "needs finite numbers; leave the row out, or fill the gap")
    }
    return stored
  }

  private func check(rows: Int, columns: Int, _ origin: String) throws(DatasetError) {
    guard columns > 0 else { throw unusable("\(origin) has no columns") }
    guard rows > 0 else { throw unusable("\(origin) has no rows") }
  }

  private func unusable(_ reason: String) -> DatasetError { .unusableData(path: url.path, reason: reason) }
}
