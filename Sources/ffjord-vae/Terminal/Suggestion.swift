/// The word that was meant, most likely, by one that is not known.
enum Suggestion {
  /// The nearest of some words: one that the given word begins, or else one that few changes of single characters make
  /// of it; nil where none is near.
  static func nearest(to word: String, in words: [String]) -> String? {
    let word = word.lowercased()
    if word.count > 1, let whole = words.first(where: { $0.hasPrefix(word) }) { return whole }
    let near = words.map { (word: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
    guard let near, near.distance <= max(1, min(3, word.count / 3)) else { return nil }
    return near.word
  }

  /// A question after the nearest word, to follow a sentence; empty where none is near.
  static func question(_ word: String, in words: [String]) -> String {
    nearest(to: word, in: words).map { ". Did you mean '\($0)'?" } ?? ""
  }

  /// The least number of insertions, deletions, substitutions and swaps of neighbours that make one word of the other,
  /// where no character is changed twice (optimal string alignment).
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
