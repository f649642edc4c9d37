/// What TensorBoard's table of hyper-parameters says of a run: its row, and the columns that the table has.
///
/// The table of several runs has the columns that one of them names, and TensorBoard does not say which: so each run names
/// those of all.
public struct Hyperparameters: Sendable, Equatable {
  /// What stands in a cell.
  public enum Value: Sendable, Equatable {
    case number(Double)
    case text(String)
    case flag(Bool)
  }

  /// The run's own values, by name.
  public var values: [String: Value]
  /// Values of the same kind as those that the columns have, by name: also of what only other runs have.
  public var columns: [String: Value]
  /// The columns that are shown first. TensorBoard shows five, until a person picks others.
  public var foremost: Set<String>
  /// The tags of scalars whose last values are in columns of their own.
  public var metrics: [String]

  public init(
    _ values: [String: Value], columns: [String: Value] = [:], foremost: Set<String> = [], metrics: [String] = []
  ) {
    self.values = values
    self.columns = columns.merging(values) { $1 }
    self.foremost = foremost
    self.metrics = metrics
  }
}
