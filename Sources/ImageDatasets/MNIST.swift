import Foundation

extension DatasetName {
  /// See ``DatasetDescription/mnist``.
  public static let mnist = DatasetName(rawValue: "mnist")
}

extension DatasetDescription {
  /// Handwritten digits in Larochelle's fixed binarization, for which likelihoods of binary MNIST are reported.
  ///
  /// Salakhutdinov and Murray, "On the quantitative analysis of deep belief networks", ICML 2008; Larochelle
  /// and Murray, "The neural autoregressive distribution estimator", AISTATS 2011.
  public static let mnist = DatasetDescription(
    .mnist,
    summary: "handwritten digits, binarized once and for all by Larochelle",
    height: 28, width: 28,
    counts: SplitCounts(train: 50000, validation: 10000, test: 10000),
    files: [
      MNIST.file(
        "train", plain: "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
        gzipped: "092365d813e5c21dc079caf1c06c0f651976f886cf649818f5272d338cc5dac2"),
      MNIST.file(
        "valid", plain: "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
        gzipped: "a340636f6c4a8df5715467d5a5c4c16a727a9fb7405c2d2f707f3f94403b2f15"),
      MNIST.file(
        "test", plain: "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
        gzipped: "7f2dd6edd98e934efff89342d83482a591cfd6f4fbe3445112325b957d519cef"),
    ],
    read: { files, report throws(DatasetError) in try MNIST().read(files, report) })
}

/// Reads binarized MNIST: a text file for each split, with a line for each image, row by row from the top.
struct MNIST: Sendable {
  /// The number of rows and of columns of an image.
  var side = 28
  /// The number of images in each split: the lines of its file.
  var counts = SplitCounts(train: 50000, validation: 10000, test: 10000)
  /// The cache of the images, since reading the text takes a second or more.
  var cache = DatasetCache.standard()

  /// The dataset, from its files in the order of the splits; all images are binary.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  func read(_ files: [URL], _ report: (String) -> Void = { _ in }) throws(DatasetError) -> ImageDataset {
    precondition(files.count == 3, "MNIST: \(files.count) files, not one for each split")
    let (side, cache) = (side, cache)
    func images(_ split: DatasetSplit, _ url: URL) throws(DatasetError) -> GreyImages {
      let format = AMATFile(rowCount: counts[split], rowLength: side * side)
      let bits = try cache.bits(of: url, rowCount: format.rowCount, rowLength: format.rowLength) {
        () throws(DatasetError) in
        report("reading \(url.path)")
        return try format.read(url)
      }
      return GreyImages(height: side, width: side, pixels: bits.floats)
    }
    return ImageDataset(
      name: DatasetName.mnist.rawValue, train: try images(.train, files[0]),
      validation: try images(.validation, files[1]), test: try images(.test, files[2]),
      isTrainBinarizedDynamically: false)
  }

  fileprivate static func file(_ part: String, plain: String, gzipped: String) -> DatasetFile {
    let name = "binarized_mnist_\(part).amat"
    return DatasetFile(
      relativePaths: ["mnist/", "", "MNIST_static/"].flatMap { [$0 + name, $0 + name + ".gz"] },
      address: .https("www.cs.toronto.edu", "/~larocheh/public/datasets/binarized_mnist/" + name),
      knownForms: [
        DatasetFile.Form(checksum: Checksum(.sha256, plain), origin: "the published file", isPublished: true),
        DatasetFile.Form(
          checksum: Checksum(.sha256, gzipped), origin: "the published file, gzipped", isPublished: false),
      ])
  }
}
