import FileTestSupport
import Foundation
import Testing

@testable import Files
@testable import Safetensors

/// Where a file that is written goes: links are followed, and nothing but a regular file is replaced.
@Suite struct OutputPlaceTests {
  let directory = try! TemporaryDirectory()

  private func write(_ text: String, _ url: URL) -> FileError? {
    fileError { try AtomicFile.write(to: url) { try $0.write(Data(text.utf8)) } }
  }

  private func link(_ name: String, to target: String) throws -> URL {
    let url = directory.file(name)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
    return url
  }

  private func text(_ name: String) throws -> String { try String(contentsOf: directory.file(name), encoding: .utf8) }

  private func target(_ url: URL) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: url.path)
  }

  @Test func `a link is followed, and stays`() throws {
    try FileManager.default.createDirectory(at: directory.file("there"), withIntermediateDirectories: false)
    try Data("old".utf8).write(to: directory.file("there/file"))
    let direct = try link("direct", to: "there/file")
    let chained = try link("chained", to: direct.path)
    for url in [direct, chained] {
      #expect(write("new \(url.lastPathComponent)", url) == nil)
      #expect(try text("there/file") == "new \(url.lastPathComponent)")
    }
    #expect(try target(direct) == "there/file" && target(chained) == direct.path)
    #expect(try AtomicFile.place(of: chained).lastPathComponent == "file")
    // Of a link to nothing, what it names is made.
    let open = try link("open", to: "there/made")
    #expect(write("made", open) == nil)
    #expect(try text("there/made") == "made" && target(open) == "there/made")
    #expect(try directory.names() == ["chained", "direct", "open", "there"])
  }

  @Test func `a second name of a file goes where the link says`() throws {
    let last = directory.file("last")
    #expect(write("one", last) == nil)
    let best = try link("best", to: "kept")
    try AtomicFile.link(last, to: best)
    #expect(try target(best) == "kept" && text("kept") == "one")
  }

  @Test func `links in a circle are an error`() throws {
    let url = try link("a", to: "b")
    _ = try link("b", to: "a")
    #expect(write("x", url)?.category == .inputOutput)
    #expect(try directory.names() == ["a", "b"])
  }

  @Test func `a pipe, a device and a directory stay what they are, also behind a link`() throws {
    let pipe = directory.file("pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    try FileManager.default.createDirectory(at: directory.file("folder"), withIntermediateDirectories: false)
    let urls = [pipe, directory.file("folder"), URL(filePath: "/dev/null"), URL(filePath: "/dev/full")]
    for (number, url) in urls.enumerated() where FileManager.default.fileExists(atPath: url.path) {
      let through = try link("link\(number)", to: url.path)
      for place in [url, through] {
        let error = write("x", place)
        #expect(error?.problem == .notRegularFile && error?.path == place.path)
      }
    }
    var status = stat()
    #expect(lstat(pipe.path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(lstat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/fd"), "needs /dev/fd"))
  func `names of open files are refused, whatever is behind them`() throws {
    let file = try FileHandle(
      forWritingTo: {
        try Data("mine".utf8).write(to: directory.file("mine"))
        return directory.file("mine")
      }())
    let number = file.fileDescriptor
    var paths = ["/dev/stdout", "/dev/stderr", "/dev/fd/\(number)"]
    #if os(Linux)
      paths.append("/proc/self/fd/\(number)")
    #endif
    for path in paths {
      let error = write("x", URL(filePath: path))
      #expect(error?.problem == .openFileName, "\(path): \(String(describing: error))")
      #expect(error?.category == .inputOutput && error?.description.contains(path) == true)
    }
    #expect(try text("mine") == "mine")
    var status = stat()
    #expect(lstat("/dev/stdout", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
  }
}
