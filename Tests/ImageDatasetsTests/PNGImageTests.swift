import FileTestSupport
import Foundation
import Testing

@testable import ImageDatasets

@Suite struct PNGImageTests {
  private let picture = PNGImage(
    height: 7, width: 300, pixels: (0..<2100).map { UInt8(truncatingIfNeeded: $0 * 7) })

  @Test func whatIsWrittenIsReadBack() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "picture.png")
    try picture.write(to: url)
    #expect(try PNGImage(contentsOf: url) == picture)
    #expect(try folder.paths() == ["picture.png"])
    // Written over an older one, it is the new one.
    let other = PNGImage(height: 1, width: 1, pixels: [9])
    try other.write(to: url)
    #expect(try PNGImage(contentsOf: url) == other)
  }

  @Test func aWrittenFileCanBeReadByOthers() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "picture.png")
    try picture.write(to: url)
    let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
    let plain = try folder.place(for: "plain")
    try Data().write(to: plain)
    let usual = try FileManager.default.attributesOfItem(atPath: plain.path)
    #expect(
      (attributes[.posixPermissions] as? NSNumber)?.intValue
        == (usual[.posixPermissions] as? NSNumber)?.intValue)
  }

  @Test func badFilesAndPlacesAreErrors() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "picture.png")
    let missing = #expect(throws: PNGError.self) { try PNGImage(contentsOf: url) }
    #expect(missing?.category == .inputOutput)
    try Data("no picture".utf8).write(to: url)
    let text = #expect(throws: PNGError.self) { try PNGImage(contentsOf: url) }
    #expect(text?.category == .badData)
    let nowhere = folder.url.appendingPathComponent("none/picture.png")
    let unwritable = #expect(throws: PNGError.self) { try picture.write(to: nowhere) }
    #expect(unwritable?.category == .inputOutput)
    #expect(unwritable?.description.contains(nowhere.path) == true)
  }

  @Test func damagedFilesEndInAnErrorOrInAPicture() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "picture.png")
    let whole = try picture.encoded()
    for length in stride(from: 0, to: whole.count - 12, by: 3) {
      try whole.prefix(length).write(to: url)
      #expect(throws: PNGError.self) { try PNGImage(contentsOf: url) }
    }
    for place in 0..<whole.count {
      var damaged = whole
      damaged[place] ^= 0x41
      try damaged.write(to: url)
      _ = try? PNGImage(contentsOf: url)
    }
  }
}

@Suite struct ImageGridTests {
  private let images = GreyImages(height: 2, width: 1, pixels: [1, 0, 0.2, 0.4, 0, 1])

  @Test func imagesLieWhereTheyShould() {
    let grid = ImageGrid(columns: 2, scale: 2, gap: 1, margin: 3, background: 200)
    let picture = grid.layOut(images)
    // Two columns of 2, a gap of 1; two rows of 4, a gap of 1; margins of 3.
    #expect((picture.height, picture.width) == (15, 11))
    func shade(_ row: Int, _ column: Int) -> UInt8 { picture.pixels[row * 11 + column] }
    #expect(shade(0, 0) == 200)
    // Ink is black; every pixel is a square of four.
    #expect([shade(3, 3), shade(3, 4), shade(4, 3), shade(4, 4)] == [0, 0, 0, 0])
    #expect(shade(5, 3) == 255)
    #expect(shade(3, 5) == 200)
    #expect(shade(3, 6) == 204)
    #expect(shade(6, 7) == 153)
    #expect(shade(7, 3) == 200)
    #expect(shade(8, 3) == 255)
    #expect(shade(11, 4) == 0)
    // Where there is no fourth image, the background shows.
    #expect(shade(8, 6) == 200)
  }

  @Test func pairsStandCloserThanStrangers() {
    let grid = ImageGrid(columns: 3, scale: 1, gap: 1, pairGap: 4, margin: 0, background: 200)
    let inverse = GreyImages(height: 2, width: 1, pixels: images.pixels.map { 1 - $0 })
    let picture = grid.layOut(originals: images, reconstructions: inverse)
    #expect((picture.height, picture.width) == (2, 3 * 3 + 2 * 4))
    let top = Array(picture.pixels[..<17])
    #expect(top == [0, 200, 255, 200, 200, 200, 200, 204, 200, 51, 200, 200, 200, 200, 255, 200, 0])
  }

  @Test func theFirstAndTheLastOfAGroupStandApart() {
    let grid = ImageGrid(columns: 1, scale: 1, gap: 1, pairGap: 5, margin: 0, background: 200)
    let dots = GreyImages(height: 1, width: 1, pixels: [1, 0])
    let picture = grid.layOut([dots, dots, dots, dots], isApart: true)
    #expect((picture.height, picture.width) == (2 + 5, 4 + 3 + 2))
    #expect(Array(picture.pixels[..<9]) == [0, 200, 200, 0, 200, 0, 200, 200, 0])
    #expect(grid.layOut([dots, dots], isApart: true).width == 2 + 2)
    #expect(grid.layOut([dots], isApart: true) == grid.layOut([dots]))
  }

  @Test func fewImagesMakeANarrowGridAndStrayValuesAreShown() {
    let few = ImageGrid.images(images, columns: 10)
    #expect(few == ImageGrid(columns: 3).layOut(images))
    let stray = GreyImages(height: 1, width: 3, pixels: [.nan, 7, -3])
    let grid = ImageGrid(columns: 1, scale: 1, gap: 0, margin: 0)
    #expect(grid.layOut(stray).pixels == [0, 0, 255])
    let pairs = ImageGrid.pairs(originals: images, reconstructions: images, columns: 2)
    #expect(pairs == ImageGrid(columns: 2).layOut(originals: images, reconstructions: images))
  }
}
