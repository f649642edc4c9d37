/// A limit on the memory that the contents of a file may take: ``multiple`` times the file's size, but at least
/// ``floor`` bytes.
///
/// A small compressed file can claim contents that fill the memory. A reader compares the claim with this limit before
/// it allocates memory, and refuses a file that claims more, however well-formed it is. The floor admits honest files
/// that compress well, such as binary images; raise it for larger ones.
///
/// ```swift
/// let limit = MemoryLimit.standard.byteCount(forFileOf: fileSize)
/// guard claim <= limit else { throw refusal(claim, limit) }
/// ```
public struct MemoryLimit: Sendable, Hashable {
  /// How many bytes of memory each byte of a file may take.
  public static let multiple = 32
  /// The default limit, with a floor of 1 GB.
  public static let standard = MemoryLimit(floor: 1_000_000_000)

  /// How many bytes of memory any file may take, however small it is.
  public let floor: Int

  /// A limit with the given floor, which must not be negative.
  public init(floor: Int) {
    precondition(floor >= 0, "MemoryLimit: a floor of \(floor) bytes")
    self.floor = floor
  }

  /// How many bytes of memory a file of `size` bytes may take.
  public func byteCount(forFileOf size: Int) -> Int {
    max(floor, CheckedSize.multiply(size, Self.multiple) ?? .max)
  }
}

extension MemoryLimit {
  /// A number of bytes in words: 512 bytes, 1.1 MB, 12.9 GB.
  public static func words(_ byteCount: Int) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
    guard let (size, unit) = units.first(where: { byteCount >= $0.0 }) else { return "\(byteCount) bytes" }
    let tenths = byteCount / (size / 10)
    return "\(tenths / 10).\(tenths % 10) \(unit)"
  }
}
