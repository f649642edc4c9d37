import Tensors

extension DatasetDescription {
  /// Handwritten characters that this package draws itself, so that no download is needed.
  public static let glyphs = DatasetDescription(
    name: "glyphs",
    summary: "the ten digits, each drawn by \(Glyphs().handCount) hands; needs no file",
    height: 28, width: 28,
    counts: Glyphs().counts,
    files: [],
    read: { _, report throws(DatasetError) in
      report("drawing \(Glyphs().counts.total) glyphs")
      return Glyphs().draw()
    })
}

/// Draws the ten digits by many hands, the same ones on every machine.
///
/// Each image is of another hand, with a size, slant, place and pen of its own. Train, validation and test hold
/// the same characters by different hands. Ten images in a row hold each character once, in an order of their own,
/// so that any part of a split resembles the whole.
struct Glyphs: Sendable {
  /// The number of hands that draw each character for training; those for validation and test follow.
  var trainHands = 1200
  var validationHands = 40
  var testHands = 200

  /// The number of rows and of columns of an image.
  static let side = 28

  /// The number of hands that draw each character.
  var handCount: Int { trainHands + validationHands + testHands }

  /// The number of images in each split.
  var counts: SplitCounts {
    let characters = GlyphCharacter.all.count
    return SplitCounts(
      train: characters * trainHands, validation: characters * validationHands, test: characters * testHands)
  }

  /// The dataset: train grey, validation and test with their fixed binarization.
  func draw() -> ImageDataset {
    let (train, validation) = (counts.train, counts.train + counts.validation)
    return ImageDataset(
      name: "glyphs", greyTrain: images(0..<train), greyValidation: images(train..<validation),
      greyTest: images(validation..<counts.total))
  }

  /// Images by their numbers, each a function of its number alone.
  private func images(_ numbers: Range<Int>) -> GreyImages {
    var raster = StrokeRaster(side: Self.side)
    for number in numbers {
      var draws = GlyphDraws(RandomStream(seed: 0, purpose: .glyphs, step: UInt64(number)))
      let hand = GlyphHand(&draws)
      raster.beginImage()
      Self.character(of: number).draw(by: hand, &draws, on: &raster)
    }
    return GreyImages(height: Self.side, width: Self.side, pixels: raster.pixels)
  }

  /// The character that an image shows.
  static func character(of number: Int) -> GlyphCharacter {
    // Shuffled, since images at equal distances, as pictures show them, would be of one character.
    let (round, place) = number.quotientAndRemainder(dividingBy: GlyphCharacter.all.count)
    let order = RandomStream(seed: 0, purpose: .split, step: UInt64(round)).permutation(of: GlyphCharacter.all.count)
    return GlyphCharacter.all[order[place]]
  }
}
