@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Randomness
import Tensors
import Testing

/// Tables: files of each form are read, split and standardized.
@Suite struct TableDatasetTests: TableSuite {
  let directory = try! TemporaryDirectory()

  @Test func aTableIsSplitAndStandardizedByItsTrainingRows() throws {
    let numbers = normals(300).enumerated().map { 100 + Float($0.offset % 3 + 1) * $0.element }
    let lines = (0..<100).map { row in numbers[(3 * row)..<(3 * row + 3)].map { "\($0)" }.joined(separator: ",") }
    try write("\u{FEFF}a, \"b, too\" ,c\r\n\(lines.joined(separator: "\r\n"))\r\n\r\n", to: "rows.csv")
    let data = try load("rows.csv")
    #expect(data.kind == .table && data.dimensions == 3 && data.columns == ["a", "b, too", "c"] && data.remarks == [])
    #expect(data.trainingCount == 80 && data.validation.shape == [10, 3] && data.test.shape == [10, 3])
    let training = data.trainingBatch(rows: Array(0..<80))
    for column in 0..<3 {
      let values = training.sliced(axis: 1, start: column, length: 1).doubles()
      let mean = values.reduce(0, +) / 80
      #expect(abs(mean) < 1e-5)
      #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 79 - 1) < 1e-5)
    }
    #expect(
      data.trainingBatch(rows: [7, 2])
        == Tensor.concatenation([training.row(7), training.row(2)].map { $0.reshaped([1, 3]) }, axis: 0))
    // All rows are there once, in the file's numbers again.
    let standardization = try #require(data.standardization)
    let all = standardization.restored(Tensor.concatenation([training, data.validation, data.test], axis: 0)).doubles()
    for (ours, theirs) in zip(
      stride(from: 0, to: 300, by: 3).map { all[$0] }.sorted(),
      stride(from: 0, to: 300, by: 3).map { Double(numbers[$0]) }.sorted())
    {
      #expect(abs(ours - theirs) < 1e-4)
    }
    #expect(standardization.standardized(standardization.restored(training)).floats().count == 240)
  }

  @Test func equalTablesHaveEqualDigestsAndSplits() throws {
    let numbers = normals(120)
    let lines = (0..<60).map { "\(Double(numbers[2 * $0])),\(Double(numbers[2 * $0 + 1]))" }
    try write(lines.joined(separator: "\n"), to: "plain.csv")
    try ArchiveWriter.npy("<f4", [60, 2], numbers).write(to: directory.file("plain.npy"))
    // A column after another, and in double precision.
    let turned = (0..<2).flatMap { column in (0..<60).map { Double(numbers[2 * $0 + column]) } }
    try ArchiveWriter.npy("<f8", [60, 2], turned, isFortran: true).write(to: directory.file("turned.npy"))
    let (csv, array) = (try load("plain.csv"), try load("plain.npy"))
    #expect(csv.columns == nil && csv.digest == array.digest && csv.validation == array.validation)
    #expect(try load("turned.npy").digest == array.digest)
    try write((lines.dropLast() + ["0,0"]).joined(separator: "\n"), to: "other.csv")
    #expect(try load("other.csv").digest != csv.digest)
  }

  @Test(arguments: [["train", "validation", "test"], ["x_train", "x_val", "x_test"], ["trn", "valid", "tst"]])
  func arraysAreFoundByName(_ names: [String]) throws {
    let counts = [30, 7, 5]
    try ArchiveWriter.npz(
      zip(names, counts).map { ($0, npy($1, 4, step: UInt64($1))) } + [("labels", npy(3, 1))],
      to: directory.file("a.npz"))
    let data = try load("a.npz")
    #expect([data.trainingCount, data.validation.shape[0], data.test.shape[0]] == counts && data.dimensions == 4)
    #expect(data.remarks == [])
    let standardization = try #require(data.standardization)
    let test = standardization.restored(data.test).floats()
    #expect(zip(test, normals(20, step: 5)).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func aPartOfTheTrainingRowsIsSaidToBeOne() throws {
    let arrays = [("train_head", npy(30, 4)), ("validation", npy(7, 4)), ("test", npy(5, 4))]
    try ArchiveWriter.npz(arrays, to: directory.file("head.npz"))
    let data = try load("head.npz")
    #expect(data.trainingCount == 30)
    #expect(data.remarks.count == 1 && data.remarks.allSatisfy { $0.contains("'train_head' in head.npz is a part") })
    try ArchiveWriter.npz(arrays + [("train", npy(60, 4))], to: directory.file("whole.npz"))
    #expect(try load("whole.npz").trainingCount == 60 && load("whole.npz").remarks == [])
  }

  @Test func anArchiveOfOneArrayIsSplit() throws {
    try ArchiveWriter.npz([("anything", npy(40, 2))], to: directory.file("one.npz"))
    let data = try load("one.npz")
    #expect([data.trainingCount, data.validation.shape[0], data.test.shape[0]] == [32, 4, 4])
    try ArchiveWriter.npz([("train", npy(40, 2)), ("test", npy(6, 2))], to: directory.file("two.npz"))
    let other = try load("two.npz")
    #expect([other.trainingCount, other.validation.shape[0], other.test.shape[0]] == [36, 4, 6])
  }

  @Test func correlatedColumnsAreNamed() throws {
    let (x, e) = (normals(1007), normals(1007, step: 1))
    let rows = (0..<1007).map { [x[$0], e[$0], -3 * x[$0] + 0.3 * e[$0]] }
    try write("p,q,r\n" + rows.map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: "\n"), to: "c.csv")
    let data = try load("c.csv")
    #expect(data.remarks.count == 1 && data.remarks[0].hasPrefix("columns 'p' and 'r' have a correlation of -0.99"))
    let standardized = data.trainingBatch(rows: Array(0..<807))
    let values = standardized.doubles()
    var expected = 0.0
    for row in 0..<807 { expected += values[3 * row] * values[3 * row + 2] / 806 }
    let found = TableColumns(names: nil).correlated(standardized)
    #expect(found.map(\.pair) == ["1 and 3"] && abs(found[0].correlation - expected) < 1e-5)
  }

  @Test func aColumnThatCountsTheRowsIsRemarkedOn() throws {
    let rows = (0..<30).map { "\($0),\($0 * $0 % 7),\($0 * 5 % 11)" }
    try write(([",a,b"] + rows).joined(separator: "\n"), to: "counted.csv")
    try write((["n,a,b"] + rows).joined(separator: "\n"), to: "named.csv")
    try write(([",a,b"] + rows.dropFirst()).joined(separator: "\n"), to: "other.csv")
    #expect(try load("counted.csv").remarks.contains { $0.contains("column 1 has no name and counts the rows") })
    for name in ["named.csv", "other.csv"] { #expect(try load(name).remarks.isEmpty) }
  }

  /// Times in seconds are a thousand times larger than single precision has room for beside their variation.
  @Test func numbersWithALargeMeanKeepTheirDigits() throws {
    let times = normals(100).map { 1.7e9 + 0.01 * Double($0) }
    let values = times.enumerated().flatMap { [$0.element, Double($0.offset % 7)] }
    try write(
      times.enumerated().map { "\($0.element),\($0.offset % 7)" }.joined(separator: "\n"), to: "times.csv")
    try ArchiveWriter.npy("<f8", [100, 2], values).write(to: directory.file("times.npy"))
    for name in ["times.csv", "times.npy"] {
      let data = try load(name)
      let standardization = try #require(data.standardization)
      #expect(abs(standardization.deviation[0] - 0.01) < 0.003 && abs(standardization.mean[0] - 1.7e9) < 0.01)
      let restored = standardization.restored(data.trainingBatch(rows: Array(0..<80))).doubles()
      #expect(stride(from: 0, to: 160, by: 2).allSatisfy { i in times.contains { abs($0 - restored[i]) < 1e-6 } })
    }
  }

  @Test(.enabled(if: RealData.has("miniboone/miniboone_maf_normalised.npz"), "needs FFJORD_VAE_DATA with miniboone"))
  func thePartOfMiniBooNEIsRead() throws {
    let path = try #require(RealData.directory) + "/miniboone/miniboone_maf_normalised.npz"
    let data = try DensityDataset.load(DensityDataset.lastingName(for: path), locator: DatasetLocator(environment: [:]))
    #expect([data.trainingCount, data.validation.shape[0], data.test.shape[0]] == [1523, 3284, 3648])
    #expect(data.dimensions == 43 && data.remarks.contains { $0.contains("train_head") })
  }
}
