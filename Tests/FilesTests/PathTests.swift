import Files
import Foundation
import Testing

@Suite struct PathTests {
  @Test func directoriesAreToldFromFilesAndFromNothing() throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: UUID().uuidString)
    try files.createDirectory(at: folder.appending(path: "inside"), withIntermediateDirectories: true)
    defer { try? files.removeItem(at: folder) }
    try Data([1]).write(to: folder.appending(path: "file"))
    try files.createSymbolicLink(
      at: folder.appending(path: "link"), withDestinationURL: folder.appending(path: "inside"))
    try files.createSymbolicLink(
      at: folder.appending(path: "broken"), withDestinationURL: folder.appending(path: "nowhere"))
    func isDirectory(_ name: String) -> Bool? { files.isDirectory(atPath: folder.appending(path: name).path) }
    #expect(isDirectory("inside") == true && isDirectory("link") == true)
    #expect(isDirectory("file") == false)
    #expect(isDirectory("broken") == nil && isDirectory("none") == nil && files.isDirectory(atPath: "") == nil)
  }

  @Test func aTildeIsTheHomeDirectory() {
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    #expect("~".expandingTilde == home && "~/a/b".expandingTilde == home + "/a/b")
    #expect("a/~".expandingTilde == "a/~" && "".expandingTilde == "")
    #expect("~nobody-of-this-name/a".expandingTilde == "~nobody-of-this-name/a")
  }
}
