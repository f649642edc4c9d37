import FileTestSupport
import Foundation
import Randomness
import Tensors
import Testing

@testable import ImageDatasets

@Suite struct OmniglotTests {
  /// A reader of files like Omniglot's, but small.
  private let reader = Omniglot(side: 4, trainingCount: 6, testCount: 3, validationCount: 2)
  private let data = (0..<96).map { Float($0) / 96 }
  private let testData = (0..<48).map { Double($0) / 48 }

  private func variables() -> [MATWriter.Variable] {
    [
      MATWriter.Variable("data", [16, 6], .single(data)),
      MATWriter.Variable("testdata", [16, 3], .double(testData)),
    ]
  }

  @Test(arguments: [true, false]) func imagesAreTurnedAndSplit(isCompressed: Bool) throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "chardata.mat")
    try MATWriter.write(variables(), to: url, isCompressed: isCompressed)
    let dataset = try reader.read(url)

    #expect(dataset.counts == SplitCounts(train: 4, validation: 2, test: 3))
    #expect(dataset.isTrainBinarizedDynamically)
    // Row r, column c of image i lies at c * 4 + r of column i of the file.
    let order = RandomStream(seed: 0, purpose: .split).permutation(of: 6)
    for (place, index) in order.enumerated() where place < 4 {
      for row in 0..<4 {
        for column in 0..<4 {
          #expect(
            dataset.train[place].dropFirst(row * 4 + column).first == data[index * 16 + column * 4 + row])
        }
      }
    }
    func turned(_ values: some Collection<Float>) -> [Float] {
      let values = Array(values)
      return (0..<16).map { values[$0 % 4 * 4 + $0 / 4] }
    }
    let validation = GreyImages(
      height: 4, width: 4, pixels: order[4...].flatMap { turned(data[$0 * 16..<$0 * 16 + 16]) })
    let fixed = RandomStream(seed: 0, purpose: .fixedBinarization, step: 1)
    #expect(dataset.validation == validation.binarized(using: fixed))
    let test = GreyImages(
      height: 4, width: 4,
      pixels: (0..<3).flatMap { turned(testData[$0 * 16..<$0 * 16 + 16].map { Float($0) }) })
    #expect(
      dataset.test == test.binarized(using: RandomStream(seed: 0, purpose: .fixedBinarization, step: 2)))
    #expect(dataset[.validation] == dataset.validation)
  }

  @Test func alphabetsGoWithTheirImagesWhereTheFileHasThem() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "chardata.mat")
    var reader = reader
    reader.alphabetCount = 3
    let (alphabets, testAlphabets) = ([0, 1, 2, 2, 1, 0], [2, 0, 1])
    func marks(_ numbers: [Int]) -> [UInt8] { numbers.flatMap { number in (0..<3).map { $0 == number ? 1 : 0 } } }
    func labels(_ marks: [UInt8], _ testMarks: [UInt8]) throws -> [DatasetSplit: [String]] {
      let more = [
        MATWriter.Variable("target", [3, 6], .bytes(marks)),
        MATWriter.Variable("testtarget", [3, 3], .bytes(testMarks)),
      ]
      try MATWriter.write(variables() + more, to: url)
      return try reader.read(url).labels
    }
    let order = RandomStream(seed: 0, purpose: .split).permutation(of: 6)
    let expected = order.map { "alphabet \(alphabets[$0] + 1)" }
    #expect(
      try labels(marks(alphabets), marks(testAlphabets)) == [
        .train: Array(expected[..<4]), .validation: Array(expected[4...]),
        .test: testAlphabets.map { "alphabet \($0 + 1)" },
      ])
    // Labels that cannot be used leave the images usable.
    #expect(try Set(labels([UInt8](repeating: 0, count: 18), marks(testAlphabets)).keys) == [.test])
    reader.alphabetCount = 50
    #expect(try labels(marks(alphabets), marks(testAlphabets)) == [:])
    try MATWriter.write(variables(), to: url)
    #expect(try reader.read(url).labels == [:])
  }

  @Test func aMissingVariableIsNamedWithThoseThere() throws {
    let reason = try reason(
      for: [variables()[0], MATWriter.Variable("labels", [1, 2], .double([1, 2]))])
    #expect(reason.contains("'testdata' is missing"))
    #expect(reason.contains("holds 'data', 'labels'"))
  }

  @Test func aWrongShapeOrClassIsNamedWithTheRightOne() throws {
    var bad = variables()
    bad[1] = MATWriter.Variable("testdata", [3, 16], .double(testData))
    #expect(try reason(for: bad).contains("3 x 16, of class double, not a real matrix of 16 x 3"))
    bad[1] = MATWriter.Variable("testdata", [16, 3], .bytes([UInt8](repeating: 1, count: 48)))
    #expect(try reason(for: bad).contains("of class uint8"))
    bad[1] = MATWriter.Variable("testdata", [16, 3], .complex(testData, testData))
    #expect(try reason(for: bad).contains("complex"))
    bad[1] = MATWriter.Variable("testdata", [4, 4, 3], .double(testData))
    #expect(try reason(for: bad).contains("4 x 4 x 3"))
  }

  @Test(arguments: [Float.nan, .infinity, -0.01, 1.01, 255]) func aStrayIntensityIsNamed(_ value: Float)
    throws
  {
    var bad = data
    bad[35] = value
    let reason = try reason(for: [MATWriter.Variable("data", [16, 6], .single(bad)), variables()[1]])
    #expect(reason.contains("'data' holds \(value) at row 3 of column 2"))
  }

  @Test func otherFilesAreRefusedInWords() throws {
    let folder = try TemporaryDirectory()
    let text = try folder.place(for: "text.mat")
    try Data(String(repeating: "not a matrix ", count: 40).utf8).write(to: text)
    #expect(malformed(text)?.contains("does not begin like a MAT file") == true)
    let empty = try folder.place(for: "empty.mat")
    try Data().write(to: empty)
    #expect(malformed(empty)?.contains("truncated") == true)
    let directory = #expect(throws: DatasetError.self) { try reader.read(folder.url) }
    #expect(directory?.description.contains("directory") == true)
    let missing = folder.url.appendingPathComponent("missing.mat")
    let error = #expect(throws: DatasetError.self) { try reader.read(missing) }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.contains("No such file") == true)
  }

  @Test(arguments: [true, false]) func noTruncationIsRead(isCompressed: Bool) throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "whole.mat")
    try MATWriter.write(variables(), to: url, isCompressed: isCompressed)
    let whole = try Data(contentsOf: url)
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: url)
      #expect(malformed(url) != nil, "a file cut at \(length) of \(whole.count) bytes was read")
    }
  }

  /// Whatever is wrong with a file, reading it ends in images or in an error.
  @Test(arguments: [true, false]) func flippedBitsEndInAnErrorOrInImages(isCompressed: Bool) throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "whole.mat")
    try MATWriter.write(variables(), to: url, isCompressed: isCompressed)
    let whole = try Data(contentsOf: url)
    let stream = RandomStream(seed: 11, purpose: .test, step: isCompressed ? 1 : 0)
    var refused = 0
    for trial in 0..<1000 {
      var damaged = whole
      let words = stream.words(at: UInt64(trial))
      damaged[124 + Int(words[0]) % (whole.count - 124)] ^= 1 << UInt8(words[1] % 8)
      if words[2] % 2 == 0 { damaged[124 + Int(words[2] / 2) % (whole.count - 124)] = UInt8(words[3] % 256) }
      try damaged.write(to: url)
      do {
        let dataset = try reader.read(url)
        #expect(dataset.train.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
      } catch {
        #expect(error.category == .badData)
        refused += 1
      }
    }
    #expect(refused > 150)
  }

  private func malformed(_ url: URL) -> String? {
    do {
      _ = try reader.read(url)
      return nil
    } catch {
      if case .malformed(_, let reason) = error { return reason }
      return nil
    }
  }

  private func reason(for variables: [MATWriter.Variable]) throws -> String {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "chardata.mat")
    try MATWriter.write(variables, to: url)
    return try #require(malformed(url))
  }
}

/// Tests on the real images, where they are on this machine.
@Suite struct RealOmniglotTests {
  static let locator = DatasetLocator(dataDirectory: RealData.directory, environment: [:])

  static var isThere: Bool { (try? locator.locate(.omniglot)) != nil }

  @Test(.enabled(if: isThere, "needs Omniglot in FFJORD_VAE_DATA"))
  func theRealImagesAreRead() throws {
    let dataset = try DatasetLoader.load(name: "omniglot", locator: Self.locator)
    #expect(dataset.counts == DatasetDescription.omniglot.counts)
    #expect((dataset.height, dataset.width) == (28, 28))
    #expect(!dataset.train.isBinary)
    #expect(dataset.validation.isBinary && dataset.test.isBinary)
    #expect(DatasetSplit.allCases.allSatisfy { Set(dataset.labels[$0] ?? []).count == 50 })
    // The three parts are alike: their mean intensities lie within a few thousandths of each other.
    #expect(abs(dataset.train.mean - 0.083) < 0.001)
    #expect(abs(dataset.validation.mean - dataset.train.mean) < 0.003)
    #expect(abs(dataset.test.mean - dataset.train.mean) < 0.003)
    // Characters hang in the middle, and their paper's edge is empty.
    let corner = (0..<dataset.train.count).map { dataset.train[$0].first ?? 1 }.reduce(0, +)
    #expect(corner < 1)
    let status = try DatasetStatus(of: .omniglot, locator: Self.locator)
    #expect(status.isAvailable && status.files[0].verdict != .unknown)
  }
}
