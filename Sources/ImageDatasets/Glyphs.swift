import Randomness

extension DatasetName {
  /// See ``DatasetDescription/glyphs``.
  public static let glyphs = DatasetName(rawValue: "glyphs")
}

extension DatasetDescription {
  /// Handwritten digits that this package draws itself, so that no download is needed.
  public static let glyphs = DatasetDescription(
    .glyphs,
    summary: "the ten digits, each drawn by \(Glyphs().handCount) hands; needs no file",
    height: 28, width: 28,
    counts: Glyphs().counts,
    files: [],
    read: { _, report throws(DatasetError) in
      report("drawing \(Glyphs().counts.total) glyphs")
      return Glyphs().draw()
    })
}

/// Draws the ten digits in many handwritings, the same on every machine.
///
/// Each image has a handwriting of its own: size, slant, position and pen. The splits have the same characters in
/// different handwritings. Each ten consecutive images have all characters once, in random order, so that any part of
/// a split resembles the whole.
struct Glyphs: Sendable {
  /// The number of training images of each character.
  var trainHands = 1200
  /// The number of validation images of each character.
  var validationHands = 40
  /// The number of test images of each character.
  var testHands = 200

  /// The number of rows and of columns of an image.
  static let side = 28

  /// The number of images of each character.
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
    func labels(_ numbers: Range<Int>) -> [String] { numbers.map { "digit \(Self.character(of: $0).name)" } }
    return ImageDataset(
      name: DatasetName.glyphs.rawValue, greyTrain: images(0..<train), greyValidation: images(train..<validation),
      greyTest: images(validation..<counts.total),
      labels: [
        .train: labels(0..<train), .validation: labels(train..<validation), .test: labels(validation..<counts.total),
      ])
  }

  /// The images with the given numbers; each is a function of its number alone.
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
    // Shuffled, since otherwise images at equal distances, as `reconstruct` picks them, would all be of one character.
    let (round, place) = number.quotientAndRemainder(dividingBy: GlyphCharacter.all.count)
    let order = RandomStream(seed: 0, purpose: .split, step: UInt64(round)).permutation(of: GlyphCharacter.all.count)
    return GlyphCharacter.all[order[place]]
  }
}

extension RandomPurpose {
  /// The strokes of drawn characters.
  public static let glyphs = RandomPurpose(9)
}
