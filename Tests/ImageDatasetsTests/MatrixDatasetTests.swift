import FileTestSupport
import Foundation
import Testing

@testable import ImageDatasets

@Suite struct Caltech101Tests {
  private let reader = Caltech101(side: 4, counts: SplitCounts(train: 3, validation: 2, test: 1))

  private func variables() -> [MATWriter.Variable] {
    [("train_data", 3), ("val_data", 2), ("test_data", 1)].map { name, count in
      MATWriter.Variable(
        name, [count, 16], .bytes((0..<count * 16).map { UInt8($0 * $0 % 7 % 2) }))
    }
  }

  @Test func silhouettesAreTurnedAndInverted() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "caltech.mat")
    try MATWriter.write(variables(), to: url)
    let dataset = try reader.read(url)
    #expect(dataset.counts == reader.counts)
    #expect(dataset.pixels == .binary && !dataset.isTrainBinarizedDynamically)
    // Pixel (row, column) of image i is number column * 4 + row of the file's row i, and 1 is background.
    for image in 0..<3 {
      for row in 0..<4 {
        for column in 0..<4 {
          let index = (column * 4 + row) * 3 + image
          #expect(Array(dataset.train[image])[row * 4 + column] == 1 - Float(index * index % 7 % 2))
        }
      }
    }
  }

  @Test func classesGoWithTheirImagesWhereTheFileHasThem() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "silhouettes.mat")
    func pixels(_ name: String, _ count: Int) -> MATWriter.Variable {
      MATWriter.Variable(name, [count, 16], .bytes([UInt8](repeating: 1, count: 16 * count)))
    }
    let images = [pixels("train_data", 3), pixels("val_data", 2), pixels("test_data", 1)]
    let labels = [
      MATWriter.Variable("train_labels", [3, 1], .double([7, 101, 7])),
      MATWriter.Variable("val_labels", [2, 1], .double([1, 1.5])),
      MATWriter.Variable("test_labels", [1, 1], .double([2])),
    ]
    try MATWriter.write(images + labels, to: url)
    // A label that is no number of a class makes no labels.
    #expect(try reader.read(url).labels == [.train: ["class 7", "class 101", "class 7"], .test: ["class 2"]])
    try MATWriter.write(images, to: url)
    #expect(try reader.read(url).labels == [:])
  }

  @Test func strayValuesAndClassesAreNamed() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "caltech.mat")
    var bad = variables()
    bad[1] = MATWriter.Variable(
      "val_data", [2, 16], .bytes([0, 1, 1, 1, 0, 7] + [UInt8](repeating: 1, count: 26)))
    try MATWriter.write(bad, to: url)
    let error = #expect(throws: DatasetError.self) { try reader.read(url) }
    #expect(error?.category == .badData)
    #expect(error?.description.contains("'val_data' holds 7.0 at row 1 of column 2") == true)
    bad[1] = MATWriter.Variable(
      "val_data", [2, 16], .complex([Double](repeating: 1, count: 32), [Double](repeating: 1, count: 32)))
    try MATWriter.write(bad, to: url)
    let other = #expect(throws: DatasetError.self) { try reader.read(url) }
    #expect(other?.description.contains("complex, 2 x 16, of class double, not a real matrix") == true)
  }
}

@Suite struct FreyFacesTests {
  @Test func framesAreShuffledAndSplitAndStayGrey() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "frey.mat")
    let bytes = (0..<120).map { UInt8($0 * 2) }
    try MATWriter.write([MATWriter.Variable("ff", [12, 10], .bytes(bytes))], to: url)
    let reader = FreyFaces(
      seed: 0, height: 4, width: 3, counts: SplitCounts(train: 5, validation: 3, test: 2))
    let dataset = try reader.read(url)
    #expect(dataset.name == "freyfaces:0")
    #expect(dataset.pixels == .grey && !dataset.isTrainBinarizedDynamically)
    // NumPy's RandomState(0) shuffles ten things to this order.
    let order = [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]
    let all = dataset.train.pixels + dataset.validation.pixels + dataset.test.pixels
    let shuffled: [UInt8] = order.flatMap { index in Array(bytes[index * 12..<index * 12 + 12]) }
    #expect(all == shuffled.map { Float($0) / 255 })
    #expect(dataset.counts == reader.counts)

    var stray = bytes.map(Double.init)
    stray[37] = 0.5
    try MATWriter.write([MATWriter.Variable("ff", [12, 10], .double(stray))], to: url)
    let error = #expect(throws: DatasetError.self) { try reader.read(url) }
    #expect(error?.description.contains("'ff' holds 0.5 at row 1 of column 3") == true)
  }

  @Test func everyShadeIsFoundAgain() {
    for shade in 0...255 {
      let intensity = Float(shade) / 255
      #expect(Int((255 * intensity).rounded(.down)) == shade)
    }
  }

  @Test func theSeedIsAPartOfTheName() throws {
    #expect(try DatasetCatalog.description(named: "freyfaces").name == "freyfaces")
    #expect(try DatasetCatalog.description(named: "freyfaces:123").name == "freyfaces")
    #expect(try DatasetCatalog.description(named: "freyfaces:321").name == "freyfaces:321")
    for name in [
      "freyfaces:", "freyfaces:x", "freyfaces:-1", "freyfaces:4294967296", "freyfaces:1:2", "mnist:1",
    ] {
      let error = #expect(throws: DatasetError.self) { try DatasetCatalog.description(named: name) }
      #expect(error == .unknownDataset(name: name, known: DatasetCatalog.names))
    }
    #expect(DatasetCatalog.fileName(for: "freyfaces:321") == "freyfaces-321")
    #expect(DatasetCatalog.fileName(for: "omniglot") == "omniglot")
    #expect(DatasetCatalog.fileName(for: "some where/my digits.npz") == "my-digits")
    #expect(DatasetCatalog.fileName(for: "/") == "images")
    #expect(DatasetCatalog.fileName(for: "pictures/") == "pictures")
  }
}

/// Tests on the real files, where they are on this machine.
@Suite struct RealDatasetTests {
  static let locator = RealOmniglotTests.locator

  static func isThere(_ description: DatasetDescription) -> Bool {
    (try? locator.locateAll(description)) != nil
  }

  private func check(_ dataset: ImageDataset, _ description: DatasetDescription, means: [Float]) {
    #expect(dataset.name == description.name)
    #expect(dataset.counts == description.counts)
    #expect((dataset.height, dataset.width) == (description.height, description.width))
    #expect(dataset.pixels == description.pixels)
    for (split, mean) in zip(DatasetSplit.allCases, means) {
      let images = dataset[split]
      print("\(dataset.name), \(split): \(images.count) images, mean \(images.mean)")
      #expect(abs(images.mean - mean) < 2e-6)
      #expect(images.isBinary == (dataset.pixels == .binary))
    }
  }

  @Test(.enabled(if: isThere(.mnist), "needs MNIST in FFJORD_VAE_DATA"))
  func binarizedDigits() throws {
    let cache = try TemporaryDirectory()
    let files = try Self.locator.locateAll(.mnist)
    let reader = MNIST(cache: DatasetCache(directory: cache.url))
    let clock = ContinuousClock()
    var first: ImageDataset?
    let reading = try clock.measure { first = try reader.read(files) }
    let cached = try clock.measure { _ = try reader.read(files) }
    let size = try cache.paths().map { name in
      try Data(contentsOf: cache.url.appendingPathComponent(name)).count
    }.reduce(0, +)
    print("mnist: first read in \(reading), then from the cache of \(size) bytes in \(cached)")
    check(try #require(first), .mnist, means: [0.13056227, 0.13112704, 0.13251224])
    let again = try reader.read(files)
    for split in DatasetSplit.allCases { #expect(again[split] == first?[split]) }
    for file in try DatasetStatus(of: .mnist, locator: Self.locator).files {
      #expect(file.verdict != .unknown)
    }
  }

  @Test(.enabled(if: isThere(.caltech101), "needs Caltech 101 in FFJORD_VAE_DATA"))
  func silhouettes() throws {
    let dataset = try DatasetLoader.load(name: "caltech101", locator: Self.locator)
    check(dataset, .caltech101, means: [0.44894537, 0.46404064, 0.46098498])
    // Things stand upright in the middle: corners are background, and more so than the middle by far.
    let middle = (0..<dataset.test.count).count { Array(dataset.test[$0])[14 * 28 + 14] == 1 }
    let corner = (0..<dataset.test.count).count { dataset.test[$0].first == 1 }
    #expect(middle > 3 * corner)
    #expect(try DatasetStatus(of: .caltech101, locator: Self.locator).files[0].verdict == .published)
  }

  @Test(
    .enabled(if: isThere(.freyfaces), "needs Frey Faces in FFJORD_VAE_DATA"),
    arguments: [UInt32(123), 321, 231])
  func faces(seed: UInt32) throws {
    let known: [UInt32: [Float]] = [
      123: [0.60559005, 0.60638922, 0.60615511], 321: [0.60621195, 0.60515973, 0.60251821],
      231: [0.60585265, 0.60615900, 0.60433050],
    ]
    let description = DatasetDescription.freyfaces(seed: seed)
    let dataset = try DatasetLoader.load(name: description.name, locator: Self.locator)
    check(dataset, description, means: try #require(known[seed]))
    // Neighbours in a face are alike across rows and columns; with the sides confused, rows would not be.
    let face = Array(dataset.train[0])
    let across = (0..<539).map { abs(face[$0] - face[$0 + 20]) }.reduce(0, +)
    let confused = (0..<532).map { abs(face[$0] - face[$0 + 28]) }.reduce(0, +)
    #expect(across < 0.8 * confused)
    #expect(try DatasetStatus(of: description, locator: Self.locator).files[0].verdict == .published)
  }
}
