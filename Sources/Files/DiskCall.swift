import Foundation

/// The kinds of system calls that change the disk. Each is announced before it is made, so that a test can stop the
/// program there, as a kill or a power cut would.
package enum DiskCall: Sendable {
  case create, write, synchronize, truncate, rename, link, remove, makeDirectory

  private final class Gate {
    let opens: (DiskCall) -> Bool
    init(_ opens: @escaping (DiskCall) -> Bool) { self.opens = opens }
  }

  private static let key = "Files.DiskCall.gate"

  /// Runs `body`, in which this thread makes a call only if `gate` returns true for it.
  package static func gated<Result>(
    by gate: @escaping (DiskCall) -> Bool, _ body: () throws -> Result
  ) rethrows -> Result {
    let values = Thread.current.threadDictionary
    let outer = values[key]
    defer { values[key] = outer }
    values[key] = Gate(gate)
    return try body()
  }

  /// Whether the call may be made; true where there is no gate.
  package var isOpen: Bool { (Thread.current.threadDictionary[Self.key] as? Gate)?.opens(self) ?? true }

  /// Checks that the call may be made.
  ///
  /// - Throws: ``FileError`` (`system`).
  package func pass(_ path: String) throws(FileError) {
    guard isOpen else { throw .system(path, "go on", code: ECANCELED) }
  }
}
