/// The names of layers, in the order in which they are made: `prefix.0`, `prefix.1` and so on.
struct LayerNames {
  private let prefix: String
  private var count = 0

  init(_ prefix: String) { self.prefix = prefix }

  /// The name of the next layer.
  mutating func next() -> String {
    defer { count += 1 }
    return "\(prefix).\(count)"
  }
}
