import Foundation

/// Memory for one tensor at a time, kept from one to the next, that grows only as bytes really arrive.
final class TensorBuffer {
  /// The memory taken before the first byte came, where only the file's own word says how many will.
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

  /// Reads `count` bytes, or as many as there are.
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
      // Nothing to copy, and the old memory may serve again.
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
