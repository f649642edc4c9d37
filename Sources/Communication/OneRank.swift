import Foundation

/// A job of a single process: there is nobody to communicate with.
public struct OneRank: Communicator {
  /// A job of one rank.
  public init() {}

  /// 0
  public var rank: Int { 0 }
  /// 1
  public var size: Int { 1 }
  /// 0
  public var sentByteCount: Int { 0 }

  /// Does nothing.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}

  /// Copies the bytes.
  public func allGather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, byteCounts: [Int]) {
    all.copyMemory(from: own)
  }

  /// Copies the bytes.
  public func beginAllToAll(
    _ sent: UnsafeRawBufferPointer, sentByteCounts: [Int], into received: UnsafeMutableRawBufferPointer,
    receivedByteCounts: [Int], numberByteCount: Int
  ) -> Exchange {
    received.copyMemory(from: sent)
    return Exchange {}
  }

  /// Ends the program.
  public func abort(_ error: CommunicationError) -> Never { fatalError(error.description) }
}
