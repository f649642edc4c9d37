/// How much memory the contents of a file may take: ``multiple`` times the file's size, and ``floor`` bytes for any file.
///
/// A small compressed file can claim contents that fill the memory. A reader compares what a file claims with this limit
/// before it takes memory for it, so that one that claims more is refused, however well-formed it is. The floor lets
/// honest files pass that compress well, such as binary images; whoever has a larger one raises it.
///
/// ```swift
/// let limit = MemoryLimit.standard.byteCount(forFileOf: fileSize)
/// guard claim <= limit else { throw refusal(claim, limit) }
/// ```
public struct MemoryLimit: Sendable, Hashable {
  /// How many bytes of memory a byte of a file may take.
  public static let multiple = 32
  /// 1 GB for any file.
  public static let standard = MemoryLimit(floor: 1_000_000_000)

  /// How many bytes of memory any file may take.
  public let floor: Int

  /// A limit of `floor` bytes, at least 0, for files that are no larger than a ``multiple``th of that.
  public init(floor: Int) {
    precondition(floor >= 0, "MemoryLimit: a floor of \(floor) bytes")
    self.floor = floor
  }

  /// The bytes of memory that a file of `size` bytes may take.
  public func byteCount(forFileOf size: Int) -> Int {
    max(floor, CheckedSize.multiply(size, Self.multiple) ?? .max)
  }
}

extension MemoryLimit {
  /// A number of bytes for people: 512 bytes, 1.1 MB, 12.9 GB.
  public static func words(_ byteCount: Int) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
    guard let (size, unit) = units.first(where: { byteCount >= $0.0 }) else { return "\(byteCount) bytes" }
    let tenths = byteCount / (size / 10)
    return "\(tenths / 10).\(tenths % 10) \(unit)"
  }
}
