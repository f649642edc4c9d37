#if MPI
  import CMPI
  import Foundation
  import Synchronization

  /// The ranks of a job that an MPI launcher started.
  public final class MPICommunicator: Communicator {
    /// This rank's number, from zero.
    public let rank: Int
    /// The number of ranks.
    public let size: Int
    private let sentBytes = Atomic(0)

    /// Joins the job; once in a process.
    ///
    /// - Throws: ``CommunicationError``
    public init() throws(CommunicationError) {
      try Self.check(cmpi_start(), "joining the job")
      (rank, size) = (Int(cmpi_rank()), Int(cmpi_size()))
    }

    /// The number of cores that this rank may use without sharing them with other ranks of its machine; at least 1.
    public var cores: Int { Int(cmpi_cores()) }

    /// The bytes that this rank has sent so far, counted once for each rank that they went to.
    public var sentByteCount: Int { sentBytes.load(ordering: .relaxed) }

    /// Sends the bytes of rank `root` to all others.
    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError) {
      // MPI counts in 32 bits.
      let most = 1 << 30
      for start in stride(from: 0, to: bytes.count, by: most) {
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(start + most, bytes.count)])
        var operation: OpaquePointer?
        try Self.check(
          cmpi_broadcast(part.baseAddress, Int32(part.count), CMPI_BYTE, Int32(root), &operation), "broadcast")
        try wait(operation, "broadcast")
      }
      count(rank == root ? bytes.count * (size - 1) : 0)
    }

    /// Gathers the bytes of all ranks on each, in the order of ranks.
    public func allGather(
      _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, byteCounts: [Int]
    ) throws(CommunicationError) {
      precondition(
        byteCounts.count == size && own.count == byteCounts[rank] && all.count == byteCounts.reduce(0, +),
        "gather: \(own.count) and \(all.count) bytes for parts of \(byteCounts)")
      let unit = Self.unit(byteCounts)
      var operation: OpaquePointer?
      try Self.check(
        cmpi_all_gather(own.baseAddress, all.baseAddress, try Self.counts(byteCounts, unit), unit, &operation),
        "gather")
      try wait(operation, "gather")
      count(own.count * (size - 1))
    }

    /// Begins to send a part to each rank, and to receive one from each.
    public func beginAllToAll(
      _ sent: UnsafeRawBufferPointer, sentByteCounts: [Int], into received: UnsafeMutableRawBufferPointer,
      receivedByteCounts: [Int], numberByteCount: Int
    ) throws(CommunicationError) -> Exchange {
      precondition(
        sentByteCounts.count == size && receivedByteCounts.count == size && sent.count == sentByteCounts.reduce(0, +)
          && received.count == receivedByteCounts.reduce(0, +),
        "exchange: \(sent.count) and \(received.count) bytes for parts of \(sentByteCounts) and \(receivedByteCounts)")
      // One unit for all ranks: each knows what it sends and receives alone.
      let unit = numberByteCount == 2 ? CMPI_HALF : CMPI_FLOAT
      precondition(
        (sentByteCounts + receivedByteCounts).allSatisfy { $0.isMultiple(of: Int(unit.rawValue)) },
        "exchange: parts of whole numbers")
      var operation: OpaquePointer?
      try Self.check(
        cmpi_all_to_all(
          sent.baseAddress, try Self.counts(sentByteCounts, unit), received.baseAddress,
          try Self.counts(receivedByteCounts, unit), unit, &operation), "exchange")
      count(sent.count - sentByteCounts[rank])
      return Exchange { [operation] () throws(CommunicationError) in try self.wait(operation, "exchange") }
    }

    /// Says why ranks can no longer work together, and ends all of them.
    public func abort(_ error: CommunicationError) -> Never {
      FileHandle.standardError.write(Data("rank \(rank): \(error)\n".utf8))
      cmpi_abort(70)
    }

    /// Ends all ranks with an exit code.
    public func abort(code: Int32) -> Never { cmpi_abort(code) }

    /// Leaves the job, when all ranks have come here.
    ///
    /// - Parameter seconds: How long to wait for the others; nil for as long as it takes.
    /// - Returns: Whether they came.
    public func leave(waiting seconds: Double?) -> Bool {
      var all = [UInt8](repeating: 0, count: size)
      var own: UInt8 = 0
      let hasLeft = all.withUnsafeMutableBytes { all in
        var operation: OpaquePointer?
        guard cmpi_gather_endings(&own, all.baseAddress, &operation) == 0, let operation else { return false }
        var isDone: Int32 = 0
        let limit = seconds.map { Int64($0 * 1e9) } ?? .max
        return cmpi_wait_for(operation, limit, &isDone) == 0 && isDone != 0
      }
      if hasLeft { cmpi_finish() }
      return hasLeft
    }

    private func count(_ bytes: Int) { sentBytes.add(bytes, ordering: .relaxed) }

    private func wait(_ operation: OpaquePointer?, _ name: String) throws(CommunicationError) {
      guard let operation else { return }
      try Self.check(cmpi_wait(operation), name)
    }

    /// The greatest number that all parts are made of, so that counts stay small.
    private static func unit(_ byteCounts: [Int]) -> cmpi_unit {
      byteCounts.allSatisfy { $0.isMultiple(of: 8) }
        ? CMPI_DOUBLE : byteCounts.allSatisfy { $0.isMultiple(of: 4) } ? CMPI_FLOAT : CMPI_BYTE
    }

    private static func counts(_ byteCounts: [Int], _ unit: cmpi_unit) throws(CommunicationError) -> [Int32] {
      let size = Int(unit.rawValue)
      guard byteCounts.reduce(0, +) / size <= Int(Int32.max) else {
        throw CommunicationError(operation: "counting", reason: "\(byteCounts.reduce(0, +)) bytes are too many at once")
      }
      return byteCounts.map { Int32($0 / size) }
    }

    private static func check(_ code: Int32, _ operation: String) throws(CommunicationError) {
      guard code != 0 else { return }
      var text = [CChar](repeating: 0, count: 512)
      cmpi_describe(code, &text, Int32(text.count))
      let reason = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw CommunicationError(operation: operation, reason: String(decoding: reason, as: UTF8.self))
    }
  }
#endif
