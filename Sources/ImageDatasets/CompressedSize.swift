extension GreyImages {
  /// The bytes that each image takes as a PNG file: a bound on how much there is in it, whatever it shows.
  ///
  /// - Throws: ``PNGError/unencodable(reason:)``
  public func compressedSizes() throws(PNGError) -> [Int] {
    let plain = ImageGrid(columns: 1, scale: 1, margin: 0)
    var sizes: [Int] = []
    for index in 0..<count { sizes.append(try plain.layOut(selecting([index])).encoded().count) }
    return sizes
  }
}
