@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Randomness
import Tensors
import Testing

/// Tables: files of each form are read, split and standardised, and what is wrong with them is named with its place.
@Suite struct TableDatasetTests {
  private let directory = try! TemporaryDirectory()

  private func load(_ name: String, memoryLimit: MemoryLimit = .standard) throws -> DensityDataset {
    try DensityDataset.load(
      directory.path(name), locator: DatasetLocator(environment: [:]), memoryLimit: memoryLimit)
  }

  private func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: directory.file(name)) }

  private func normals(_ count: Int, step: UInt64 = 0) -> [Float] {
    RandomStream(seed: 1, purpose: .test, step: step).normals(0..<count)
  }

  private func npy(_ rows: Int, _ columns: Int, step: UInt64 = 0) -> Data {
    ArchiveWriter.npy("<f4", [rows, columns], normals(rows * columns, step: step))
  }

  @Test func aTableIsSplitAndStandardisedByItsTrainingRows() throws {
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
    #expect(standardization.standardised(standardization.restored(training)).floats().count == 240)
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
    let standardised = data.trainingBatch(rows: Array(0..<807))
    let values = standardised.doubles()
    var expected = 0.0
    for row in 0..<807 { expected += values[3 * row] * values[3 * row + 2] / 806 }
    let found = TableColumns(names: nil).correlated(standardised)
    #expect(found.map(\.pair) == ["1 and 3"] && abs(found[0].correlation - expected) < 1e-5)
  }

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

  @Test func aColumnThatCountsTheRowsIsRemarkedOn() throws {
    let rows = (0..<30).map { "\($0),\($0 * $0 % 7),\($0 * 5 % 11)" }
    try write(([",a,b"] + rows).joined(separator: "\n"), to: "counted.csv")
    try write((["n,a,b"] + rows).joined(separator: "\n"), to: "named.csv")
    try write(([",a,b"] + rows.dropFirst()).joined(separator: "\n"), to: "other.csv")
    #expect(try load("counted.csv").remarks.contains { $0.contains("column 1 has no name and counts the rows") })
    for name in ["named.csv", "other.csv"] { #expect(try load(name).remarks.isEmpty) }
  }

  @Test func rowsToEvaluateOnNeedNoTrainingRows() throws {
    try npy(40, 3).write(to: directory.file("own.npy"))
    try ArchiveWriter.npz([("test", npy(9, 3)), ("validation", npy(8, 3))], to: directory.file("held-out.npz"))
    let rows = try DensityDataset.rows(
      of: directory.path("held-out.npz"), for: model(of: "own.npy"), locator: DatasetLocator(environment: [:])
    ).rows
    #expect(rows.shape == [17, 3])
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

  @Test func otherRowsAreTakenAsTheModelsOwn() throws {
    try npy(50, 3).write(to: directory.file("own.npy"))
    let standardization = try #require(try load("own.npy").standardization)
    let locator = DatasetLocator(environment: [:])
    func state(_ dimensions: Int, _ image: ImageShape? = nil) -> DensityState {
      var configuration = DensityConfiguration()
      (configuration.dimensions, configuration.image) = (dimensions, image)
      return DensityState(configuration, ParameterSet(), buffers: ParameterSet())
    }
    var model = state(3)
    model.standardization = standardization
    let rows = try DensityDataset.rows(of: directory.path("own.npy"), for: model, locator: locator).rows
    #expect(rows == standardization.standardised(Tensor(normals(150), shape: [50, 3])))
    // Points are standardised as rows of a file are.
    var plane = state(2)
    plane.standardization = Standardization(mean: [1, 2], deviation: [3, 4])
    let points = try DensityDataset.rows(of: "moons", for: plane, locator: locator).rows
    #expect(points == plane.standardization?.standardised(try DensityDataset.load("moons", locator: locator).test))
    func refusal(_ name: String, _ model: DensityState) -> String {
      let error = thrown(DatasetError.self) { _ = try DensityDataset.rows(of: name, for: model, locator: locator) }
      #expect(error?.category == .badData)
      return "\(error.map { "\($0)" } ?? "")"
    }
    #expect(refusal(directory.path("own.npy"), state(4)).contains("it has 3 columns, and the model takes 4"))
    #expect(refusal("moons", state(3)).contains("it has 2 dimensions, and the model takes 3"))
    let levels = refusal(directory.path("own.npy"), state(3, ImageShape(height: 1, width: 3)))
    #expect(levels.contains("row 1 has a number that is no level of grey"))
  }

  /// The state of a model of a table.
  private func model(of table: String) throws -> DensityState {
    let data = try load(table)
    var configuration = DensityConfiguration().fitted(to: data)
    configuration.dataset = directory.path(table)
    var state = DensityState(configuration, ParameterSet(), buffers: ParameterSet())
    (state.standardization, state.columns) = (data.standardization, data.columns)
    return state
  }

  @Test func aChangedTableIsStandardisedAsTheModelsOwnWas() throws {
    func csv(_ scale: Float) -> String {
      let numbers = normals(90).map { scale * $0 + 3 }
      return (0..<30).map { row in numbers[(3 * row)..<(3 * row + 3)].map { "\($0)" }.joined(separator: ",") }
        .joined(separator: "\n")
    }
    let locator = DatasetLocator(environment: [:])
    try write(csv(1), to: "a.csv")
    let state = try model(of: "a.csv")
    #expect(try DensityDataset.load(for: state, locator: locator).digest == load("a.csv").digest)
    let before = try load("a.csv").test
    try write(csv(10), to: "a.csv")
    let changed = try DensityDataset.load(for: state, locator: locator)
    #expect(changed.standardization == state.standardization)
    // By its own training rows, the ten times wider table would be as wide as before.
    func width(_ rows: Tensor) -> Double { rows.doubles().reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let own = try load("a.csv").test
    #expect(width(changed.test) > 5 * width(before) && width(own) < 2 * width(before))
    try write((0..<20).map { "\($0),\($0 * $0)" }.joined(separator: "\n"), to: "a.csv")
    let error = thrown(DatasetError.self) { _ = try DensityDataset.load(for: state, locator: locator) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("it has 2 columns, and the model takes 3"))
  }

  @Test func columnsOfOtherRowsAreFoundByTheirNames() throws {
    let rows: [[Int]] = (0..<20).map { [$0, $0 * $0 % 7, $0 * 5 % 11] }
    func csv(_ names: [String], _ order: [Int]) -> String {
      let lines = rows.map { row in order.map { "\(row[$0])" }.joined(separator: ",") }
      return ([names.joined(separator: ",")] + lines).joined(separator: "\n")
    }
    try write(csv(["a", "b", "c"], [0, 1, 2]), to: "own.csv")
    try write(csv(["c", "a", "b"], [2, 0, 1]), to: "turned.csv")
    try write(csv(["c", "a", "d"], [2, 0, 1]), to: "other.csv")
    try write(csv(["c", "a", "a"], [2, 0, 1]), to: "twice.csv")
    try write(rows.map { row in row.map { "\($0)" }.joined(separator: ",") }.joined(separator: "\n"), to: "bare.csv")
    let (state, locator) = (try model(of: "own.csv"), DatasetLocator(environment: [:]))
    func found(_ name: String) throws -> DensityRows {
      try DensityDataset.rows(of: directory.path(name), for: state, locator: locator)
    }
    let own = try found("own.csv")
    #expect(own.remarks.contains { $0.contains("leave --data out") } && own.rows.shape == [20, 3])
    #expect(try found("turned.csv").rows == own.rows && found("turned.csv").remarks.isEmpty)
    #expect(try found("bare.csv").rows == own.rows)
    let error = thrown(DatasetError.self) { _ = try found("other.csv") }
    #expect(error?.category == .badData && "\(error.map { "\($0)" } ?? "")".contains("no column 'b'"))
    let twice = thrown(DatasetError.self) { _ = try found("twice.csv") }
    #expect("\(twice.map { "\($0)" } ?? "")".contains("no column 'b', which the model takes, and has 'a' twice"))
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

  @Test func noOtherFileTakesThePlaceOfOneThatWasNamed() throws {
    try FileManager.default.createDirectory(at: directory.file("data"), withIntermediateDirectories: true)
    try npy(50, 3).write(to: directory.file("data/own.npy"))
    let locator = DatasetLocator(dataDirectory: directory.path("data"), environment: [:])
    let error = thrown(DatasetError.self) { _ = try DensityDataset.load(directory.path("own.npy"), locator: locator) }
    #expect(error?.category == .missingInput)
    // That of a run may have moved.
    var state = try model(of: "data/own.npy")
    state.configuration.dataset = directory.path("gone/own.npy")
    #expect(try DensityDataset.load(for: state, locator: locator).dimensions == 3)
  }

  @Test(.enabled(if: RealData.has("miniboone/miniboone_maf_normalised.npz"), "needs FFJORD_VAE_DATA with miniboone"))
  func thePartOfMiniBooNEIsRead() throws {
    let path = try #require(RealData.directory) + "/miniboone/miniboone_maf_normalised.npz"
    let data = try DensityDataset.load(DensityDataset.lastingName(for: path), locator: DatasetLocator(environment: [:]))
    #expect([data.trainingCount, data.validation.shape[0], data.test.shape[0]] == [1523, 3284, 3648])
    #expect(data.dimensions == 43 && data.remarks.contains { $0.contains("train_head") })
  }
}
