/// Assigns the arrays of a file, or the subfolders of a folder, to splits by their names.
package enum SplitNames {
  private static let names: [DatasetSplit: Set<String>] = [
    .train: ["train", "training"],
    .validation: ["validation", "valid", "val"],
    .test: ["test", "testing"],
  ]

  /// Words that do not distinguish splits.
  private static let fillers: Set<String> = ["x", "image", "images", "data", "set", "dataset", "split"]

  /// The split that a name refers to, as `train`, `x_train` and `Train Images` do; nil for `y_train` or `labels`.
  package static func split(_ name: String) -> DatasetSplit? {
    let words = words(name)
    guard words.count == 1 else { return nil }
    return DatasetSplit.allCases.first { names[$0]?.contains(words[0]) == true }
  }

  /// Whether a name refers to images of no particular split, as `images` and `x` do.
  static func isPlain(_ name: String) -> Bool { words(name).isEmpty }

  private static func words(_ name: String) -> [String] {
    name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init).filter { !fillers.contains($0) }
  }

  /// Chooses the items that are named after splits, or else the only one that can hold images.
  ///
  /// - Parameters:
  ///   - items: All items of a file.
  ///   - name: The name of an item.
  ///   - isUsable: Whether an item can hold images.
  /// - Returns: The items by split (a single one, `train`, stands for all images), and the names of the others.
  /// - Throws: ``UnusableImages`` where the choice is not unique.
  static func choose<Item>(
    among items: [Item], name: (Item) -> String, isUsable: (Item) -> Bool
  ) throws(UnusableImages) -> (chosen: [DatasetSplit: Item], leftOut: [String]) {
    var chosen = [DatasetSplit: Item]()
    for item in items {
      guard let split = split(name(item)) else { continue }
      if let other = chosen[split] {
        throw UnusableImages("'\(name(other))' and '\(name(item))' both mean the \(split) images; keep one")
      }
      chosen[split] = item
    }
    if chosen.isEmpty {
      let usable = items.filter(isUsable)
      let plain = usable.filter { isPlain(name($0)) }
      guard let only = plain.count == 1 ? plain.first : usable.count == 1 ? usable.first : nil else {
        let names = usable.map { "'\(name($0))'" }.joined(separator: ", ")
        throw UnusableImages(
          "any of \(names) could be the images; name them train, validation and test, or one of them images")
      }
      chosen[.train] = only
    } else if chosen[.train] == nil {
      let names = chosen.values.map { "'\(name($0))'" }.sorted().joined(separator: " and ")
      throw UnusableImages("it has \(names) but nothing named 'train'")
    }
    let taken = Set(chosen.values.map(name))
    return (chosen, items.map(name).filter { !taken.contains($0) })
  }
}
