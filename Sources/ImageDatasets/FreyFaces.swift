import Foundation

extension DatasetName {
  /// See ``DatasetDescription/freyfaces``.
  public static let freyfaces = DatasetName(rawValue: "freyfaces")
}

extension DatasetDescription {
  /// Frey faces, 1965 grey frames of a film of a face, split with the seed 123.
  public static let freyfaces = freyfaces(seed: FreyFaces.standardSeed)

  /// Frey faces, 1965 grey frames of a film of a face, split as the published code does with a given seed.
  ///
  /// Published results are means over the seeds 123, 321 and 231. The seed follows the name: `freyfaces:321`.
  ///
  /// Roweis, Saul and Hinton, "Global coordination of local linear models", NIPS 2001; the splits are those
  /// of van den Berg, Hasenclever, Tomczak and Welling, "Sylvester normalizing flows for variational
  /// inference", UAI 2018.
  public static func freyfaces(seed: UInt32) -> DatasetDescription {
    let reader = FreyFaces(seed: seed)
    let name = DatasetName.freyfaces.rawValue
    return DatasetDescription(
      name: reader.name, known: .freyfaces,
      summary: "a face in the frames of a film, grey, split with the seed \(seed)"
        + (seed == FreyFaces.standardSeed ? " (\(name):321, \(name):231 for others)" : ""),
      height: 28, width: 20, pixels: .grey,
      counts: reader.counts,
      files: [
        DatasetFile(
          relativePaths: ["freyfaces/", "", "Freyfaces/"].map { $0 + "frey_rawface.mat" },
          address: .https("cs.nyu.edu", "/~roweis/data/frey_rawface.mat"),
          knownForms: [
            DatasetFile.Form(
              checksum: Checksum(
                .sha256, "265a83a23adb081755cd3de375509828e690324d1d60f076b8ecebc840d59c64"),
              origin: "the published file", isPublished: true)
          ])
      ],
      variant: { name in
        // Digits only: UInt32 would accept a sign too.
        name.allSatisfy { $0.isASCII && $0.isNumber } ? UInt32(name).map { freyfaces(seed: $0) } : nil
      },
      read: { files, report throws(DatasetError) in
        report("reading \(files[0].path)")
        return try reader.read(files[0])
      })
  }
}

/// Reads the Frey faces' MAT file: `ff`, `[560, 1965]`, with a column for each image, row by row from the top.
struct FreyFaces: Sendable {
  /// The default seed.
  static let standardSeed: UInt32 = 123

  /// The seed of the shuffle before the split.
  var seed = standardSeed
  /// The number of rows of an image.
  var height = 28
  /// The number of columns of an image.
  var width = 20
  /// The number of images of each split.
  var counts = SplitCounts(train: 1565, validation: 200, test: 200)

  /// The name, followed by the seed where that is not the default.
  var name: String {
    let name = DatasetName.freyfaces.rawValue
    return seed == Self.standardSeed ? name : "\(name):\(seed)"
  }

  /// The dataset: shuffled, then divided into training, validation and test images; all are grey.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  func read(_ url: URL) throws(DatasetError) -> ImageDataset {
    let pixelCount = height * width
    let matrix = MATMatrix(name: "ff", rows: pixelCount, columns: counts.total, element: .byte)
    let values = try MATFile.read(url, [matrix])[0]
    if let place = values.firstIndex(where: { !($0 >= 0 && $0 <= 255 && $0 == $0.rounded()) }) {
      throw .malformed(
        path: url.path,
        reason: "the variable 'ff' holds \(values[place]) at row \(place % pixelCount) of column "
          + "\(place / pixelCount); a shade is a whole number from 0 to 255")
    }
    let all = GreyImages(height: height, width: width, levels: values.map { UInt8($0) })
    var generator = MersenneTwister(seed: seed)
    let order = generator.permutation(of: counts.total)
    let (trainEnd, validationEnd) = (counts.train, counts.train + counts.validation)
    return ImageDataset(
      name: name, train: all.selecting(Array(order[..<trainEnd])),
      validation: all.selecting(Array(order[trainEnd..<validationEnd])),
      test: all.selecting(Array(order[validationEnd...])), isTrainBinarizedDynamically: false, pixels: .grey)
  }
}
