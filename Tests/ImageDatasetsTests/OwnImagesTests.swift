import FileTestSupport
import Foundation
import Randomness
import Tensors
import Testing

@testable import ImageDatasets

@Suite struct OwnImagesTests {
  /// Bytes of 0...255 for so many images of a size, in NumPy's order.
  private func bytes(_ count: Int, _ pixels: Int = 784) -> [UInt8] {
    (0..<count * pixels).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 784) }
  }

  private func read(_ url: URL) throws(DatasetError) -> (dataset: ImageDataset, account: String) {
    var account = ""
    let dataset = try DatasetLoader.load(name: url.path) { account += $0 + "\n" }
    return (dataset, account)
  }

  /// The text of the error that reading ends in, which must be of bad data and name the file.
  private func refusal(_ url: URL, naming file: URL? = nil) throws -> String {
    do {
      _ = try read(url)
      return "read"
    } catch {
      #expect(error.category == .badData, "\(error)")
      #expect(error.description.contains((file ?? url).path), "\(error)")
      return error.description
    }
  }

  @Test func namedSplitsAreKeptInOrder() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "digits.npz")
    let (train, valid, test) = (bytes(4), bytes(2), bytes(3))
    try ArchiveWriter.npz(
      [
        ("x_train", ArchiveWriter.npy("|u1", [4, 28, 28], train)),
        ("y_train", ArchiveWriter.npy("<i8", [4], [0, 1, 2, 3])),
        ("valid_images", ArchiveWriter.npy("|u1", [2, 1, 28, 28], valid)),
        ("Test", ArchiveWriter.npy("|u1", [3, 784], test)),
      ], to: url)
    let (dataset, account) = try read(url)
    #expect(dataset.train.pixels == train.map { Float($0) / 255 })
    #expect(dataset.validation.pixels == valid.map { Float($0) / 255 })
    #expect(dataset.test.pixels == test.map { Float($0) / 255 })
    #expect(dataset.pixels == .grey && !dataset.isTrainBinarizedDynamically && dataset.name == url.path)
    for words in [
      "9 images of 28 x 28", "'x_train' (4)", "from 0.0 to 255.0", "divided by 255", "grey", "as named there",
      "left out: 'y_train'", "4 for training, 2 for validation, 3 for testing",
    ] { #expect(account.contains(words), "\(account)") }
  }

  @Test func oneArrayIsCutByTheImagesThemselves() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "digits.npy")
    let stream = RandomStream(seed: 21, purpose: .test)
    let numbers: [UInt8] = stream.uniforms(0..<100 * 560).map { $0 < 0.5 ? 1 : 0 }
    try ArchiveWriter.npy("|b1", [100, 28, 20], numbers).write(to: url)
    let (dataset, account) = try read(url)
    #expect((dataset.height, dataset.width) == (28, 20) && dataset.pixels == .binary)
    #expect(dataset.counts.total == 100 && (65...90).contains(dataset.counts.train))
    #expect((3...20).contains(dataset.counts.validation) && (3...20).contains(dataset.counts.test))
    #expect(account.contains("validation and test cut from the training images by each one's content"))
    // Every image is there once, under its place in the array.
    let records = DatasetSplit.allCases.flatMap { dataset.origins?.records[$0] ?? [] }
    #expect(Set(records.map(\.file)) == Set((0..<100).map { "digits.npy[\($0)]" }))
    let all = dataset.images(.all)
    #expect(all.images.pixels == numbers.map(Float.init) && all.records.map(\.position) == Array(0..<100))
    for split in DatasetSplit.allCases {
      for (place, record) in (dataset.origins?.records[split] ?? []).enumerated() {
        #expect(Array(dataset[split][place]) == Array(all.images[record.position]))
      }
    }
  }

  @Test func aMissingSplitIsCutFromTraining() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "digits.npz")
    let all = bytes(200, 784)
    try ArchiveWriter.npz(
      [
        ("train", ArchiveWriter.npy("|u1", [200, 784], all)),
        ("test", ArchiveWriter.npy("|u1", [2, 784], bytes(2))),
      ], to: url)
    let (dataset, account) = try read(url)
    #expect(dataset.counts.train + dataset.counts.validation == 200 && dataset.counts.validation > 5)
    #expect(dataset.test.pixels == bytes(2).map { Float($0) / 255 })
    #expect(account.contains("validation cut from"))
  }

  @Test func numbersOfEveryTypeAndOrderAreTheSameImages() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npy")
    let values = bytes(3)
    func read(_ npy: Data) throws -> [Float] {
      try npy.write(to: url)
      return try NPYArray.read(url).values
    }
    let floats = values.map(Float.init)
    #expect(try read(ArchiveWriter.npy("<u2", [3, 784], values.map(UInt16.init))) == floats)
    #expect(try read(ArchiveWriter.npy("<i2", [3, 784], values.map(Int16.init))) == floats)
    #expect(try read(ArchiveWriter.npy("<u4", [3, 784], values.map(UInt32.init))) == floats)
    #expect(try read(ArchiveWriter.npy("<i4", [3, 784], values.map(Int32.init))) == floats)
    #expect(try read(ArchiveWriter.npy("<u8", [3, 784], values.map(UInt64.init))) == floats)
    #expect(try read(ArchiveWriter.npy("=i8", [3, 784], values.map(Int64.init))) == floats)
    #expect(try read(ArchiveWriter.npy("<f4", [3, 784], floats, version: 2)) == floats)
    #expect(try read(ArchiveWriter.npy("<f8", [3, 784], values.map(Double.init), version: 3)) == floats)
    #expect(try read(ArchiveWriter.npy(">f4", [3, 784], floats.map(\.bitPattern.byteSwapped))) == floats)
    #expect(try read(ArchiveWriter.npy(">i2", [3, 784], values.map { Int16($0).byteSwapped })) == floats)
    #expect(try read(ArchiveWriter.npy("|i1", [1, 3], [Int8](arrayLiteral: -1, 0, 1))) == [-1, 0, 1])

    // In Fortran's order the first index runs fastest.
    var turned = [UInt8](repeating: 0, count: values.count)
    for image in 0..<3 {
      for row in 0..<28 {
        for column in 0..<28 {
          turned[image + 3 * (row + 28 * column)] = values[image * 784 + row * 28 + column]
        }
      }
    }
    try ArchiveWriter.npy("|u1", [3, 28, 28], turned, isFortran: true).write(to: url)
    let fortran = try self.read(url).dataset
    try ArchiveWriter.npy("|u1", [3, 28, 28, 1], values).write(to: url)
    #expect(try self.read(url).dataset.train == fortran.train)
  }

  @Test func scalesAreToldApart() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npy")
    func dataset(_ values: [Float]) throws -> ImageDataset {
      try ArchiveWriter.npy("<f4", [4, 1024], values).write(to: url)
      return try read(url).dataset
    }
    let fractions = (0..<4096).map { Float($0) / 4095 }
    #expect(try dataset(fractions).train.pixels.max() ?? 0 <= 1)
    #expect(try dataset(fractions).train.mean > 0.3)
    #expect(try dataset(fractions).pixels == .grey)
    let shades = fractions.map { ($0 * 255).rounded() }
    #expect(abs(try dataset(shades).train.mean - dataset(fractions).train.mean) < 0.01)
    // Black and white of 0 and 255 are binary too.
    #expect(try dataset(fractions.map { $0 < 0.5 ? 0 : 255 }).pixels == .binary)
    #expect(try dataset(fractions.map { $0 < 0.5 ? 0 : 1 }).pixels == .binary)
    try ArchiveWriter.npy("<f4", [4, 1024], fractions.map { $0 * 1.25 }).write(to: url)
    #expect(try refusal(url).contains("neither from 0 to 1 nor from 0 to 255"))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, -0.25, 256]) func strayNumbersAreNamed(_ value: Float)
    throws
  {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npz")
    var values = [Float](repeating: 0.5, count: 5 * 784)
    values[3 * 784 + 2 * 28 + 7] = value
    try ArchiveWriter.npz([("images", ArchiveWriter.npy("<f4", [5, 28, 28], values))], to: url)
    #expect(try refusal(url).contains("the array 'images', image 3, row 2, column 7 holds \(value)"))
  }

  @Test func pickledObjectsAreRefused() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npz")
    let pickle = Data("\u{80}\u{4}K\u{1}.".utf8)
    let object = ArchiveWriter.npy("|O", [3, 28, 28], pickle)
    for name in ["images", "train", "arr_0"] {
      try ArchiveWriter.npz([(name, object)], to: url)
      let text = try refusal(url)
      #expect(text.contains("'\(name)'") && text.contains("object array (pickled Python objects)"), "\(text)")
    }
    // Beside images, labels of any kind are only left out.
    try ArchiveWriter.npz(
      [("labels", object), ("arr_0", ArchiveWriter.npy("|u1", [3, 28, 28], bytes(3)))], to: url)
    #expect(try read(url).account.contains("left out: 'labels'"))
    let single = try folder.place(for: "images.npy")
    try object.write(to: single)
    #expect(try refusal(single).contains("object array"))
  }

  @Test func otherArraysAreRefusedInWords() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npz")
    func text(_ arrays: [(String, Data)]) throws -> String {
      try ArchiveWriter.npz(arrays.map { (name: $0.0, npy: $0.1) }, to: url)
      return try refusal(url)
    }
    func zeros(_ shape: [Int]) -> Data {
      ArchiveWriter.npy("|u1", shape, [UInt8](repeating: 0, count: shape.reduce(1, *)))
    }
    #expect(try text([("images", zeros([4, 30, 600]))]).contains("'images' is 4 x 30 x 600"))
    #expect(try text([("images", zeros([4, 30, 600]))]).contains("from 8 to 512"))
    #expect(try text([("images", zeros([4, 7, 7]))]).contains("resized"))
    #expect(try text([("images", zeros([4, 900]))]).contains("784, 560 or 1024"))
    #expect(try text([("images", zeros([4, 3, 28, 28]))]).contains("4 x 3 x 28 x 28"))
    #expect(try text([("images", zeros([784]))]).contains("is 784"))
    #expect(try text([("images", zeros([0, 28, 28]))]).contains("holds no images"))
    #expect(try text([("a", zeros([3, 28, 28])), ("b", zeros([3, 28, 28]))]).contains("any of 'a', 'b'"))
    #expect(try text([("test", zeros([3, 28, 28]))]).contains("nothing named 'train'"))
    #expect(
      try text([("train", zeros([3, 28, 28])), ("x_train", zeros([3, 28, 28]))]).contains(
        "both mean the train"))
    #expect(
      try text([("train", zeros([3, 28, 28])), ("test", zeros([3, 28, 20]))]).contains("must be of one size"))
    #expect(
      try text([("images", ArchiveWriter.npy("<c8", [3, 28, 28], Data()))]).contains("type '<c8' is not read")
    )
    #expect(
      try text([("images", ArchiveWriter.npy("|u1", [3, 28, 28], Data([1, 2])))]).contains("does not agree"))
    #expect(
      try text([("images", ArchiveWriter.npy("|u1", [1 << 40, 28, 28], Data()))]).contains("does not agree"))
    try ArchiveWriter.zip([("readme.txt", Data("hello".utf8))], to: url)
    #expect(try refusal(url).contains("holds no arrays"))
    try Data("no archive".utf8).write(to: url)
    #expect(try refusal(url).contains("no NPZ file"))
    let other = try folder.place(for: "images.tiff")
    try Data("II".utf8).write(to: other)
    #expect(try refusal(other).contains("nothing else"))
    let missing = #expect(throws: DatasetError.self) { try DatasetLoader.load(name: "./nothing-there.npz") }
    #expect(missing?.category == .missingInput)
  }

  @Test(arguments: [true, false]) func damagedArchivesEndInAnErrorOrInImages(isCompressed: Bool) throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npz")
    let values = (0..<4 * 784).map { UInt8($0 % 3 == 0 ? 200 : 3) }
    try ArchiveWriter.npz(
      [
        ("train", ArchiveWriter.npy("|u1", [4, 28, 28], values)),
        ("test", ArchiveWriter.npy("|u1", [4, 28, 28], values)),
      ], to: url, isCompressed: isCompressed)
    let whole = try Data(contentsOf: url)
    for length in stride(from: 0, to: whole.count, by: 1 + whole.count / 200) {
      try whole.prefix(length).write(to: url)
      #expect(try refusal(url) != "read")
    }
    let stream = RandomStream(seed: 13, purpose: .test, step: isCompressed ? 1 : 0)
    for trial in 0..<200 {
      var damaged = whole
      let words = stream.words(at: UInt64(trial))
      damaged[Int(words[0]) % whole.count] ^= 1 << UInt8(words[1] % 8)
      if words[2] % 2 == 0 { damaged[whole.count - 1 - Int(words[3]) % 200] = UInt8(words[2] >> 8 & 255) }
      try damaged.write(to: url)
      _ = try refusal(url)
    }
  }

  @Test func damagedNPYFilesEndInAnErrorOrInImages() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "images.npy")
    let whole = ArchiveWriter.npy("|u1", [4, 28, 20], [UInt8](repeating: 9, count: 4 * 560))
    for length in stride(from: 0, to: whole.count, by: 3) {
      try whole.prefix(length).write(to: url)
      #expect(try refusal(url) != "read")
    }
    let stream = RandomStream(seed: 14, purpose: .test)
    for trial in 0..<300 {
      var damaged = whole
      let words = stream.words(at: UInt64(trial))
      damaged[Int(words[0]) % 128] = UInt8(words[1] & 255)
      try damaged.write(to: url)
      _ = try refusal(url)
    }
  }
}
