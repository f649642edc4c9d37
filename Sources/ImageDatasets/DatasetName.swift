/// The name of a known dataset: a constant, declared beside its description.
///
/// What depends on a dataset, such as published results, is keyed by these constants.
public struct DatasetName: RawRepresentable, Hashable, Sendable {
  /// The name, as it is written on the command line.
  public let rawValue: String

  /// The name of a dataset.
  public init(rawValue: String) { self.rawValue = rawValue }
}
