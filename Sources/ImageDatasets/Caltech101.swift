import Foundation

extension DatasetName {
  /// See ``DatasetDescription/caltech101``.
  public static let caltech101 = DatasetName(rawValue: "caltech101")
}

extension DatasetDescription {
  /// Silhouettes of the objects in the Caltech 101 photographs.
  ///
  /// Marlin, Swersky, Chen and de Freitas, "Inductive principles for restricted Boltzmann machine learning",
  /// AISTATS 2010.
  public static let caltech101 = DatasetDescription(
    .caltech101,
    summary: "silhouettes of things of 101 kinds",
    height: 28, width: 28,
    counts: SplitCounts(train: 4100, validation: 2264, test: 2307),
    files: [
      DatasetFile(
        relativePaths: ["caltech101/", "", "Caltech101Silhouettes/"].map {
          $0 + "caltech101_silhouettes_28_split1.mat"
        },
        address: .https("people.cs.umass.edu", "/~marlin/data/caltech101_silhouettes_28_split1.mat"),
        knownForms: [
          DatasetFile.Form(
            checksum: Checksum(.md5, "4483e9c14b188fd09937f9ea6f9ea777"),
            origin: "the published file", isPublished: true)
        ])
    ],
    read: { files, report throws(DatasetError) in
      report("reading \(files[0].path)")
      return try Caltech101().read(files[0])
    })
}

/// Reads the silhouettes' MAT file: `train_data`, `val_data` and `test_data`, each `[count, 784]`, with an image's
/// columns one after another; and where they are there, `train_labels`, `val_labels` and `test_labels`, `[count, 1]`, with
/// the number of an image's class. A background pixel is 1 in the file, and 0 in the dataset.
struct Caltech101: Sendable {
  /// The number of rows and of columns of an image.
  var side = 28
  /// The number of images of each split.
  var counts = SplitCounts(train: 4100, validation: 2264, test: 2307)

  /// The dataset: all splits are binary, in the file's order, which is already shuffled.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  func read(_ url: URL) throws(DatasetError) -> ImageDataset {
    let names = ["train_data", "val_data", "test_data"]
    let wanted = zip(names, DatasetSplit.allCases).map { name, split in
      MATMatrix(name: name, rows: counts[split], columns: side * side, element: .byte)
    }
    var splits = [GreyImages]()
    for (matrix, values) in zip(wanted, try MATFile.read(url, wanted)) {
      splits.append(try images(values, matrix, url))
    }
    var labels: [DatasetSplit: [String]] = [:]
    for (name, split) in zip(["train_labels", "val_labels", "test_labels"], DatasetSplit.allCases) {
      let wanted = MATMatrix(name: name, rows: counts[split], columns: 1, element: .byte)
      let numbers = MATFile.readIfUsable(url, wanted)?.compactMap { Int(exactly: $0) }
      if let numbers, numbers.count == counts[split] { labels[split] = numbers.map { "class \($0)" } }
    }
    return ImageDataset(
      name: DatasetName.caltech101.rawValue, train: splits[0], validation: splits[1], test: splits[2],
      isTrainBinarizedDynamically: false, labels: labels)
  }

  private func images(_ values: [Float], _ matrix: MATMatrix, _ url: URL) throws(DatasetError) -> GreyImages {
    if let place = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw .malformed(
        path: url.path,
        reason: "the variable '\(matrix.name)' holds \(values[place]) at row \(place % matrix.rows) of "
          + "column \(place / matrix.rows); a pixel is 0 or 1")
    }
    let (side, count) = (side, matrix.rows)
    let pixels = [Float](unsafeUninitializedCapacity: values.count) { result, written in
      values.withUnsafeBufferPointer { values in
        var target = 0
        for image in 0..<count {
          for row in 0..<side {
            for column in 0..<side {
              result[target] = 1 - values[(column * side + row) * count + image]
              target += 1
            }
          }
        }
        written = target
      }
    }
    return GreyImages(height: side, width: side, pixels: pixels)
  }
}
