import ArgumentParser
import Files
import Foundation
import Runs

/// Checks where an output is to go, before time is spent on what goes in: that it has a name of its kind, that a file can
/// be there, and that it takes the place of no file of a run.
///
/// - Parameters:
///   - extensions: What the name may end in.
///   - option: The option that names it.
func checkOutput(_ path: String, endingIn extensions: [String], option: String = "--output") throws {
  if path.isEmpty { throw ValidationError("\(option) needs a value: the file to write") }
  if FileManager.default.isDirectory(atPath: path) == true {
    throw RunError.unwritable(path: path, reason: "it is a directory, and a file is needed")
  }
  let place = try AtomicFile.place(of: URL(filePath: path))
  let name = URL(filePath: path).lastPathComponent.lowercased()
  guard extensions.contains(where: { name.hasSuffix($0) && name != $0 }) else {
    let known = [extensions.dropLast().joined(separator: ", "), extensions.last ?? ""].filter { !$0.isEmpty }
      .joined(separator: " or ")
    throw ValidationError(option, mustBe: "a name that ends in \(known)", got: path)
  }
  let directory = place.deletingLastPathComponent()
  guard FileManager.default.isDirectory(atPath: directory.path) == true else {
    throw RunError.unwritable(path: path, reason: "there is no directory \(directory.path)")
  }
  guard access(directory.path, W_OK) == 0 else {
    throw RunError.unwritable(path: path, reason: String(cString: strerror(errno)))
  }
  if RunDirectory(directory.path).owns(place.lastPathComponent) {
    throw RunError.ownedByRun(path: path, run: directory.relativePath)
  }
}

/// Checks that an output takes the place of no file that is read, and comes to lie in no folder of images.
///
/// - Parameters:
///   - inputs: Names of data, of which those that are paths count.
///   - option: The option that names the output.
func checkOutput(_ path: String, isApartFrom inputs: [String], option: String = "--output") throws {
  func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path }
  let place = resolved(path)
  for input in inputs where input.hasPrefix("/") {
    let input = resolved(input)
    guard place == input || place.hasPrefix(input + "/") else { continue }
    throw ValidationError(
      "\(option) \(path.visible()): there are the data that are read, \(input.visible()), which it would change; choose "
        + "another place")
  }
}
