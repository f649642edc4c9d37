@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Tensors
import Testing

/// What is wrong with a table is named with its place.
@Suite struct TableRefusalTests: TableSuite {
  let directory = try! TemporaryDirectory()

  /// A file, and what its refusal says.
  struct Refusal: Sendable {
    let name: String
    let text: String
    let says: [String]
  }

  private static let rows = (0..<20).map { "\($0),\($0 * $0 % 7)" }

  private static func changed(_ row: Int, _ line: String) -> String {
    var lines = ["a,b"] + rows
    lines[row] = line
    return lines.joined(separator: "\n")
  }

  static let refusals = [
    Refusal(name: "nan.csv", text: changed(4, "1,NaN"), says: ["line 5, column 'b' is 'NaN'", "finite"]),
    Refusal(name: "infinite.csv", text: changed(4, "-inf,2"), says: ["line 5, column 'a' is '-inf'"]),
    Refusal(name: "semicolons.csv", text: "a;b\n1;2\n3;4", says: ["line 1 is 'a;b'", "semicolons"]),
    Refusal(name: "tabs.csv", text: "1\t2\n3\t4", says: ["line 1", "tabs"]),
    Refusal(name: "spaces.csv", text: "1 2\n3 4", says: ["line 2, column '1 2' is '3 4'", "commas, not by spaces"]),
    Refusal(
      name: "decimals.csv", text: "1,5;2,5\n2,5;3,5", says: ["'5;2'", "not by semicolons, and decimals by points"]),
    Refusal(name: "large.csv", text: changed(4, "1e999,2"), says: ["line 5, column 'a' is '1e999'"]),
    Refusal(name: "text.csv", text: changed(2, "1,blue"), says: ["line 3, column 'b' is 'blue'", "no number"]),
    Refusal(name: "gap.csv", text: changed(2, "1,"), says: ["line 3, column 'b' is empty"]),
    Refusal(name: "escape.csv", text: changed(2, "1,\u{1B}[2J"), says: ["\\u001b"]),
    Refusal(name: "ragged.csv", text: changed(7, "1,2,3"), says: ["line 8 has 3 columns, and those before it 2"]),
    Refusal(name: "short.csv", text: changed(7, "1"), says: ["line 8 has 1 column,"]),
    Refusal(name: "one.csv", text: "a,b\n1,2", says: ["it has 1 row,", "at least 10"]),
    Refusal(name: "names.csv", text: "a,b\n", says: ["no rows"]),
    Refusal(name: "empty.csv", text: "", says: ["it is empty"]),
    Refusal(name: "blank.csv", text: "\n\r\n", says: ["it is empty"]),
    Refusal(
      name: "constant.csv", text: "a,b,c\n" + rows.map { "3,\($0)" }.joined(separator: "\n"),
      says: ["column 'a' has one number", "leave it out"]),
    Refusal(
      name: "constants.csv", text: rows.map { "0.1,\($0),7" }.joined(separator: "\n"),
      says: ["columns 1, 4 have one number", "leave them out"]),
    Refusal(name: "no.npy", text: "0123456789", says: [""]),
    Refusal(name: "no.npz", text: "0123456789", says: ["no NPZ file"]),
    Refusal(name: "words.txt", text: "1,2\n3,4", says: ["no table (.npy, .npz, .csv) and no PNG or JPEG picture"]),
  ]

  private func refusal(_ name: String) throws -> String {
    let error = try #require(thrown(DatasetError.self) { _ = try load(name) }, "\(name) is read")
    #expect(error.category == .badData, "\(error)")
    guard case .unusableData(let path, let reason) = error else {
      Issue.record("\(error)")
      return ""
    }
    #expect(path == directory.path(name))
    return reason
  }

  @Test(arguments: refusals) func whatIsWrongIsNamedWithItsPlace(_ case: Refusal) throws {
    try write(`case`.text, to: `case`.name)
    let reason = try refusal(`case`.name)
    for words in `case`.says where !words.isEmpty { #expect(reason.contains(words), "\(reason)") }
  }

  @Test func aNumberFarFromTheTrainingRowsIsNamedWithItsPlace() throws {
    var numbers = normals(27)
    numbers[13] = -1e30
    let archive: [(String, Data)] = [
      ("train", npy(40, 3)), ("validation", npy(9, 3)), ("test", ArchiveWriter.npy("<f4", [9, 3], numbers)),
    ]
    try ArchiveWriter.npz(archive, to: directory.file("far.npz"))
    let place = "row 5, column 2 is -1"
    #expect(try refusal("far.npz").contains("of the test rows, \(place)"))
    try npy(40, 3).write(to: directory.file("own.npy"))
    try ArchiveWriter.npy("<f4", [9, 3], numbers).write(to: directory.file("far.npy"))
    let model = try model(of: "own.npy")
    let error = thrown(DatasetError.self) {
      _ = try DensityDataset.rows(
        of: directory.path("far.npy"), for: model, locator: DatasetLocator(environment: [:]))
    }
    #expect(error?.category == .badData && "\(error.map { "\($0)" } ?? "")".contains(place))
  }

  @Test func aTableWithTooManyColumnsIsRefused() throws {
    try ArchiveWriter.npy("<f4", [10, 100_001], normals(1_000_010)).write(to: directory.file("wide.npy"))
    #expect(try refusal("wide.npy").contains("it has 100001 columns, and a density model takes at most 100000"))
  }

  @Test func damagedArraysAreRefused() throws {
    var numbers = normals(60)
    numbers[31] = .nan
    let files: [(name: String, contents: Data, says: String)] = [
      (
        "nan.npy", ArchiveWriter.npy("<f4", [20, 3], numbers),
        "the array, row 11, column 2, both counted from 1, is nan"
      ),
      ("cut.npy", npy(20, 3).dropLast(5), "cut off"),
      ("columns.npy", ArchiveWriter.npy("<f4", [20, 0], [Float]()), "no columns"),
      ("rows.npy", ArchiveWriter.npy("<f4", [0, 3], [Float]()), "no rows"),
      ("line.npy", ArchiveWriter.npy("<f4", [60], normals(60)), "of shape 60; a table is rows x columns"),
      ("cube.npy", ArchiveWriter.npy("<f4", [5, 3, 4], normals(60)), "of shape 5 x 3 x 4"),
      ("single.npy", ArchiveWriter.npy("<f4", [1, 3], normals(3)), "it has 1 row,"),
      ("object.npy", ArchiveWriter.npy("|O", [20, 3], Data(count: 480)), ""),
    ]
    for file in files {
      try file.contents.write(to: directory.file(file.name))
      let reason = try refusal(file.name)
      #expect(file.says.isEmpty || reason.contains(file.says), "\(file.name): \(reason)")
    }
    let archives: [(name: String, arrays: [(String, Data)], says: String)] = [
      ("none.npz", [], "no arrays"), ("other.npz", [("a", npy(9, 2)), ("b", npy(9, 2))], "the arrays 'a', 'b'"),
      ("twice.npz", [("train", npy(9, 2)), ("x_train", npy(9, 2))], "both mean the train rows"),
      ("widths.npz", [("train", npy(9, 2)), ("test", npy(9, 3))], "2 and 3 columns"),
      ("tested.npz", [("test", npy(9, 2)), ("validation", npy(9, 2))], "no training rows; name their array train"),
      ("single.npz", [("train", npy(1, 2)), ("test", npy(9, 2)), ("val", npy(9, 2))], "a single training row"),
    ]
    for archive in archives {
      try ArchiveWriter.zip(
        archive.arrays.map { ($0.0 + ".npy", $0.1) } + [("read.me", Data([1]))], to: directory.file(archive.name))
      let reason = try refusal(archive.name)
      #expect(reason.contains(archive.says), "\(archive.name): \(reason)")
    }
  }

  @Test func whatIsNotThereOrTooLargeIsRefused() throws {
    for name in ["none.csv", "none.npy", "none", "none.png"] {
      let error = try #require(thrown(DatasetError.self) { _ = try load(name) })
      #expect(error == .missingData(path: directory.path(name), known: DensityDataset.names))
      #expect(error.category == .missingInput && "\(error)".contains("swissroll"))
    }
    try ArchiveWriter.npz(
      [("train", ArchiveWriter.npy("<f4", [100_000, 2], [Float](repeating: 0, count: 200_000)))],
      to: directory.file("z.npz"))
    let error = try #require(thrown(DatasetError.self) { _ = try load("z.npz", memoryLimit: MemoryLimit(floor: 1000)) })
    guard case .tooLarge(_, let claim, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(claim == 4_800_000 && error.category == .badData)
  }
}
