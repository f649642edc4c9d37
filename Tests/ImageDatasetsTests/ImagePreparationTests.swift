import FileTestSupport
import Foundation
import Randomness
import Tensors
import Testing

@testable import ImageDatasets

@Suite struct ImagePreparationTests {
  private func shades(_ side: Int, _ seed: Int) -> [UInt8] {
    RandomStream(seed: UInt64(seed), purpose: .test, step: 5).uniforms(0..<side * side).map { UInt8($0 * 255) }
  }

  private func write(_ folder: TemporaryDirectory, _ name: String, side: Int = 16, seed: Int) throws {
    try PNGImage(height: side, width: side, pixels: shades(side, seed)).write(to: try folder.place(for: name))
  }

  private func read(
    _ folder: TemporaryDirectory, _ change: (inout ImagePreparation) -> Void = { _ in }
  ) throws -> (dataset: ImageDataset, account: String) {
    var preparation = ImagePreparation()
    change(&preparation)
    return try OwnImages(path: folder.url.path, preparation: preparation).read()
  }

  private func splits(_ dataset: ImageDataset) -> [String: DatasetSplit] {
    var result: [String: DatasetSplit] = [:]
    for split in DatasetSplit.allCases {
      for record in dataset.origins?.records[split] ?? [] { result[record.file] = split }
    }
    return result
  }

  @Test func addingAndRemovingImagesMovesNoOther() throws {
    let folder = try TemporaryDirectory()
    for index in 0..<120 { try write(folder, "\(index).png", seed: index) }
    let before = splits(try read(folder).dataset)
    #expect(Set(before.values).count == 3)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("17.png"))
    for index in 200..<220 { try write(folder, "a\(index).png", seed: index) }
    let after = splits(try read(folder).dataset)
    #expect(after.count == 139)
    for (file, split) in before where file != "17.png" { #expect(after[file] == split, "\(file)") }
    // Neither a name nor how images are prepared decides.
    try FileManager.default.moveItem(
      at: folder.url.appendingPathComponent("18.png"), to: folder.url.appendingPathComponent("renamed.png"))
    let prepared = splits(
      try read(folder) {
        $0.isInverted = true
        $0.size = ImageSize(height: 20, width: 24)
        $0.binarization = .threshold
      }.dataset)
    #expect(prepared["renamed.png"] == before["18.png"])
    for (file, split) in after where file != "18.png" { #expect(prepared[file] == split) }
  }

  @Test func anImageIsTheSameInAFolderAndInAnArray() throws {
    let folder = try TemporaryDirectory()
    for index in 0..<5 { try write(folder, "\(index).png", side: 28, seed: index) }
    let array = try folder.place(for: "array/images.npy")
    let all = (0..<5).flatMap { shades(28, $0) }
    try ArchiveWriter.npy("<f8", [5, 28, 28], all.map { Double($0) / 255 }).write(to: array)
    let other = try OwnImages(path: array.path).read().dataset
    let mine = try read(folder).dataset
    #expect(mine.digest == other.digest && mine.digest.count == 64)
    #expect(mine.images(.all).identities == other.images(.all).identities)
    try write(folder, "5.png", side: 28, seed: 5)
    #expect(try read(folder).dataset.digest != mine.digest)
  }

  @Test func foldersAreClassesAndEveryOtherFileIsNamed() throws {
    let folder = try TemporaryDirectory()
    for (index, name) in ["cats/1.png", "cats/deep/2.PNG", "dogs/3.png", "4.png"].enumerated() {
      try write(folder, name, seed: index)
    }
    let jpeg = JPEGWriter.encode(shades(16, 9), height: 16, width: 16)
    try jpeg.write(to: try folder.place(for: "dogs/5.jpg"))
    // A file's first bytes tell what it is.
    try jpeg.write(to: try folder.place(for: "dogs/6.png"))
    for other in ["notes.txt", "cats/a.gif", ".git/config", ".DS_Store"] {
      try Data("x".utf8).write(to: try folder.place(for: other))
    }
    let dataset = try read(folder).dataset
    let all = dataset.images(.all)
    #expect(
      all.records.map(\.file) == [
        "4.png", "cats/1.png", "cats/deep/2.PNG", "dogs/3.png", "dogs/5.jpg", "dogs/6.png",
      ])
    #expect(all.records.map(\.label) == [nil, "cats", "cats", "dogs", "dogs", "dogs"])
    #expect(dataset.origins?.ignored == [".DS_Store", ".git/", "cats/a.gif", "notes.txt"])
  }

  @Test func classesLieBelowSplits() throws {
    let folder = try TemporaryDirectory()
    for (index, name) in ["train/a/1.png", "train/b/2.png", "val/a/3.png", "test/4.png"].enumerated() {
      try write(folder, name, seed: index)
    }
    let records = try read(folder).dataset.images(.all).records
    #expect(records.map(\.label) == ["a", "b", "a", nil])
  }

  @Test func areasAreAveraged() {
    let halves = AreaAveraging(from: ImageSize(height: 4, width: 2), to: ImageSize(height: 2, width: 1))
    #expect(halves([0, 1, 2, 3, 4, 5, 6, 7]) == [1.5, 5.5])
    // Three pixels to two: each new one is a whole and a half.
    let thirds = AreaAveraging(from: ImageSize(height: 1, width: 3), to: ImageSize(height: 1, width: 2))
    let two = thirds([0, 3, 9])
    #expect(abs(two[0] - 1) < 1e-6 && abs(two[1] - 7) < 1e-6)
    let grown = AreaAveraging(from: ImageSize(height: 1, width: 2), to: ImageSize(height: 2, width: 4))
    #expect(grown([2, 8]) == [2, 2, 8, 8, 2, 2, 8, 8])
    // The mean stays, whatever the sizes.
    let pixels = RandomStream(seed: 3, purpose: .test).uniforms(0..<37 * 53)
    let mean = pixels.reduce(0, +) / Float(pixels.count)
    for (height, width) in [(28, 28), (16, 64), (64, 16), (37, 52)] {
      let small = AreaAveraging(from: ImageSize(height: 37, width: 53), to: ImageSize(height: height, width: width))(
        pixels)
      #expect(abs(small.reduce(0, +) / Float(small.count) - mean) < 1e-4)
    }
  }

  @Test func picturesOfAllSizesAreResizedAndColoursAreSaidAloud() throws {
    let folder = try TemporaryDirectory()
    try write(folder, "a.png", side: 40, seed: 1)
    try write(folder, "b.png", side: 5, seed: 2)
    try JPEGWriter.encode([UInt8](repeating: 90, count: 60 * 33 * 3), height: 60, width: 33, components: 3)
      .write(to: try folder.place(for: "c.jpeg"))
    let (dataset, account) = try read(folder) { $0.size = ImageSize(height: 17, width: 30) }
    #expect((dataset.height, dataset.width) == (17, 30) && dataset.counts.total == 3)
    #expect(account.contains("resized from 5x5 to 60x33 by the means of areas, their sides not in proportion"))
    #expect(dataset.origins?.remarks == ["1 of 3 pictures are stored in colours, of which the luminance is taken"])
    let flat = dataset.images(.all).images[2]
    #expect(flat.allSatisfy { abs($0 - Float(90) / 255) < 0.01 })
    #expect(dataset.images(.all).images.pixels.allSatisfy { abs(($0 * 255).rounded() - $0 * 255) < 1e-3 })
  }

  @Test func greyImagesAreBinarizedAsAsked() throws {
    let folder = try TemporaryDirectory()
    for index in 0..<60 { try write(folder, "\(index).png", seed: index) }
    let grey = try read(folder).dataset
    #expect(grey.pixels == .grey && !grey.isTrainBinarizedDynamically && grey.polarity == .light)
    let threshold = try read(folder) { $0.binarization = .threshold }.dataset
    #expect(threshold.pixels == .binary && threshold.train.pixels == grey.train.pixels.map { $0 < 0.5 ? 0 : 1 })
    let dynamic = try read(folder) { $0.binarization = .dynamic }.dataset
    #expect(dynamic.isTrainBinarizedDynamically && dynamic.train == grey.train)
    #expect(dynamic.test.isBinary && abs(dynamic.test.mean - grey.test.mean) < 0.05)
    // The one draw of a test image is its own, whatever others there are.
    let test = try #require(dynamic.origins?.records[.test]?.last)
    let other = try TemporaryDirectory()
    try FileManager.default.copyItem(
      at: folder.url.appendingPathComponent(test.file), to: try other.place(for: "test/x.png"))
    try write(other, "train/1.png", seed: 1)
    let alone = try read(other) { $0.binarization = .dynamic }.dataset
    #expect(Array(alone.test[0]) == Array(dynamic.test[dynamic.test.count - 1]))
    let inverted = try read(folder) { $0.isInverted = true }.dataset
    #expect(inverted.polarity == .ink && inverted.train == grey.train.inverted && grey.train.levels != nil)
  }

  @Test func arraysOfAnySizeAreResized() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npy")
    try ArchiveWriter.npy("|u1", [4, 6, 100], (0..<2400).map { UInt8($0 % 251) }).write(to: url)
    var preparation = ImagePreparation()
    preparation.size = ImageSize(height: 18, width: 50)
    let dataset = try OwnImages(path: url.path, preparation: preparation).read().dataset
    #expect((dataset.height, dataset.width) == (18, 50) && dataset.counts.total == 4)
  }

  @Test func sizesAreReadAsAPersonWritesThem() throws {
    #expect(
      ImageSize("28x20") == ImageSize(height: 28, width: 20) && ImageSize("32") == ImageSize(height: 32, width: 32))
    for text in ["", "x", "28x", "28x20x3", "a"] { #expect(ImageSize(text) == nil) }
    var preparation = ImagePreparation()
    preparation.size = ImageSize(height: 28, width: 20)
    preparation.binarization = .dynamic
    let data = try JSONEncoder().encode(preparation)
    #expect(try JSONDecoder().decode(ImagePreparation.self, from: data) == preparation)
    #expect(try JSONDecoder().decode(ImagePreparation.self, from: Data("{}".utf8)) == ImagePreparation())
    preparation.size = ImageSize(height: 4, width: 600)
    #expect(preparation.validationError == "sides must be 8…512, got 4x600")
  }
}
