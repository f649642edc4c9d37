/// A run's entry in TensorBoard's table of hyperparameters: its row, and the columns of the table.
///
/// For several runs, TensorBoard takes the columns of one of them, and does not specify which. Each run therefore
/// declares the columns of all.
public struct Hyperparameters: Sendable, Equatable {
  /// The value of a cell.
  public enum Value: Sendable, Equatable {
    /// A number.
    case number(Double)
    /// A text.
    case text(String)
    /// A truth value.
    case flag(Bool)
  }

  /// The run's values, by name.
  public var values: [String: Value]
  /// The columns of the table, by name: an example value of each, whose kind is the column's. They include columns that
  /// only other runs have values for.
  public var columns: [String: Value]
  /// The names of the columns that are shown by default. TensorBoard shows five.
  public var foremost: Set<String>
  /// The tags of the scalars whose last values have columns of their own.
  public var metrics: [String]

  /// An entry with the given values.
  ///
  /// - Parameters:
  ///   - values: The run's values, by name.
  ///   - columns: An example value of each further column; `values` have columns without being named here.
  ///   - foremost: The names of the columns that are shown by default.
  ///   - metrics: The tags of the scalars that have columns.
  public init(
    _ values: [String: Value], columns: [String: Value] = [:], foremost: Set<String> = [], metrics: [String] = []
  ) {
    self.values = values
    self.columns = columns.merging(values) { $1 }
    self.foremost = foremost
    self.metrics = metrics
  }
}
