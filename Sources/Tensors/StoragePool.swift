import Foundation
import Synchronization

/// A pool of aligned memory blocks, kept for reuse.
///
/// A fresh block of 20 MB costs more in page faults than the arithmetic done on it, and a training step asks for the
/// same sizes over and over; so what is given back is kept, by size class, up to a limit.
final class StoragePool: Sendable {
  /// The pool of all tensors.
  static let shared = StoragePool(limit: 2 << 30)

  static let alignment = 64
  /// Bytes kept for reuse at most; beyond, blocks go back to the system.
  let limit: Int

  private struct State {
    var free: [Int: [UInt]] = [:]
    var kept = 0
  }

  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  deinit { drain() }

  /// Bytes that are kept for reuse now.
  var keptBytes: Int { state.withLock { $0.kept } }

  /// The size class of a request: 64-byte steps for small blocks, then eight classes to each power of two.
  static func sizeClass(_ bytes: Int) -> Int {
    let size = max(bytes, alignment)
    guard size > 1024 else { return (size + alignment - 1) & ~(alignment - 1) }
    let step = 1 << (Int.bitWidth - size.leadingZeroBitCount - 4)
    return (size + step - 1) & ~(step - 1)
  }

  func allocate(_ sizeClass: Int) -> UnsafeMutableRawPointer {
    let reused = state.withLock { state -> UInt? in
      guard let address = state.free[sizeClass]?.popLast() else { return nil }
      state.kept -= sizeClass
      return address
    }
    if let reused, let pointer = UnsafeMutableRawPointer(bitPattern: reused) { return pointer }
    // Large blocks on boundaries of huge pages, which the kernel then uses if it may.
    let large = sizeClass >= 4 << 20
    func fresh() -> UnsafeMutableRawPointer? {
      var pointer: UnsafeMutableRawPointer?
      return posix_memalign(&pointer, large ? 2 << 20 : Self.alignment, sizeClass) == 0 ? pointer : nil
    }
    var block = fresh()
    if block == nil {
      // What is kept of other sizes may be what is missing.
      drain()
      block = fresh()
    }
    guard let pointer = block else { Compute.endWithoutMemory(for: sizeClass) }
    #if os(Linux)
      if large { madvise(pointer, sizeClass, 14 /* MADV_HUGEPAGE */) }
    #endif
    return pointer
  }

  func release(_ pointer: UnsafeMutableRawPointer, _ sizeClass: Int) {
    let keep = state.withLock { state -> Bool in
      guard state.kept + sizeClass <= limit else { return false }
      state.free[sizeClass, default: []].append(UInt(bitPattern: pointer))
      state.kept += sizeClass
      return true
    }
    if !keep { free(pointer) }
  }

  /// Gives every kept block back to the system.
  func drain() {
    let blocks = state.withLock { state in
      let blocks = state.free.values.flatMap { $0 }
      state = State()
      return blocks
    }
    for block in blocks { free(UnsafeMutableRawPointer(bitPattern: block)) }
  }
}

/// A tensor's memory, from the pool and back to it.
///
/// Written only by the tensor that holds the sole reference to it, hence safe to share.
package final class TensorStorage: @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  private let sizeClass: Int
  /// The numbers packed in other orders, for products that are taken again and again; see ``PackedForms``.
  let packedForms = Mutex(PackedForms())

  package init(byteCount: Int) {
    sizeClass = StoragePool.sizeClass(byteCount)
    pointer = StoragePool.shared.allocate(sizeClass)
  }

  deinit { StoragePool.shared.release(pointer, sizeClass) }
}
