/// The processes of a job, called ranks, from one rank's point of view: what they do together.
///
/// All ranks call the same operations in the same order, each from one thread.
public protocol Communicator: Sendable {
  /// This rank's number, from zero.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }
  /// The bytes that this rank has sent so far, counted once for each rank that they went to.
  var sentByteCount: Int { get }

  /// Sends the bytes of rank `root` to all others.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError)

  /// Gathers the bytes of all ranks on each, in the order of ranks.
  ///
  /// - Parameters:
  ///   - own: This rank's bytes.
  ///   - all: Memory for all bytes.
  ///   - byteCounts: How many bytes each rank has.
  func allGather(
    _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, byteCounts: [Int]
  ) throws(CommunicationError)

  /// Begins to send a part to each rank, and to receive one from each. The memory must not be touched until the exchange is
  /// waited for.
  ///
  /// - Parameters:
  ///   - sent: The parts for all ranks, in their order.
  ///   - sentByteCounts: How many bytes each rank is sent.
  ///   - received: Memory for the parts of all ranks, in their order.
  ///   - receivedByteCounts: How many bytes come from each rank.
  ///   - numberByteCount: The bytes of each number that the parts are made of, 2 or 4; the same on all ranks.
  func beginAllToAll(
    _ sent: UnsafeRawBufferPointer, sentByteCounts: [Int], into received: UnsafeMutableRawBufferPointer,
    receivedByteCounts: [Int], numberByteCount: Int
  ) throws(CommunicationError) -> Exchange

  /// Says why ranks can no longer work together, and ends all of them.
  func abort(_ error: CommunicationError) -> Never
}

/// An exchange between ranks that goes on in the background.
public struct Exchange {
  private let end: () throws(CommunicationError) -> Void

  init(_ end: @escaping () throws(CommunicationError) -> Void) { self.end = end }

  /// Waits for the end of the exchange; called once.
  public func wait() throws(CommunicationError) { try end() }
}

extension Communicator {
  /// Whether there are other ranks.
  public var isShared: Bool { size > 1 }

  /// Begins to send single-precision numbers to each rank, and to receive some from each.
  public func beginAllToAll(
    _ sent: UnsafeRawBufferPointer, sentByteCounts: [Int], into received: UnsafeMutableRawBufferPointer,
    receivedByteCounts: [Int]
  ) throws(CommunicationError) -> Exchange {
    try beginAllToAll(
      sent, sentByteCounts: sentByteCounts, into: received, receivedByteCounts: receivedByteCounts, numberByteCount: 4)
  }

  /// The result of an operation between ranks, after whose failure no rank could go on.
  public func succeed<Result>(_ operation: () throws -> Result) -> Result {
    do { return try operation() } catch {
      abort(error as? CommunicationError ?? CommunicationError(operation: "message", reason: "\(error)"))
    }
  }
}
