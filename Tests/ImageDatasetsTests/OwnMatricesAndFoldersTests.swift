import FileTestSupport
import Foundation
import Testing

@testable import ImageDatasets

@Suite struct OwnMatricesTests {
  private func read(_ variables: [MATWriter.Variable]) throws -> (dataset: ImageDataset, account: String) {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.mat")
    try MATWriter.write(variables, to: url)
    return try OwnImages(path: url.path).read()
  }

  /// Pixel (row, column) of image i.
  private func value(_ image: Int, _ row: Int, _ column: Int) -> UInt8 {
    UInt8((image * 50 + row * 3 + column * 5) % 256)
  }

  /// All pixels with the indices in an order, the first running fastest.
  private func bytes(
    _ a: Int, _ b: Int, _ c: Int, _ pixel: (Int, Int, Int) -> UInt8
  ) -> [UInt8] {
    var result = [UInt8]()
    for z in 0..<c { for y in 0..<b { for x in 0..<a { result.append(pixel(x, y, z)) } } }
    return result
  }

  @Test func axesAreReadInEitherOrder() throws {
    let expected = try read([
      MATWriter.Variable("data", [5, 28, 20], .bytes(bytes(5, 28, 20) { value($0, $1, $2) }))
    ])
    #expect((expected.dataset.height, expected.dataset.width) == (28, 20))
    #expect(expected.account.contains("images, rows, columns"))
    let order = [
      MATWriter.Variable("images", [28, 20, 5], .bytes(bytes(28, 20, 5) { value($2, $0, $1) })),
      MATWriter.Variable("faces", [560, 5], .bytes(bytes(20, 28, 5) { value($2, $1, $0) })),
      MATWriter.Variable("faces", [5, 560], .bytes(bytes(5, 20, 28) { value($0, $2, $1) })),
      MATWriter.Variable(
        "faces", [5, 560], .double(bytes(5, 20, 28) { value($0, $2, $1) }.map(Double.init))),
    ]
    for variable in order {
      let found = try read([variable, MATWriter.Variable("labels", [1, 5], .double([1, 2, 3, 4, 5]))])
      #expect(found.dataset.train == expected.dataset.train, "\(variable.name) \(variable.dimensions)")
      #expect(found.dataset.test == expected.dataset.test)
      #expect(found.account.contains("the variable '\(variable.name)'"))
      #expect(found.account.contains("left out: 'labels'"))
    }
    #expect(expected.dataset.counts.total == 5)
  }

  @Test func splitsAreFoundByName() throws {
    let zeros = [UInt8](repeating: 0, count: 3 * 784)
    let found = try read([
      MATWriter.Variable("train_data", [3, 784], .bytes(zeros)),
      MATWriter.Variable("val_data", [2, 784], .bytes(Array(zeros[..<1568]))),
      MATWriter.Variable("test_data", [1, 784], .bytes(Array(zeros[..<784]))),
      MATWriter.Variable("train_labels", [3, 1], .bytes([1, 2, 3])),
    ])
    #expect(found.dataset.counts == SplitCounts(train: 3, validation: 2, test: 1))
    #expect(found.dataset.pixels == .binary)
  }

  @Test func otherVariablesAreRefused() throws {
    func refusal(_ variable: MATWriter.Variable) -> String {
      do {
        _ = try read([variable])
        return "read"
      } catch {
        guard let error = error as? DatasetError, case .unusable = error else { return "\(error)" }
        return error.description
      }
    }
    let many = [Double](repeating: 0, count: 3 * 900)
    #expect(refusal(MATWriter.Variable("x", [3, 6, 150], .double(many))).contains("'x' is 3 x 6 x 150"))
    let half = Array(many[..<2352])
    #expect(refusal(MATWriter.Variable("x", [3, 784], .complex(half, half))).contains("complex"))
    var stray = half
    stray[5] = .nan
    #expect(refusal(MATWriter.Variable("x", [3, 784], .double(stray))).contains("image 2, row 0, column 1"))
  }
}

@Suite struct ImageFolderTests {
  private func write(_ folder: TemporaryDirectory, _ name: String, side: Int = 28, shade: Int) throws {
    let pixels = (0..<side * side).map { UInt8(($0 + shade) % 256) }
    try PNGImage(height: side, width: side, pixels: pixels).write(to: try folder.place(for: name))
  }

  private func refusal(_ folder: TemporaryDirectory) throws -> DatasetError? {
    #expect(throws: DatasetError.self) { try DatasetLoader.load(name: folder.url.path) }
  }

  @Test func allPicturesOfAFolderAreRead() throws {
    let folder = try TemporaryDirectory()
    for index in 0..<9 { try write(folder, "\(index).png", side: 32, shade: index) }
    try write(folder, "below/deep/last.PNG", side: 32, shade: 9)
    try write(folder, ".hidden.png", side: 32, shade: 9)
    try Data("notes".utf8).write(to: try folder.place(for: "notes.txt"))
    try FileManager.default.createSymbolicLink(
      at: try folder.place(for: "nowhere.png"), withDestinationURL: try folder.place(for: "gone.png"))
    let (dataset, account) = try OwnImages(path: folder.url.path).read()
    #expect(dataset.counts.total == 10)
    #expect(dataset.origins?.ignored == [".hidden.png", "notes.txt", "nowhere.png"])
    #expect((dataset.height, dataset.width) == (32, 32))
    #expect(dataset.pixels == .grey)
    #expect(account.contains("10 images of 32 x 32 from the folder"))
    let firsts = DatasetSplit.allCases.flatMap { split in
      (0..<dataset.counts[split]).map { Int((dataset[split][$0].first ?? 0) * 255 + 0.5) }
    }
    #expect(firsts.sorted() == Array(0..<10))
  }

  @Test func foldersNamedAfterSplitsAreTheSplits() throws {
    let folder = try TemporaryDirectory()
    for index in 0..<3 { try write(folder, "train/\(index).png", shade: index) }
    for index in 3..<5 { try write(folder, "valid/a/\(index).png", shade: index) }
    try write(folder, "test/5.png", shade: 5)
    try write(folder, "others/6.png", side: 30, shade: 6)
    let (dataset, account) = try OwnImages(path: folder.url.path).read()
    #expect(dataset.counts == SplitCounts(train: 3, validation: 2, test: 1))
    #expect(dataset.train.pixels.prefix(784) == (0..<784).map { Float($0 % 256) / 255 }[...])
    #expect(dataset.origins?.ignored == ["others/6.png"])
    #expect(!account.contains("left out"))
  }

  @Test func aPictureThatDoesNotFitIsNamed() throws {
    let folder = try TemporaryDirectory()
    #expect(try refusal(folder)?.description.contains("no PNG files and no JPEG files") == true)
    try write(folder, "a.png", shade: 1)
    try write(folder, "b.png", side: 7, shade: 1)
    let wrong = try refusal(folder)
    #expect(wrong?.category == .badData)
    #expect(wrong?.description.contains("\(folder.url.path)/b.png cannot be used") == true)
    #expect(wrong?.description.contains("7 x 7") == true)
    try write(folder, "b.png", side: 32, shade: 1)
    let mixed = try refusal(folder)
    #expect(mixed?.description.contains("b.png") == true && mixed?.description.contains("a.png") == true)
    #expect(mixed?.description.contains("one size, or be resized") == true)
    try Data("no picture".utf8).write(to: try folder.place(for: "b.png"))
    let text = try refusal(folder)
    #expect(text?.category == .badData)
    #expect(text?.description.contains("b.png") == true)
  }

  @Test func ownImagesAreDescribedLikeTheOthers() async throws {
    let folder = try TemporaryDirectory()
    for index in 0..<20 { try write(folder, "\(index).png", shade: index) }
    let description = try DatasetCatalog.description(named: folder.url.path)
    #expect(description.counts.total == 20)
    #expect(description.pixels == .grey && !description.isDrawn)
    let locator = DatasetLocator(dataDirectory: folder.url.path, environment: [:])
    let status = try DatasetStatus(of: description, locator: locator)
    #expect(status.isAvailable && status.files.isEmpty && status.pixels == .grey)
    #expect(try locator.locateAll(description).isEmpty)
    let error = await #expect(throws: DatasetError.self) {
      try await DatasetFetcher().fetch(description, into: folder.url)
    }
    #expect(error == .nothingToFetch(path: folder.url.path))
  }

  @Test func namesOfSplitsAreUnderstood() {
    #expect(["train", "x_train", "Train Images", "training"].allSatisfy { SplitNames.split($0) == .train })
    #expect(["val", "valid", "validation_data"].allSatisfy { SplitNames.split($0) == .validation })
    #expect(["y_train", "train_labels", "images", "trainer", ""].allSatisfy { SplitNames.split($0) == nil })
    #expect(["images", "x", "data"].allSatisfy(SplitNames.isPlain))
  }

  @Test func anArrayBeyondMemoryIsRefusedBeforeItIsRead() throws {
    let folder = try TemporaryDirectory()
    let file = try folder.place(for: "huge.npy")
    try Data([0x93] + Array("NUMPY".utf8)).write(to: file)
    // The file has no blocks on the disk.
    #expect(truncate(file.path, off_t(1) << 42) == 0)
    let error = #expect(throws: DatasetError.self) { try DatasetLoader.load(name: file.path) }
    #expect(error?.category == .resources && error?.description.contains("of memory are free") == true)
  }
}
