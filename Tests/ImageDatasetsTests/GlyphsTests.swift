import Foundation
import Testing

@testable import ImageDatasets

@Suite struct GlyphsTests {
  private static let whole = Glyphs().draw()

  @Test func splitsHaveTheSizesPromised() throws {
    let dataset = Self.whole
    #expect(dataset.counts == SplitCounts(train: 12000, validation: 1000, test: 2000))
    #expect(dataset.counts == DatasetDescription.glyphs.counts)
    #expect(dataset.isTrainBinarizedDynamically)
    #expect(!dataset.train.isBinary)
    #expect(dataset.validation.isBinary && dataset.test.isBinary)
  }

  @Test func theSamePixelsAreDrawnEverywhere() throws {
    // The fingerprint of all pixels as bytes: if it changes, results on glyphs are of another dataset.
    let bytes = Data(Self.whole.train.pixels.map { UInt8(($0 * 255).rounded()) })
    #expect(Checksum.of(bytes, .sha256)?.hexadecimal == Self.fingerprint)
    let again = Glyphs(alphabetCount: 2)
    #expect(again.draw().train == again.draw().train)
  }

  @Test func theyAreAsDarkAsHandwriting() {
    let train = Self.whole.train
    #expect((0.07...0.095).contains(train.mean))
    #expect(train.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
    // No image is empty or a blot; Omniglot's range over nine tenths of the images is 30 to 105.
    let inks = (0..<train.count).map { train[$0].reduce(0, +) }
    #expect(inks.allSatisfy { $0 > 8 && $0 < 180 })
    // Nearly nine tenths of the paper stay white, as Omniglot's do.
    let white = Float(train.pixels.count { $0 < 0.1 }) / Float(train.pixels.count)
    #expect((0.84...0.90).contains(white))
  }

  @Test func handsDifferAndCharactersDifferMore() {
    // Before shuffling, an alphabet's test images come hand after hand: 20 of one character, 20 of the next.
    let test = Self.whole.test
    func distance(_ a: Int, _ b: Int) -> Float {
      zip(test[a], test[b]).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    let pairs = stride(from: 0, to: test.count - 20, by: 20)
    let hands = pairs.map { distance($0, $0 + 1) }.reduce(0, +)
    let characters = pairs.map { distance($0, $0 + 20) }.reduce(0, +)
    #expect(hands > 0)
    #expect(characters > 1.1 * hands)
    #expect(Set((0..<test.count).map { Array(test[$0]) }).count == test.count)
  }

  @Test func aStrokeIsAsThickAsItsPen() {
    var raster = StrokeRaster(side: 28)
    raster.beginImage()
    raster.draw([[4, 14], [24, 14]], radius: 1)
    // Across a long line the ink adds up to the pen's width.
    let across = (0..<28).reduce(Float(0)) { $0 + raster.pixels[$1 * 28 + 14] }
    #expect(abs(across - 2) < 0.02)
    raster.beginImage()
    raster.draw([[-50, -50], [90, 100]], radius: 1)
    #expect(raster.pixels.count == 2 * 784)
    #expect(raster.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  private static let fingerprint = "e76955c273ef9d610cc2eb5a89274a56ed6c75015af2f05ae4327524aa6d3189"
}
