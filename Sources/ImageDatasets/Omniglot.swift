import Foundation
import Randomness

extension DatasetName {
  /// See ``DatasetDescription/omniglot``.
  public static let omniglot = DatasetName(rawValue: "omniglot")
}

extension DatasetDescription {
  /// Handwritten characters of 50 alphabets, as the importance weighted autoencoder's authors prepared them.
  ///
  /// Lake, Salakhutdinov and Tenenbaum, "Human-level concept learning through probabilistic program
  /// induction", Science 2015; Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", ICLR
  /// 2016.
  public static let omniglot = DatasetDescription(
    .omniglot,
    summary: "handwritten characters of 50 alphabets, each drawn by 20 hands",
    height: 28, width: 28,
    counts: SplitCounts(train: 23000, validation: 1345, test: 8070),
    files: [
      DatasetFile(
        relativePaths: ["omniglot/chardata.mat", "chardata.mat", "OMNIGLOT/chardata.mat"],
        address: .https(
          "raw.githubusercontent.com", "/yburda/iwae/master/datasets/OMNIGLOT/chardata.mat"),
        knownForms: [
          DatasetFile.Form(
            checksum: Checksum(.md5, "21ecaf34373511aa7691cf2e0802aa3d"),
            origin: "the published file", isPublished: true),
          DatasetFile.Form(
            checksum: Checksum(.sha256, "f32f04cf226deaf2df7e0faa6427b157ef89f15999ddbc435db9456bd3231e26"),
            origin: "rebuilt from the original drawings by the original recipe", isPublished: false),
        ])
    ],
    read: { files, report throws(DatasetError) in
      report("reading \(files[0].path)")
      return try Omniglot().read(files[0])
    })
}

/// Reads Omniglot's MAT file: `data` and `testdata`, each `[784, count]`, with an image's columns one after another; and
/// where they are there, `target` and `testtarget`, `[50, count]`, with a 1 for an image's alphabet. The file numbers
/// alphabets, and has no names for them.
struct Omniglot: Sendable {
  /// The number of rows and of columns of an image.
  var side = 28
  /// The number of images in `data`: training and validation images together.
  var trainingCount = 24345
  /// The number of images in `testdata`.
  var testCount = 8070
  /// The number of validation images: the last images of `data` after shuffling.
  var validationCount = 1345
  /// The number of alphabets.
  var alphabetCount = 50

  /// The dataset: training images are shuffled and grey, validation and test images have a fixed binarization.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  func read(_ url: URL) throws(DatasetError) -> ImageDataset {
    precondition(validationCount <= trainingCount, "Omniglot: more images for validation than there are")
    let wanted = [
      MATMatrix(name: "data", rows: side * side, columns: trainingCount),
      MATMatrix(name: "testdata", rows: side * side, columns: testCount),
    ]
    let matrices = try MATFile.read(url, wanted)
    for (matrix, values) in zip(wanted, matrices) {
      try check(values, named: matrix.name, url)
    }
    // The split does not depend on the seed of a run, so that validation results of runs are comparable.
    let order = RandomStream(seed: 0, purpose: .split).permutation(of: trainingCount)
    let kept = trainingCount - validationCount
    var labels: [DatasetSplit: [String]] = [:]
    if let alphabets = alphabets("target", count: trainingCount, url) {
      (labels[.train], labels[.validation]) = (
        order[..<kept].map { alphabets[$0] }, order[kept...].map { alphabets[$0] }
      )
    }
    labels[.test] = alphabets("testtarget", count: testCount, url)
    return ImageDataset(
      name: DatasetName.omniglot.rawValue,
      greyTrain: images(matrices[0], order[..<kept]),
      greyValidation: images(matrices[0], order[kept...]),
      greyTest: images(matrices[1], (0..<testCount)[...]), labels: labels)
  }

  /// The alphabet of each image in the file's order; nil where the file does not have it.
  private func alphabets(_ name: String, count: Int, _ url: URL) -> [String]? {
    let wanted = MATMatrix(name: name, rows: alphabetCount, columns: count, element: .byte)
    guard let marks = MATFile.readIfUsable(url, wanted) else { return nil }
    let numbers = (0..<count).compactMap { image in
      marks[image * alphabetCount..<(image + 1) * alphabetCount].firstIndex(of: 1).map { $0 - image * alphabetCount }
    }
    return numbers.count == count ? numbers.map { "alphabet \($0 + 1)" } : nil
  }

  /// The images at `indices`, transposed from column-major to row-major order.
  private func images(_ columns: [Float], _ indices: some RandomAccessCollection<Int>) -> GreyImages {
    let side = side
    let pixels = [Float](unsafeUninitializedCapacity: indices.count * side * side) { result, written in
      columns.withUnsafeBufferPointer { columns in
        var target = 0
        for index in indices {
          let source = index * side * side
          for row in 0..<side {
            for column in 0..<side {
              result[target] = columns[source + column * side + row]
              target += 1
            }
          }
        }
        written = target
      }
    }
    return GreyImages(height: side, width: side, pixels: pixels)
  }

  private func check(_ values: [Float], named name: String, _ url: URL) throws(DatasetError) {
    // Comparisons with NaN are false, so that this test finds NaN too.
    guard let place = values.firstIndex(where: { !($0 >= 0 && $0 <= 1) }) else { return }
    let pixelCount = side * side
    throw .malformed(
      path: url.path,
      reason: "the variable '\(name)' holds \(values[place]) at row \(place % pixelCount) of column "
        + "\(place / pixelCount); intensities lie between 0 and 1")
  }
}
