import Foundation

/// Memory for one tensor at a time, which is reused for the next, and which grows only as bytes actually arrive.
final class TensorBuffer {
  /// How much memory is allocated before the first byte arrives, where the number of bytes is only the file's claim.
  private static let trustedByteCount = 16 << 20

  private let path: String
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0

  /// - Parameter path: The file that errors name.
  init(path: String) {
    self.path = path
  }

  deinit {
    free(memory)
  }

  /// Reads `count` bytes, or fewer where the source ends.
  ///
  /// The result is valid until the next call; its address is a multiple of 16.
  func read(_ count: Int, from source: any ByteSource) throws(SafetensorsError) -> UnsafeRawBufferPointer {
    try reserve(source.isByteCountCertain ? count : min(count, Self.trustedByteCount), keepingContents: false)
    var done = 0
    while done < count {
      if done == capacity { try reserve(min(count, 2 * capacity), keepingContents: true) }
      let end = min(count, capacity)
      let free = UnsafeMutableRawBufferPointer(start: memory.map { $0 + done }, count: end - done)
      done += try source.read(into: free)
      if done < end { break }
    }
    return UnsafeRawBufferPointer(start: memory, count: done)
  }

  private func reserve(_ byteCount: Int, keepingContents: Bool) throws(SafetensorsError) {
    guard byteCount > capacity else { return }
    if !keepingContents {
      // There is nothing to copy, and the old memory can be reused.
      free(memory)
      memory = nil
    }
    guard let larger = realloc(memory, byteCount) else {
      if memory == nil { capacity = 0 }
      throw SafetensorsError(path: path, problem: .outOfMemory(byteCount: byteCount))
    }
    memory = larger
    capacity = byteCount
  }
}
