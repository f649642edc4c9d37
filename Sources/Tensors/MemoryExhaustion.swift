import Synchronization

extension Compute {
  private static let handler = Mutex<(@Sendable (_ byteCount: Int) -> Never)?>(nil)

  /// Says what happens, on whatever thread, where the memory for a tensor cannot be had: `handler` ends the program. Without
  /// one, it ends with a trap.
  public static func onMemoryExhaustion(_ handler: @escaping @Sendable (_ byteCount: Int) -> Never) {
    Self.handler.withLock { $0 = handler }
  }

  static func endWithoutMemory(for byteCount: Int) -> Never {
    handler.withLock { $0 }?(byteCount)
    preconditionFailure("out of memory: \(byteCount) bytes for a tensor")
  }
}
