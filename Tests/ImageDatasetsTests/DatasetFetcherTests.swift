import FileTestSupport
import Foundation
import Synchronization
import Testing

@testable import ImageDatasets

@Suite(.serialized) struct DatasetFetcherTests {
  private let body = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

  /// A dataset of one file at an address, known by the digest of `body`.
  private func description(at address: URL) throws -> DatasetDescription {
    let file = DatasetFile(
      relativePaths: ["set/file.mat", "file.mat"], address: address,
      knownForms: [
        DatasetFile.Form(
          checksum: try #require(Checksum.of(body, .md5)), origin: "the published file", isPublished: true),
        DatasetFile.Form(
          checksum: Checksum(.sha256, "00"), origin: "another", isPublished: false),
      ])
    return DatasetDescription(
      name: "set", summary: "a set", height: 1, width: 1,
      counts: SplitCounts(train: 1, validation: 1, test: 1),
      files: [file], read: { _, _ throws(DatasetError) in Glyphs(trainHands: 1).draw() })
  }

  @Test func aFileIsFetchedCheckedAndFound() async throws {
    let server = try LocalServer(body: body)
    let folder = try TemporaryDirectory()
    let description = try description(at: server.address)
    let seen = Mutex<[Int64]>([])
    let urls = try await DatasetFetcher(timeout: 10).fetch(description, into: folder.url) { received, total in
      seen.withLock { $0 += [received] }
      #expect(total == 300_000)
    }
    #expect(try Data(contentsOf: urls[0]) == body)
    #expect(try folder.paths() == ["set", "set/file.mat"])
    let steps = seen.withLock { $0 }
    #expect(steps.last == 300_000)
    #expect(steps == steps.sorted())
    let locator = DatasetLocator(dataDirectory: folder.url.path, environment: [:])
    #expect(try locator.locate(description).path == urls[0].path)
    #expect(try DatasetStatus(of: description, locator: locator).files[0].verdict == .published)
  }

  @Test func aFileOfOtherContentsIsRefusedAndRemoved() async throws {
    let server = try LocalServer(body: Data("something else".utf8))
    let folder = try TemporaryDirectory()
    let error = await #expect(throws: DatasetError.self) {
      try await DatasetFetcher(timeout: 10).fetch(try description(at: server.address), into: folder.url)
    }
    guard case .checksumMismatch = error else {
      Issue.record("a wrong file gave \(String(describing: error))")
      return
    }
    #expect(error?.category == .badData)
    #expect(error?.description.contains(Checksum.of(body, .md5)?.hexadecimal ?? "-") == true)
    #expect(try folder.paths() == ["set"])
  }

  @Test func anAnswerCutShortIsAFailure() async throws {
    let server = try LocalServer(body: body.prefix(1000), claimedLength: body.count)
    try await expectFailure(at: server.address, saying: nil)
  }

  @Test func aRefusingServerIsAFailure() async throws {
    let server = try LocalServer(status: "404 Not Found", body: Data("gone".utf8))
    try await expectFailure(at: server.address, saying: "status 404")
  }

  @Test func anUnreachableServerIsAFailureThatSaysWhatToDo() async throws {
    // Port 9 of this machine discards, and where nothing listens it refuses.
    try await expectFailure(at: try #require(URL(string: "http://127.0.0.1:9/file.mat")), saying: "by hand")
  }

  @Test func aKnownFileIsKeptAndAnUnknownOneIsNotOverwritten() async throws {
    let folder = try TemporaryDirectory()
    let place = try folder.place(for: "set/file.mat")
    let nowhere = try #require(URL(string: "http://127.0.0.1:9/file.mat"))
    try body.write(to: place)
    try await DatasetFetcher(timeout: 5).fetch(try description(at: nowhere), into: folder.url)

    try Data("mine".utf8).write(to: place)
    let server = try LocalServer(body: body)
    let error = await #expect(throws: DatasetError.self) {
      try await DatasetFetcher(timeout: 10).fetch(try description(at: server.address), into: folder.url)
    }
    #expect(error == .occupied(path: place.path))
    #expect(try Data(contentsOf: place) == Data("mine".utf8))
    try await DatasetFetcher(timeout: 10).fetch(
      try description(at: server.address), into: folder.url, isReplacing: true)
    #expect(try Data(contentsOf: place) == body)
  }

  @Test func aFolderThatCannotBeMadeIsAnError() async throws {
    let folder = try TemporaryDirectory()
    try Data().write(to: try folder.place(for: "set"))
    let error = await #expect(throws: DatasetError.self) {
      try await DatasetFetcher().fetch(
        try description(at: try #require(URL(string: "http://127.0.0.1:9/"))), into: folder.url)
    }
    guard case .unwritable = error else {
      Issue.record("a file in the place of a folder gave \(String(describing: error))")
      return
    }
  }

  @Test func aDrawnDatasetNeedsNoDownload() async throws {
    let folder = try TemporaryDirectory()
    #expect(try await DatasetFetcher().fetch(.glyphs, into: folder.url).isEmpty)
    #expect(try folder.paths().isEmpty)
  }

  private func expectFailure(at address: URL, saying words: String?) async throws {
    let folder = try TemporaryDirectory()
    let error = await #expect(throws: DatasetError.self) {
      try await DatasetFetcher(timeout: 10).fetch(try description(at: address), into: folder.url)
    }
    guard case .downloadFailed = error else {
      Issue.record("a failed download gave \(String(describing: error))")
      return
    }
    let text = error?.description ?? ""
    #expect(text.contains(address.absoluteString))
    #expect(text.contains(folder.url.appendingPathComponent("set/file.mat").path))
    if let words { #expect(text.contains(words)) }
    #expect(error?.category == .inputOutput)
    #expect(try folder.paths() == ["set"])
  }
}
