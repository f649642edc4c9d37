import Foundation

/// The system calls that change what is on the disk, as those who make them announce them: so a test can stop a program
/// before any of them, as a kill or a power cut would.
package enum DiskCall: Sendable {
  case create, write, synchronize, truncate, rename, link, remove, makeDirectory

  private final class Gate {
    let opens: (DiskCall) -> Bool
    init(_ opens: @escaping (DiskCall) -> Bool) { self.opens = opens }
  }

  private static let key = "Safetensors.DiskCall.gate"

  /// Does `body`, in which a call is made only if the gate opens for it: calls of this thread.
  package static func gated<Result>(
    by gate: @escaping (DiskCall) -> Bool, _ body: () throws -> Result
  ) rethrows -> Result {
    let values = Thread.current.threadDictionary
    let outer = values[key]
    defer { values[key] = outer }
    values[key] = Gate(gate)
    return try body()
  }

  /// Whether the call may be made: always, without a gate.
  package var isOpen: Bool { (Thread.current.threadDictionary[Self.key] as? Gate)?.opens(self) ?? true }

  /// Goes on if the call may be made.
  ///
  /// - Throws: ``SafetensorsError`` (`system`).
  package func pass(_ path: String) throws(SafetensorsError) {
    guard isOpen else { throw .system(path, "go on", code: ECANCELED) }
  }
}
