import Synchronization

extension Compute {
  private static let handler = Mutex<(@Sendable (_ byteCount: Int?) -> Never)?>(nil)

  /// Says what happens, on whatever thread, where memory cannot be had: `handler` ends the program. It is given the bytes
  /// of the tensor that wants them, or nil where oneDNN does, which does not say how many. Without a handler, the program
  /// ends with a trap.
  public static func onMemoryExhaustion(_ handler: @escaping @Sendable (_ byteCount: Int?) -> Never) {
    Self.handler.withLock { $0 = handler }
  }

  /// Ends the program because of memory that cannot be had, of so many bytes if that is known.
  package static func endWithoutMemory(for byteCount: Int?) -> Never {
    handler.withLock { $0 }?(byteCount)
    fatalError("out of memory: \(byteCount.map { "\($0) bytes for a tensor" } ?? "oneDNN needs more")")
  }
}
