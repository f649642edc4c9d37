@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Tensors
import Testing

/// Rows for a model: those of its own table, perhaps changed since, and those of others.
@Suite struct TableRowsTests: TableSuite {
  let directory = try! TemporaryDirectory()

  @Test func rowsToEvaluateOnNeedNoTrainingRows() throws {
    try npy(40, 3).write(to: directory.file("own.npy"))
    try ArchiveWriter.npz([("test", npy(9, 3)), ("validation", npy(8, 3))], to: directory.file("held-out.npz"))
    let rows = try DensityDataset.rows(
      of: directory.path("held-out.npz"), for: model(of: "own.npy"), locator: DatasetLocator(environment: [:])
    ).rows
    #expect(rows.shape == [17, 3])
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
    #expect(rows == standardization.standardized(Tensor(normals(150), shape: [50, 3])))
    // Points are standardized as rows of a file are.
    var plane = state(2)
    plane.standardization = Standardization(mean: [1, 2], deviation: [3, 4])
    let points = try DensityDataset.rows(of: "moons", for: plane, locator: locator).rows
    #expect(points == plane.standardization?.standardized(try DensityDataset.load("moons", locator: locator).test))
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

  @Test func aChangedTableIsStandardizedAsTheModelsOwnWas() throws {
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
}
