import Randomness

extension GreyImages {
  /// The images, each shifted at random by whole pixels: down by one of -limit...limit, and to the right by another, all
  /// equally likely.
  ///
  /// Pixels that come into the frame repeat those at its edge. The shift of image `i` uses the words of counter
  /// `firstImage + i`, so that part of a batch is shifted as it would be within the whole batch.
  ///
  /// - Parameters:
  ///   - limit: The greatest shift in each direction, in pixels.
  ///   - stream: Where the random words come from.
  ///   - firstImage: The index of the first image in the batch that these images are a part of.
  public func randomlyShifted(byUpTo limit: Int, using stream: RandomStream, firstImage: Int = 0) -> GreyImages {
    let shifts = (0..<count).map { image in
      let words = stream.words(at: UInt64(firstImage + image))
      return (down: Self.shift(upTo: limit, words[0]), right: Self.shift(upTo: limit, words[1]))
    }
    if let levels { return GreyImages(height: height, width: width, levels: shifted(levels, by: shifts)) }
    return GreyImages(height: height, width: width, pixels: shifted(pixels, by: shifts))
  }

  /// A number in -limit...limit: 32 random bits scaled to the 2 limit + 1 choices.
  private static func shift(upTo limit: Int, _ word: UInt32) -> Int {
    Int((UInt64(word) * UInt64(2 * limit + 1)) >> 32) - limit
  }

  private func shifted<Number>(_ all: [Number], by shifts: [(down: Int, right: Int)]) -> [Number] {
    var result: [Number] = []
    result.reserveCapacity(all.count)
    for (image, shift) in shifts.enumerated() {
      for row in 0..<height {
        let start = image * pixelCount + min(max(row - shift.down, 0), height - 1) * width
        for column in 0..<width { result.append(all[start + min(max(column - shift.right, 0), width - 1)]) }
      }
    }
    return result
  }
}

extension RandomPurpose {
  /// The shifts of training images.
  public static let randomShift = RandomPurpose(23)
}
