import Foundation

/// Short, distinct names of runs.
public enum RunNames {
  /// A name for each path: its last components, as few as make it different from the other paths. A path that occurs
  /// again gets a number.
  public static func distinct(_ paths: [String]) -> [String] {
    let components = paths.map {
      URL(filePath: $0).standardizedFileURL.pathComponents.filter { $0 != "/" }
    }
    let names = components.map { mine in
      let others = components.filter { $0 != mine }
      let count = (1...max(mine.count, 1)).first { count in
        !others.contains { Array($0.suffix(count)) == Array(mine.suffix(count)) }
      }
      let name = mine.suffix(count ?? mine.count).joined(separator: "/")
      return name.isEmpty ? "/" : name
    }
    var seen: [String: Int] = [:]
    return names.map { name in
      seen[name, default: 0] += 1
      return seen[name] == 1 ? name : "\(name) (\(seen[name, default: 0]))"
    }
  }
}
