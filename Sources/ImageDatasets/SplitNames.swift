/// Finds which of a file's arrays, or of a folder's folders, are which split, by their names.
enum SplitNames {
  private static let names: [DatasetSplit: Set<String>] = [
    .train: ["train", "training"],
    .validation: ["validation", "valid", "val"],
    .test: ["test", "testing"],
  ]

  /// Words that say no more than that there are images.
  private static let fillers: Set<String> = ["x", "image", "images", "data", "set", "dataset", "split"]

  /// The split that a name means: `train`, `x_train`, `Train Images`; nil for `y_train` or `labels`.
  static func split(_ name: String) -> DatasetSplit? {
    let words = words(name)
    guard words.count == 1 else { return nil }
    return DatasetSplit.allCases.first { names[$0]?.contains(words[0]) == true }
  }

  /// True for a name that says no more than that there are images, such as `images` or `x`.
  static func isPlain(_ name: String) -> Bool { words(name).isEmpty }

  private static func words(_ name: String) -> [String] {
    name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init).filter { !fillers.contains($0) }
  }

  /// The items chosen: those named after splits, or else the one that holds images.
  ///
  /// - Parameters:
  ///   - items: All items of a file.
  ///   - name: An item's name.
  ///   - isUsable: Whether an item could hold images.
  /// - Returns: The items by split (a single one for training stands for all), and the names left out.
  /// - Throws: ``UnusableImages`` where that does not settle it.
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
