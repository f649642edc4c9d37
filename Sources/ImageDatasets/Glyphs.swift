import Foundation
import Tensors

extension DatasetDescription {
  /// Characters of invented alphabets that this package draws itself, so that no download is needed.
  public static let glyphs = DatasetDescription(
    name: "glyphs",
    summary: "characters of 50 invented alphabets, each drawn by 20 hands; needs no file",
    height: 28, width: 28,
    counts: Glyphs().counts,
    files: [],
    read: { _, report throws(DatasetError) in
      report("drawing \(Glyphs().counts.total) glyphs")
      return Glyphs().draw()
    })
}

/// Draws characters of invented alphabets in the manner of Omniglot, the same ones on every machine.
///
/// An alphabet has a style and a small stock of strokes; a character is a few strokes put together, and each
/// hand draws it a little differently. Train, validation and test hold different characters of every
/// alphabet, so a model is tested on characters it never met, in styles it knows.
struct Glyphs: Sendable {
  /// The number of alphabets.
  var alphabetCount = 50
  /// The number of characters of an alphabet that train holds; validation and test follow.
  var trainCharacters = 12
  var validationCharacters = 1
  var testCharacters = 2
  /// The number of hands that draw each character.
  var handCount = 20

  /// The number of rows and of columns of an image.
  static let side = 28

  private var charactersPerAlphabet: Int { trainCharacters + validationCharacters + testCharacters }

  /// The number of images in each split.
  var counts: SplitCounts {
    let hands = alphabetCount * handCount
    return SplitCounts(
      train: hands * trainCharacters, validation: hands * validationCharacters, test: hands * testCharacters)
  }

  /// The dataset: train grey, validation and test with their fixed binarization.
  func draw() -> ImageDataset {
    var pixels = [DatasetSplit: [Float]]()
    for split in DatasetSplit.allCases {
      pixels[split] = []
      pixels[split]?.reserveCapacity(counts[split] * Self.side * Self.side)
    }
    for alphabet in drawAlphabets() {
      let perCharacter = alphabet.count / charactersPerAlphabet
      let trainEnd = trainCharacters * perCharacter
      let validationEnd = trainEnd + validationCharacters * perCharacter
      pixels[.train]?.append(contentsOf: alphabet[..<trainEnd])
      pixels[.validation]?.append(contentsOf: alphabet[trainEnd..<validationEnd])
      pixels[.test]?.append(contentsOf: alphabet[validationEnd...])
    }
    func images(_ split: DatasetSplit) -> GreyImages {
      GreyImages(height: Self.side, width: Self.side, pixels: pixels[split] ?? [])
    }
    // Shuffled, so that any part of the training images resembles the whole.
    let order = RandomStream(seed: 0, purpose: .split, step: 1).permutation(of: counts.train)
    return ImageDataset(
      name: "glyphs", greyTrain: images(.train).selecting(order), greyValidation: images(.validation),
      greyTest: images(.test))
  }

  /// Every alphabet's images, character after character and hand after hand.
  private func drawAlphabets() -> [[Float]] {
    (0..<alphabetCount).map { index in
      var draws = GlyphDraws(RandomStream(seed: 0, purpose: .glyphs, step: UInt64(index)))
      let style = GlyphStyle(&draws)
      var raster = StrokeRaster(side: Self.side)
      for _ in 0..<charactersPerAlphabet {
        let character = GlyphCharacter(in: style, &draws)
        for _ in 0..<handCount {
          raster.beginImage()
          character.draw(by: GlyphHand(&draws), &draws, on: &raster)
        }
      }
      return raster.pixels
    }
  }
}
