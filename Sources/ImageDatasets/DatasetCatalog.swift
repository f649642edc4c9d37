/// The datasets this package knows by name.
public enum DatasetCatalog {
  /// Every dataset known, in the order they are listed to a person.
  public static let all: [DatasetDescription] = [.omniglot, .glyphs]

  /// The names of all datasets known.
  public static var names: [String] { all.map(\.name) }

  /// The description of the dataset of that name.
  ///
  /// - Throws: ``DatasetError/unknownDataset(name:known:)``.
  public static func description(named name: String) throws(DatasetError) -> DatasetDescription {
    guard let description = all.first(where: { $0.name == name }) else {
      throw .unknownDataset(name: name, known: names)
    }
    return description
  }
}
