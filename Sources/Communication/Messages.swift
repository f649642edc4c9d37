import Foundation
import Tensors

// The leader, rank 0, has the files and the words of the person. It tells the other ranks what comes next; where it fails by
// itself, it tells them so, and nobody waits for anybody.

extension Communicator {
  /// Whether this is the rank that reads and writes files, and tells the others what to do.
  public var isLeader: Bool { rank == 0 }

  /// Tells the other ranks something: called by the leader, while the others call ``hear(_:)``.
  public func tell(_ message: some Encodable) {
    guard isShared else { return }
    succeed { _ = try broadcastFramed(try JSONEncoder().encode(message)) }
  }

  /// What the leader tells.
  public func hear<Message: Decodable>(_ type: Message.Type) -> Message {
    succeed { try JSONDecoder().decode(type, from: try broadcastFramed(Data())) }
  }

  /// The leader's bytes. Short ones travel in one frame with their number.
  private func broadcastFramed(_ data: Data) throws -> Data {
    let room = 248
    var frame = [UInt8](repeating: 0, count: 8 + room)
    withUnsafeBytes(of: UInt64(data.count).littleEndian) { frame.replaceSubrange(0..<8, with: $0) }
    frame.replaceSubrange(8..<8 + min(data.count, room), with: data.prefix(room))
    try frame.withUnsafeMutableBytes { bytes in try broadcast(bytes, from: 0) }
    let count = Int(frame.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
    guard count > room else { return Data(frame[8..<8 + count]) }
    var all = [UInt8](data)
    if !isLeader { all = [UInt8](repeating: 0, count: count) }
    try all.withUnsafeMutableBytes { bytes in try broadcast(bytes, from: 0) }
    return Data(all)
  }

  /// Replaces the numbers of a tensor by the leader's; all ranks have one of the same shape and type.
  public func share(_ tensor: inout Tensor) {
    guard isShared else { return }
    succeed {
      // The leader's own is read, not written, and need not be made its own.
      if isLeader {
        let memory = UnsafeMutableRawPointer(mutating: tensor.address)
        try broadcast(
          UnsafeMutableRawBufferPointer(start: memory, count: tensor.count * tensor.elementType.byteCount), from: 0)
      } else {
        try tensor.withMutableBytes { bytes in try broadcast(bytes, from: 0) }
      }
    }
  }

  /// Replaces an array by the leader's; all ranks have one of the same length.
  public func share<Number: BitwiseCopyable>(_ numbers: inout [Number]) {
    guard isShared else { return }
    succeed {
      try numbers.withUnsafeMutableBytes { bytes in try broadcast(bytes, from: 0) }
    }
  }
}

/// What the other ranks do next.
public enum RankTask: Codable, Sendable, Equatable {
  /// Train a model.
  case training
  /// Take a model to evaluate with.
  case model
  /// Evaluate images with it.
  case evaluation
  /// Compute with so many threads.
  case threads(Int)
  /// Say what it does.
  case words
  /// End with this exit code.
  case end(code: Int32)
}
