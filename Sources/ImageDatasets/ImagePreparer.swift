import Randomness

/// Images of one size with intensities in [0, 1], and the record of each.
struct PreparedImages: Sendable {
  var images: GreyImages
  var records: [ImageRecord]

  func selecting(_ places: [Int]) -> PreparedImages {
    PreparedImages(images: images.selecting(places), records: places.map { records[$0] })
  }
}

/// Prepares the user's own images for a model.
struct ImagePreparer: Sendable {
  private let preparation: ImagePreparation
  private let scale: ImageScale

  init(_ preparation: ImagePreparation, scale: ImageScale) {
    self.preparation = preparation
    self.scale = scale
  }

  /// Images, scaled, resized and inverted. The positions in their records begin with `firstPosition`.
  func prepare(_ raw: RawImages, firstPosition: Int) -> PreparedImages {
    var images = scale.images(raw)
    let identities = raw.identities.isEmpty ? images.identities : raw.identities
    let records = identities.enumerated().map { place, identity in
      ImageRecord(
        identity: identity, file: raw.files.isEmpty ? "\(raw.name)[\(place)]" : raw.files[place],
        label: raw.labels.isEmpty ? nil : raw.labels[place], position: firstPosition + place)
    }
    let old = ImageSize(height: raw.height, width: raw.width)
    if let size = preparation.size, size != old {
      let average = AreaAveraging(from: old, to: size)
      // Rounded to grey levels, as a file of that size would store them.
      let levels = (0..<images.count).flatMap { average(images[$0]).map { UInt8((255 * $0).rounded()) } }
      images = GreyImages(height: size.height, width: size.width, levels: levels)
    }
    if preparation.isInverted { images = images.inverted }
    return PreparedImages(images: images, records: records)
  }

  /// The binarized images of each split, the kind of their pixels, and whether training images are binarized
  /// dynamically.
  func binarize(
    _ splits: [DatasetSplit: PreparedImages]
  ) -> (images: [DatasetSplit: GreyImages], pixels: PixelKind, isDynamic: Bool) {
    let images = splits.mapValues(\.images)
    if images.values.allSatisfy(\.isBinary) { return (images, .binary, false) }
    switch preparation.binarization {
    case .none: return (images, .grey, false)
    case .threshold:
      let binary = images.mapValues { grey in
        GreyImages(height: grey.height, width: grey.width, pixels: grey.pixels.map { $0 < 0.5 ? 0 : 1 })
      }
      return (binary, .binary, false)
    case .dynamic:
      var result = images
      for split in [DatasetSplit.validation, .test] { result[split] = splits[split].map(Self.fixedDraw) }
      return (result, .binary, true)
    }
  }

  /// A fixed binarization, which for each image does not depend on the other images.
  private static func fixedDraw(of prepared: PreparedImages) -> GreyImages {
    let images = prepared.images
    let pixels = prepared.records.indices.flatMap { place in
      let stream = RandomStream(seed: 0, purpose: .fixedBinarization, step: prepared.records[place].identity)
      return images.selecting([place]).binarized(using: stream).pixels
    }
    return GreyImages(height: images.height, width: images.width, pixels: pixels)
  }

  /// How images of the given sizes are prepared, and what the result is, in words.
  func words(from sizes: Set<ImageSize>, _ pixels: PixelKind) -> String {
    var words = [String]()
    let sorted = sizes.sorted { ($0.height * $0.width, $0.height) < ($1.height * $1.width, $1.height) }
    if let size = preparation.size, let smallest = sorted.first, let largest = sorted.last, sizes != [size] {
      let old = smallest == largest ? "\(smallest)" : "\(smallest) to \(largest)"
      let isStretched = sizes.contains { $0.height * size.width != $0.width * size.height }
      words.append("resized from \(old) by the means of areas" + (isStretched ? ", their sides not in proportion" : ""))
    }
    if preparation.isInverted { words.append("inverted") }
    switch (pixels, preparation.binarization) {
    case (.grey, _): words.append("grey images, which are not binarized")
    case (.binary, .threshold): words.append("binary images, 1 from a half on")
    case (.binary, .dynamic): words.append("binary images, drawn from the intensities")
    case (.binary, .none): words.append("binary images of zeros and ones")
    }
    return words.joined(separator: "; ")
  }
}
