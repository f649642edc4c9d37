import Foundation
import Testing

@testable import ImageDatasets

@Suite struct GlyphsTests {
  private static let whole = Glyphs().draw()

  @Test func splitsHaveTheSizesPromised() throws {
    let dataset = Self.whole
    #expect(dataset.counts == SplitCounts(train: 12000, validation: 400, test: 2000))
    #expect(dataset.counts == DatasetDescription.glyphs.counts)
    #expect(dataset.isTrainBinarizedDynamically)
    #expect(!dataset.train.isBinary)
    #expect(dataset.validation.isBinary && dataset.test.isBinary)
  }

  @Test func theSamePixelsAreDrawnEverywhere() throws {
    // The digest of all pixels as bytes: if it changes, results on glyphs are of another dataset.
    let bytes = Data(Self.whole.train.pixels.map { UInt8(($0 * 255).rounded()) })
    #expect(Checksum.of(bytes, .sha256)?.hexadecimal == Self.digest)
    let few = Glyphs(trainHands: 2).draw().train
    #expect(few == Self.whole.train.prefix(few.count))
  }

  @Test func theyAreAsDarkAsHandwriting() {
    let train = Self.whole.train
    // MNIST's mean is 0.13.
    #expect((0.11...0.14).contains(train.mean))
    #expect(train.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
    // No image is empty or a blot.
    let inks = (0..<train.count).map { train[$0].reduce(0, +) }
    #expect(inks.allSatisfy { $0 > 25 && $0 < 250 })
  }

  @Test func handsDifferAndCharactersDifferMore() {
    let train = Self.whole.train
    func distance(_ a: Int, _ b: Int) -> Float {
      zip(train[a], train[b]).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    func mean(_ distances: [Float]) -> Float { distances.reduce(0, +) / Float(distances.count) }
    let pairs = (0..<60).flatMap { a in (0..<a).map { (a, $0) } }
    let isSame = { (pair: (Int, Int)) in Glyphs.character(of: pair.0).name == Glyphs.character(of: pair.1).name }
    let hands = mean(pairs.filter(isSame).map(distance))
    let characters = mean(pairs.filter { !isSame($0) }.map(distance))
    #expect(hands > 0)
    #expect(characters > 1.1 * hands)
    #expect(Set((0..<train.count).map { Array(train[$0]) }).count == train.count)
  }

  @Test func anyPartHoldsAllCharacters() {
    #expect(String(GlyphCharacter.all.map(\.name)) == "0123456789")
    for start in stride(from: 0, to: Self.whole.counts.total, by: 10) {
      #expect(Set((start..<start + 10).map { Glyphs.character(of: $0).name }).count == 10)
    }
    // Pictures show images at equal distances, which may be a multiple of ten.
    for distance in [10, 20, 100, 125, 200] {
      #expect(Set((0..<10).map { Glyphs.character(of: $0 * distance).name }).count >= 4)
    }
  }

  @Test func labelsNameTheCharacters() throws {
    let labels = try #require(Self.whole.labels[.validation])
    #expect(labels == (12000..<12400).map { "digit \(Glyphs.character(of: $0).name)" })
    let all = Self.whole.images(.all)
    #expect(all.labels.count == all.images.count && Array(all.labels[12000..<12400]) == labels)
    #expect(all.selecting([12001]).labels == [labels[1]])
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

  private static let digest = "01282e4931b6e258246081a1720149610339846570b8b2fc86031751c1684e68"
}
