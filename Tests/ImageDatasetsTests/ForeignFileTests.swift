import FileTestSupport
import Files
import Foundation
import Testing

@testable import ImageDatasets

/// Files whose claims are not true, or are true and too large.
@Suite struct ForeignFileTests {
  private let folder = try! TemporaryDirectory()

  private func error(_ name: String, _ contents: Data, memoryLimit: MemoryLimit = .standard) throws -> DatasetError? {
    let url = try folder.place(for: name)
    try contents.write(to: url)
    return error(url, memoryLimit)
  }

  private func error(_ url: URL, _ memoryLimit: MemoryLimit = .standard) -> DatasetError? {
    do throws(DatasetError) {
      _ = try DatasetLoader.load(name: url.path, memoryLimit: memoryLimit)
      return nil
    } catch {
      #expect(error.category == .badData)
      #expect(error.description.contains(url.path))
      return error
    }
  }

  @Test(arguments: [12, 23, 25, 48]) func aMATElementIsAsLongAsItsDimensionsSay(_ images: Int) throws {
    let raw = RawMAT()
    let pixels = (0..<784 * images).map { UInt8($0 % 251) }
    let element = raw.variable("data", [784, 24], pixels)
    for contents in [raw.file([element]), raw.file([raw.compressed(element)])] {
      let text = try error("images.mat", contents)?.description ?? "read"
      #expect(text.contains("its dimensions make 18816 numbers, and it holds \(784 * images)"), "\(text)")
    }
    // The numbers themselves are cut off, and only their tag says otherwise.
    var cut = raw.variable("data", [784, 24], Array(repeating: 1, count: 784 * 24))
    cut.removeLast(784 * 12)
    cut.replaceSubrange(4..<8, with: raw.bytes(UInt32(cut.count - 8)))
    for contents in [raw.file([cut]), raw.file([raw.compressed(cut)])] {
      #expect(try error("images.mat", contents)?.description.contains("cut off") == true)
    }
  }

  @Test(arguments: [true, false]) func numbersOfEveryTypeAreReadInBothOrders(isLittleEndian: Bool) throws {
    let raw = RawMAT(isLittleEndian: isLittleEndian)
    let values = (0..<64 * 4).map { $0 % 120 }
    func read(_ classType: UInt32, _ dataType: UInt32, _ bytes: [UInt8]) throws -> [Float] {
      let url = try folder.place(for: "numbers.mat")
      let element = raw.variable("x", [8, 8, 4], classType: classType, dataType: dataType, bytes)
      for element in [element, raw.compressed(element)] {
        // Beside what cannot be read: a cell that claims to be huge, and an object of MathWorks' own.
        let others = [
          raw.variable("c", [1 << 30, 1 << 30], classType: 1, []), raw.variable("o", [], classType: 17, []),
        ]
        try raw.file(others + [element]).write(to: url)
        let file = try MATFile(url)
        #expect(file.variables.map(\.name).contains("c"))
        let variable = try #require(file.variables.first { $0.name == "x" })
        let array = try file.array(variable, memoryLimit: .standard)
        #expect(array.kind == (classType == 6 || classType == 7 ? .floating : .integer))
        #expect(array.values == values.map { Float($0) })
      }
      return values.map { Float($0) }
    }
    // MATLAB stores doubles that are whole in as few bytes as they need.
    _ = try read(6, 2, values.map { UInt8($0) })
    _ = try read(6, 9, values.flatMap { raw.bytes(Double($0).bitPattern) })
    _ = try read(7, 7, values.flatMap { raw.bytes(Float($0).bitPattern) })
    _ = try read(8, 1, values.map { UInt8(bitPattern: Int8($0)) })
    _ = try read(10, 3, values.flatMap { raw.bytes(Int16($0)) })
    _ = try read(11, 4, values.flatMap { raw.bytes(UInt16($0)) })
    _ = try read(12, 5, values.flatMap { raw.bytes(Int32($0)) })
    _ = try read(13, 6, values.flatMap { raw.bytes(UInt32($0)) })
    _ = try read(14, 12, values.flatMap { raw.bytes(Int64($0)) })
    _ = try read(15, 13, values.flatMap { raw.bytes(UInt64($0)) })
  }

  @Test func sizesThatOverflowAreRefused() throws {
    let raw = RawMAT()
    for dimensions: [Int32] in [[-8, -8, 4], [8, -1, 8], [.max, .max, .max], [0, .max, .max, .max]] {
      let contents = raw.file([raw.variable("data", dimensions, [UInt8](repeating: 1, count: 256))])
      #expect(try error("images.mat", contents) != nil)
    }
    for shape in [[10, Int.max, 8], [Int.max, 8, 8], [0, 1 << 62, 1 << 62], [1 << 60, 784]] {
      let array = ArchiveWriter.npy("<f8", shape, [0.5, 0.5])
      #expect(try error("images.npy", array) != nil)
      let url = try folder.place(for: "images.npz")
      try ArchiveWriter.npz([("images", array)], to: url)
      #expect(error(url) != nil)
    }
  }

  @Test func contentsBeyondTheMemoryLimitAreRefusedAndALargerLimitLetsThemPass() throws {
    // 200 images of one colour: 157 kB that pack into less than one, and take 2.5 MB to read.
    let zeros = [UInt8](repeating: 0, count: 200 * 784)
    let small = MemoryLimit(floor: 1_000_000)
    let expected = 200 * 784 * 16
    let archive = try folder.place(for: "images.npz")
    try ArchiveWriter.npz([("images", ArchiveWriter.npy("|u1", [200, 784], zeros))], to: archive)
    let matrix = try folder.place(for: "images.mat")
    let raw = RawMAT()
    try raw.file([raw.compressed(raw.variable("images", [784, 200], zeros))]).write(to: matrix)
    let pictures = folder.url.appendingPathComponent("pictures")
    for index in 0..<200 {
      try PNGImage(height: 28, width: 28, pixels: Array(zeros[..<784])).write(
        to: try folder.place(for: "pictures/\(index).png"))
    }
    for url in [archive, matrix] {
      #expect(error(url, small) == .tooLarge(path: url.path, claim: expected, limit: 1_000_000))
      #expect(error(url) == nil)
    }
    #expect(error(pictures) == nil)
    for index in 0..<200 {
      try PNGImage(height: 512, width: 512, pixels: [UInt8](repeating: 0, count: 1 << 18)).write(
        to: try folder.place(for: "pictures/\(index).png"))
    }
    guard case .tooLarge(_, let claim, let limit) = error(pictures, small) else {
      Issue.record("pictures of one colour were read")
      return
    }
    #expect(claim == (200 << 18) * 16 && limit < (200 << 18) * 16)
    let text = DatasetError.tooLarge(path: "a.npz", claim: 12_000_000_000, limit: 1_000_000_000).description
    for words in ["a.npz", "12.0 GB", "1.0 GB", "raise the limit"] { #expect(text.contains(words)) }
  }

  @Test func aPictureThatIsResizedTakesNoMoreMemoryThanItsFileMay() throws {
    let picture = try folder.place(for: "pictures/white.png")
    try PNGImage(height: 2000, width: 2000, pixels: [UInt8](repeating: 255, count: 4_000_000)).write(to: picture)
    var preparation = ImagePreparation()
    preparation.size = ImageSize(height: 28, width: 28)
    func load(_ limit: MemoryLimit) throws -> Int {
      try DatasetLoader.load(
        name: picture.deletingLastPathComponent().path, preparation: preparation, memoryLimit: limit
      ).counts.total
    }
    #expect(try load(.standard) == 1)
    do {
      _ = try load(MemoryLimit(floor: 1_000_000))
      Issue.record("a picture of 4 million pixels was read in a megabyte")
    } catch {
      for words in ["white.png", "64.0 MB", "1.0 MB", "the limit"] {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
  }

  @Test func aMATFileOfAFewBytesCannotClaimGigabytes() throws {
    let raw = RawMAT()
    let element = raw.compressed(raw.variable("images", [28, 28, 2_000_000], [1, 2, 3, 4, 5]))
    let contents = raw.file([element])
    #expect(contents.count < 250)
    guard case .tooLarge(_, let claim, let limit) = try error("images.mat", contents) else {
      Issue.record("it was read")
      return
    }
    #expect(claim == 28 * 28 * 2_000_000 * 16)
    #expect(limit == 1_000_000_000)
    // Within the limit, it is the element that is short.
    let less = raw.file([raw.compressed(raw.variable("images", [28, 28, 2000], [1, 2, 3, 4, 5]))])
    #expect(try error("images.mat", less)?.description.contains("and it holds 5") == true)
  }

  @Test func aPictureOfTheWrongSizeTakesNoMemory() throws {
    let url = try folder.place(for: "picture.png")
    try PNGImage(height: 600, width: 600, pixels: [UInt8](repeating: 7, count: 360_000)).write(to: url)
    var asked: [Int] = []
    let error = #expect(throws: PNGError.self) {
      try PNGImage(contentsOf: url) { height, width in
        asked = [height, width]
        return "too large"
      }
    }
    #expect(asked == [600, 600])
    #expect(error == .refused(path: url.path, height: 600, width: 600, reason: "too large"))
    #expect(try PNGImage(contentsOf: url).pixels.count == 360_000)
  }

  @Test func aTextOfEmptyLinesEnds() throws {
    let url = try folder.place(for: "lines.amat.gz")
    try Data(deflated(Data(repeating: 0x0A, count: 3_000_000), as: .gzip)).write(to: url)
    let error = #expect(throws: DatasetError.self) { try AMATFile(rowCount: 5, rowLength: 9).read(url) }
    #expect(error?.description.contains("more text than 5 lines of 9 numbers take") == true)
  }
}
