import FileTestSupport
import Foundation
import Randomness
import Tensors
import Testing

@testable import ImageDatasets

@Suite struct MNISTTests {
  private let counts = SplitCounts(train: 5, validation: 2, test: 3)
  private let pixels: [DatasetSplit: [Float]] = {
    let stream = RandomStream(seed: 21, purpose: .test)
    return [
      .train: stream.uniforms(0..<45).map { $0.rounded() },
      .validation: stream.uniforms(45..<63).map { $0.rounded() },
      .test: stream.uniforms(63..<90).map { $0.rounded() },
    ]
  }()

  private func text(_ split: DatasetSplit, separator: String = " ", end: String = "\n") -> Data {
    let numbers = (pixels[split] ?? []).map { $0 == 1 ? "1" : "0" }
    let lines = stride(from: 0, to: numbers.count, by: 9).map { start in
      numbers[start..<start + 9].joined(separator: separator)
    }
    return Data((lines.joined(separator: end) + end).utf8)
  }

  /// The three files, plain or gzipped.
  private func write(in folder: TemporaryDirectory, isGzipped: Bool) throws -> [URL] {
    try DatasetSplit.allCases.map { split in
      let url = try folder.place(for: "\(split).amat" + (isGzipped ? ".gz" : ""))
      try (isGzipped ? Data(deflated(text(split), as: .gzip)) : text(split)).write(to: url)
      return url
    }
  }

  private func reader(_ cache: URL? = nil) -> MNIST {
    MNIST(side: 3, counts: counts, cache: DatasetCache(directory: cache))
  }

  private func malformed(_ data: Data, in folder: TemporaryDirectory) throws -> String {
    let url = try folder.place(for: "bad.amat")
    try data.write(to: url)
    do {
      _ = try AMATFile(rowCount: 5, rowLength: 9).read(url)
      return "read"
    } catch {
      guard case .malformed(url.path, let reason) = error else { return "\(error)" }
      #expect(error.category == .badData)
      return reason
    }
  }

  @Test(arguments: [true, false]) func linesBecomeImages(isGzipped: Bool) throws {
    let folder = try TemporaryDirectory()
    let dataset = try reader().read(try write(in: folder, isGzipped: isGzipped))
    #expect(dataset.counts == counts)
    for split in DatasetSplit.allCases { #expect(dataset[split].pixels == pixels[split]) }
    #expect(!dataset.isTrainBinarizedDynamically)
    #expect(dataset.pixels == .binary)
  }

  @Test func spacesAndLineEndsMayVary() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "loose.amat")
    try (Data("\n".utf8) + text(.train, separator: " \t", end: " \r\n").dropLast(3)).write(to: url)
    #expect(try AMATFile(rowCount: 5, rowLength: 9).read(url).floats == pixels[.train])
  }

  @Test func whatIsWrongIsNamedWithItsLine() throws {
    let folder = try TemporaryDirectory()
    let line = "0 1 0 1 0 1 0 1 0\n"
    func bad(_ third: String) throws -> String {
      try malformed(Data((line + line + third + line + line).utf8), in: folder)
    }
    #expect(try bad("0 1 0 1 0 1 0 1\n") == "line 3 holds 8 numbers, not 9")
    #expect(try bad("0 1 0 1 0 1 0 1 0 1\n") == "line 3 holds more than 9 numbers")
    #expect(
      try bad("0 1 2 1 0 1 0 1 0\n").contains("number 3 of line 3 is neither 0 nor 1: it begins with '2'"))
    #expect(try bad("0 1 0.5 1 0 1 0 1 0\n").contains("number 3 of line 3 is neither 0 nor 1: it goes on"))
    #expect(try bad("0 1 01 1 0 1 0 1 0\n").contains("number 3 of line 3"))
    #expect(try bad("0 1 0 1 0 1 0 1 01\n").contains("number 9 of line 3"))
    #expect(try bad("0 1 \u{1B} 1 0 1 0 1 0\n").contains("byte 27"))
    #expect(try bad("") == "it holds 4 lines of numbers, not 5")
    #expect(try bad(line + line) == "it holds more than 5 lines of numbers")
    #expect(try malformed(Data(), in: folder) == "it holds 0 lines of numbers, not 5")
  }

  @Test func aLineOf783NumbersIsNamed() throws {
    let folder = try TemporaryDirectory()
    let url = try folder.place(for: "binarized_mnist_test.amat")
    let whole = Array(repeating: "0", count: 784).joined(separator: " ") + "\n"
    try Data((whole + whole.dropFirst(2) + whole).utf8).write(to: url)
    let error = #expect(throws: DatasetError.self) { try AMATFile(rowCount: 3, rowLength: 784).read(url) }
    #expect(error == .malformed(path: url.path, reason: "line 2 holds 783 numbers, not 784"))
    #expect(error?.description.contains(url.path) == true)
  }

  @Test func truncatedAndDamagedArchivesAreNamedWithTheirPlace() throws {
    let folder = try TemporaryDirectory()
    let whole = Data(deflated(text(.train), as: .gzip))
    for length in 2..<whole.count {
      let reason = try malformed(whole.prefix(length), in: folder)
      #expect(reason.contains("gzip stream is truncated: the file ends at byte \(length)"), "\(reason)")
    }
    // Two members are one text; what follows the last must be a member too.
    let half = text(.train).count / 2
    let members =
      Data(deflated(text(.train).prefix(half), as: .gzip))
      + Data(deflated(text(.train).dropFirst(half), as: .gzip))
    #expect(try malformed(members, in: folder) == "read")
    #expect(try malformed(whole + Data("more".utf8), in: folder).contains("damaged"))
    var damaged = whole
    damaged[whole.count - 6] ^= 1
    #expect(try malformed(damaged, in: folder).contains("damaged"))
  }

  @Test func flippedBitsEndInAnErrorOrInImages() throws {
    let folder = try TemporaryDirectory()
    let whole = Data(deflated(text(.train), as: .gzip))
    let stream = RandomStream(seed: 12, purpose: .test)
    var refused = 0
    for trial in 0..<500 {
      var damaged = whole
      let words = stream.words(at: UInt64(trial))
      damaged[Int(words[0]) % whole.count] ^= 1 << UInt8(words[1] % 8)
      if try malformed(damaged, in: folder) != "read" { refused += 1 }
    }
    #expect(refused > 300)
  }

  @Test func aMissingFileIsNoBadData() throws {
    let folder = try TemporaryDirectory()
    let error = #expect(throws: DatasetError.self) {
      try AMATFile(rowCount: 1, rowLength: 9).read(folder.url.appendingPathComponent("nothing"))
    }
    #expect(error?.category == .inputOutput)
    let directory = #expect(throws: DatasetError.self) {
      try AMATFile(rowCount: 1, rowLength: 9).read(folder.url)
    }
    #expect(directory?.category == .inputOutput)
  }

  @Test func whatWasReadOnceComesFromTheCache() throws {
    let (folder, cache) = (try TemporaryDirectory(), try TemporaryDirectory())
    let files = try write(in: folder, isGzipped: false)
    let place = cache.url.appendingPathComponent("below/ffjord-vae")
    var reports = [String]()
    let first = try reader(place).read(files) { reports.append($0) }
    #expect(reports.count == 3)
    let second = try reader(place).read(files) { reports.append($0) }
    #expect(reports.count == 3)
    for split in DatasetSplit.allCases { #expect(first[split] == second[split]) }
    // Another size or another path is another file.
    let link = try folder.place(for: "other.amat")
    try FileManager.default.copyItem(at: files[0], to: link)
    _ = try reader(place).read([link, files[1], files[2]]) { reports.append($0) }
    #expect(reports.count == 4)
  }

  @Test func aStaleOrDamagedEntryIsWrittenAnew() throws {
    let (folder, cache) = (try TemporaryDirectory(), try TemporaryDirectory())
    let files = try write(in: folder, isGzipped: false)
    let kept = DatasetCache(directory: cache.url)
    _ = try reader(cache.url).read(files)
    let entry = try #require(kept.entry(for: files[0]))
    let whole = try Data(contentsOf: entry)

    var reports = 0
    func readAgain() throws -> ImageDataset { try reader(cache.url).read(files) { _ in reports += 1 } }
    for place in 0..<whole.count {
      var damaged = whole
      damaged[place] ^= 0x10
      try damaged.write(to: entry)
      #expect(try readAgain().train.pixels == pixels[.train])
    }
    // Nearly every flipped bit is noticed. A frame has a few bits without a meaning, how many depends on its contents
    // (the entry's name and time are among them); flipping those changes nothing that is read.
    #expect(reports >= whole.count * 9 / 10)
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: entry)
      #expect(try readAgain().train.pixels == pixels[.train])
    }
    #expect(try Data(contentsOf: entry) == whole)

    // The same length, other contents, a later time.
    let before = reports
    try Data(text(.train).map { $0 == UInt8(ascii: "0") ? UInt8(ascii: "1") : $0 }).write(to: files[0])
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: 60)], ofItemAtPath: files[0].path)
    #expect(try readAgain().train.pixels.allSatisfy { $0 == 1 })
    #expect(reports == before + 1)
    _ = try readAgain()
    #expect(reports == before + 1)
  }

  @Test func aCacheThatCannotBeWrittenIsNoError() throws {
    let folder = try TemporaryDirectory()
    let files = try write(in: folder, isGzipped: false)
    // A folder cannot be made below a file.
    #expect(try reader(files[0].appendingPathComponent("cache")).read(files).counts == counts)
    #expect(DatasetCache.standard(environment: [:]).directory == nil)
    #expect(
      DatasetCache.standard(environment: ["HOME": "/home/ann"]).directory?.path
        == "/home/ann/.cache/ffjord-vae")
    #expect(
      DatasetCache.standard(environment: ["HOME": "/home/ann", "XDG_CACHE_HOME": "/tmp/c"]).directory?.path
        == "/tmp/c/ffjord-vae")
    #expect(
      DatasetCache.standard(environment: ["HOME": "/home/ann", "XDG_CACHE_HOME": "c"]).directory?.path
        == "/home/ann/.cache/ffjord-vae")
  }
}
