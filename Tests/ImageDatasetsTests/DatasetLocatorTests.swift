import FileTestSupport
import Foundation
import Testing

@testable import ImageDatasets

@Suite struct DatasetLocatorTests {
  @Test func foldersAreSearchedInOrder() throws {
    let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
    let locator = DatasetLocator(
      dataDirectory: first.url.path, environment: ["FFJORD_VAE_DATA": second.url.path])
    #expect(locator.directories.count == 3)
    #expect(locator.directories.last?.lastPathComponent == "Datasets")
    #expect(locator.downloadDirectory.path == first.url.path)

    let late = try second.place(for: "omniglot/chardata.mat")
    try Data([1]).write(to: late)
    #expect(try locator.locate(.omniglot).path == late.path)
    let early = try first.place(for: "chardata.mat")
    try Data([2]).write(to: early)
    #expect(try locator.locate(.omniglot).path == early.path)
    // A folder of the file's name is no file.
    _ = try first.place(for: "omniglot/chardata.mat/inside")
    #expect(try locator.locate(.omniglot).path == early.path)
  }

  @Test func theFolderOfARunIsSearchedAfterThoseAskedFor() throws {
    let (asked, environment, recorded) = (try TemporaryDirectory(), try TemporaryDirectory(), try TemporaryDirectory())
    func locator(_ dataDirectory: String? = nil) -> DatasetLocator {
      DatasetLocator(
        dataDirectory: dataDirectory, recorded: recorded.url.path,
        environment: ["FFJORD_VAE_DATA": environment.url.path])
    }
    for folder in [recorded, environment, asked] {
      try Data([1]).write(to: folder.place(for: "chardata.mat"))
      #expect(try locator(asked.url.path).directory(holding: "omniglot")?.path == folder.url.path)
    }
    #expect(try locator().directory(holding: "omniglot")?.path == environment.url.path)
    #expect(try locator().directory(holding: "glyphs") == nil)
    #expect(try locator().directory(holding: "mnist") == nil)
  }

  @Test func ownImagesAreFoundWhereTheyWereOrWhereTheyAre() throws {
    let (asked, environment, recorded) = (try TemporaryDirectory(), try TemporaryDirectory(), try TemporaryDirectory())
    let name = try recorded.place(for: "mine.npy").path
    func place(_ dataDirectory: String? = nil) -> String {
      DatasetLocator(dataDirectory: dataDirectory, environment: ["FFJORD_VAE_DATA": environment.url.path])
        .place(ofRecorded: name)
    }
    #expect(place() == name)
    try Data([1]).write(to: environment.place(for: "mine.npy"))
    #expect(try place() == environment.place(for: "mine.npy").path)
    // Where they were comes before the environment, and after the folder asked for.
    try Data([1]).write(to: recorded.place(for: "mine.npy"))
    #expect(place() == name && place(asked.url.path) == name)
    try Data([1]).write(to: asked.place(for: "mine.npy"))
    #expect(try place(asked.url.path) == asked.place(for: "mine.npy").path)
    #expect(DatasetLocator().place(ofRecorded: "omniglot") == "omniglot")
    let here = FileManager.default.currentDirectoryPath
    #expect(DatasetCatalog.lastingName(for: "data/../mine.npy") == "\(here)/mine.npy")
    #expect(DatasetCatalog.lastingName(for: "freyfaces:321") == "freyfaces:321")
  }

  @Test func emptyNamesAndRepetitionsAreLeftOut() throws {
    let folder = try TemporaryDirectory()
    let path = folder.url.path
    #expect(DatasetLocator(dataDirectory: nil, environment: ["FFJORD_VAE_DATA": ""]).directories.count == 1)
    #expect(
      DatasetLocator(dataDirectory: path, environment: ["FFJORD_VAE_DATA": path + "/"]).directories.count == 2
    )
  }

  @Test func aMissingDatasetSaysWhereItWasLookedForAndHowToGetIt() throws {
    let folder = try TemporaryDirectory()
    let locator = DatasetLocator(dataDirectory: folder.url.path, environment: [:])
    let error = #expect(throws: DatasetError.self) {
      try DatasetLoader.load(name: "omniglot", locator: locator)
    }
    #expect(error?.category == .missingInput)
    let text = error?.description ?? ""
    for candidate in ["omniglot/chardata.mat", "chardata.mat", "OMNIGLOT/chardata.mat"] {
      #expect(text.contains("\(folder.url.path)/\(candidate)"))
      #expect(text.contains("/Datasets/\(candidate)"))
    }
    #expect(
      text.contains("https://raw.githubusercontent.com/yburda/iwae/master/datasets/OMNIGLOT/chardata.mat"))
    #expect(text.contains("Fetch it"))
  }

  @Test func anUnknownNameIsAnsweredWithThoseKnown() {
    let error = #expect(throws: DatasetError.self) { try DatasetLoader.load(name: "omniglott") }
    #expect(
      error
        == .unknownDataset(
          name: "omniglott", known: DatasetCatalog.names))
    #expect(error?.description.contains("mnist, omniglot, freyfaces, caltech101") == true)
  }

  @Test func namesAreUniqueAndEveryDescriptionIsWhole() {
    #expect(Set(DatasetCatalog.names).count == DatasetCatalog.all.count)
    for description in DatasetCatalog.all {
      #expect(!description.summary.isEmpty && description.counts.test > 0)
      #expect(description.height > 0 && description.width > 0)
    }
  }

  @Test func eachOfSeveralFilesIsLookedFor() throws {
    let folder = try TemporaryDirectory()
    let locator = DatasetLocator(dataDirectory: folder.url.path, environment: [:])
    let names = ["mnist/binarized_mnist_train.amat.gz", "binarized_mnist_valid.amat"]
    for name in names { try Data([1]).write(to: try folder.place(for: name)) }
    let error = #expect(throws: DatasetError.self) { try locator.locateAll(.mnist) }
    #expect(error?.category == .missingInput)
    // The missing one is asked for, and its address given.
    #expect(error?.description.contains("binarized_mnist/binarized_mnist_test.amat\n") == true)
    #expect(error?.description.contains("binarized_mnist_train") == false)
    let status = try DatasetStatus(of: .mnist, locator: locator)
    #expect(!status.isAvailable && status.pixels == .binary)
    #expect(status.files.map { $0.verdict } == [.unknown, .unknown, nil])
    try Data([1]).write(to: try folder.place(for: "MNIST_static/binarized_mnist_test.amat"))
    #expect(
      try locator.locateAll(.mnist).map { $0.lastPathComponent }
        == ["binarized_mnist_train.amat.gz", "binarized_mnist_valid.amat", "binarized_mnist_test.amat"])
  }

  @Test func statusTellsKnownFilesFromOthers() throws {
    let folder = try TemporaryDirectory()
    let locator = DatasetLocator(dataDirectory: folder.url.path, environment: [:])
    let missing = try DatasetStatus(of: .omniglot, locator: locator)
    #expect(!missing.isAvailable)
    #expect(missing.files[0].verdict == nil)
    #expect(missing.files[0].searched.count == 6)

    let url = try folder.place(for: "chardata.mat")
    try Data("other".utf8).write(to: url)
    let other = try DatasetStatus(of: .omniglot, locator: locator)
    #expect(other.isAvailable)
    #expect(other.files[0].verdict == .unknown)
    #expect(other.files[0].byteCount == 5)
    #expect(try DatasetStatus(of: .omniglot, locator: locator, isVerified: false).files[0].verdict == nil)

    let glyphs = try #require(try DatasetStatus.all(locator: locator).first { $0.name == "glyphs" })
    #expect(glyphs.isAvailable && glyphs.files.isEmpty)
  }

  @Test func aPipeIsNoFileOfADataset() throws {
    let folder = try TemporaryDirectory()
    let pipe = try folder.place(for: "chardata.mat")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    let locator = DatasetLocator(dataDirectory: folder.url.path, environment: [:])
    #expect(locator.find(try #require(DatasetDescription.omniglot.files.first)) == nil)
  }
}
