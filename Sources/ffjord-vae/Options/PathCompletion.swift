import ArgumentParser
import Foundation

/// Paths that may follow what was typed so far, for the completion of a shell.
struct PathCompletion {
  /// What a file or a folder is to the person who is typing.
  enum Kind {
    /// What is wanted.
    case wanted
    /// A folder that may hold what is wanted.
    case folder
    case other
  }

  /// As deep below the folder that is being typed is looked for what is wanted.
  private static let depth = 2
  /// Folders of more entries are not looked through.
  private static let limit = 1000

  let kind: (URL) -> Kind

  /// The paths that begin as typed, as the shell that asks wants them.
  func paths(_ typed: String) -> [String] {
    // This one adds the slash of a folder itself.
    guard CompletionShell.requesting == .bash else { return found(typed) }
    return found(typed).map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
  }

  /// The paths that begin as typed: what is wanted, also inside folders, and folders in which there is none so near.
  func found(_ typed: String) -> [String] {
    let end = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
    let (folder, beginning) = (String(typed[..<end]), typed[end...])
    let matching = children(folder) { $0.hasPrefix(beginning) }
    let found = matching.flatMap { name, kind -> [String] in
      guard kind == .folder else { return [folder + name] }
      let inside = wanted(below: "\(folder)\(name)/", depth: Self.depth - 1)
      return inside.isEmpty ? ["\(folder)\(name)/"] : inside
    }
    // A lone folder is no end: some shells would add a space to it.
    if found.count == 1, found[0].hasSuffix("/") {
      let inside = self.found(found[0])
      return inside.isEmpty ? found : inside
    }
    return found
  }

  private func wanted(below folder: String, depth: Int) -> [String] {
    let entries = children(folder) { _ in true }
    return entries.flatMap { name, kind -> [String] in
      switch kind {
      case .wanted: [folder + name]
      case .folder: depth > 0 ? wanted(below: "\(folder)\(name)/", depth: depth - 1) : []
      case .other: []
      }
    }
  }

  /// The files and folders of a folder that are of use, by name; hidden ones only where a dot was typed.
  private func children(_ folder: String, where isMeant: (String) -> Bool) -> [(name: String, kind: Kind)] {
    let url = URL(filePath: folder.isEmpty ? "." : NSString(string: folder).expandingTildeInPath)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    guard names.count <= Self.limit else { return [] }
    return names.filter { isMeant($0) && !$0.hasPrefix(".") }.sorted()
      .map { (name: $0, kind: kind(url.appending(path: $0))) }.filter { $0.kind != .other }
  }
}
