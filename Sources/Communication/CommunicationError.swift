/// Ranks could not communicate.
public struct CommunicationError: Error, Sendable, CustomStringConvertible {
  /// What was being done.
  public let operation: String
  /// What the library says.
  public let reason: String

  /// An error of an operation, for a reason.
  public init(operation: String, reason: String) { (self.operation, self.reason) = (operation, reason) }

  /// What happened, and what to do about it.
  public var description: String {
    "ranks cannot communicate (\(operation)): \(reason). See to the network between them, and to how the job was launched."
  }
}
