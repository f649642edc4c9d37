import Files
import Foundation

/// An open safetensors file, plain or within a zstd frame.
///
/// Opening reads only the header, so it is cheap whatever the file's size. The file stays open: reads are from the
/// file that was opened, even if another file takes its name meanwhile.
///
/// Every number in the file is checked against the length of the file or the frame, or where a frame does not state
/// its length, against the bytes that arrive: memory is never allocated for a mere claim. Nor can a small frame with
/// large contents fill the memory: a `MemoryLimit` bounds the header and the tensors that are read, and other tensors
/// are skipped in pieces.
///
/// ```swift
/// let file = try SafetensorsFile(url)
/// for entry in file.entries { print(entry.name, entry.shape) }
/// try file.readTensors { entry, bytes in
///   parameters[entry.name]?.copyMemory(from: bytes)
/// }
/// ```
public final class SafetensorsFile: Sendable {
  /// The path of the file.
  public let path: String
  /// The header: which tensors the file holds, in the order of their bytes.
  public let header: SafetensorsHeader
  /// The size of the file on the disk, in bytes.
  public let byteCount: Int
  /// Whether the file is a zstd frame.
  public let isCompressed: Bool

  /// How much memory the file's contents may take.
  public let memoryLimit: MemoryLimit

  private let file: OpenFile
  private let start: [UInt8]
  private let dataOffset: Int

  /// The tensors, in file order.
  public var entries: [SafetensorsEntry] { header.entries }
  /// The file's own dictionary, `__metadata__`.
  public var metadata: [String: String] { header.metadata }

  /// Opens a file and reads its header.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: ``SafetensorsError``: `file` where it cannot be opened; `unrecognized`,
  ///   `truncated`, `header`, `tensor`, `frame` or `trailingBytes` where it is not a valid safetensors file;
  ///   `beyondLimit` for a header that would take too much memory.
  public init(_ url: URL, memoryLimit: MemoryLimit = .standard) throws(SafetensorsError) {
    path = url.path
    self.memoryLimit = memoryLimit
    file = try OpenFile.opening(path)
    byteCount = try file.length()
    start = try Self.start(of: file)
    isCompressed = start.starts(with: ZstandardSource.magic)
    let source = try Self.source(file, start: start)
    let buffer = TensorBuffer(path: path)

    let length = try Self.headerLength(source, buffer, path: path)
    dataOffset = 8 + length
    try Self.check(
      "its header", takes: Self.headerMultiple * length, of: memoryLimit, byteCount: byteCount, path: path)
    let json = try buffer.read(length, from: source)
    guard json.count == length else {
      throw SafetensorsError(path: path, problem: .truncated(offset: 8 + json.count, expected: "the header"))
    }
    header = try SafetensorsHeader(parsing: Array(json), path: path)
    if let total = source.byteCount {
      try Self.check(header, dataOffset: dataOffset, total: total, path: path)
    }
  }

  /// Calls `body` with the bytes of each wanted tensor, in file order, with one tensor in memory at a time.
  ///
  /// The bytes are valid during the call only; their address is a multiple of 16. Tensors that are not wanted are
  /// skipped. The checksum of a zstd frame is at its end, so that the bytes are known to be right only once this
  /// method has returned.
  ///
  /// - Parameters:
  ///   - isWanted: Whether to read a tensor; by default all.
  ///   - body: Takes an entry and its bytes.
  /// - Throws: ``SafetensorsError``: `beyondLimit`, before anything is read, where the wanted tensors take more memory
  ///   together than the file may; `truncated`, `frame`, `trailingBytes`, `system` or `outOfMemory`; or what `body`
  ///   throws, unchanged.
  public func readTensors(
    where isWanted: (SafetensorsEntry) throws -> Bool = { _ in true },
    into body: (SafetensorsEntry, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let areWanted = try entries.map(isWanted)
    // The ranges of a header do not overlap, so that their sum is no larger than the header's last number.
    try checkMemory(ofTensors: zip(entries, areWanted).reduce(0) { $0 + ($1.1 ? $1.0.byteCount : 0) })
    let source = try dataSource()
    let buffer = TensorBuffer(path: path)
    for (entry, isWanted) in zip(entries, areWanted) {
      if isWanted {
        try body(entry, read(entry, from: source, buffer))
      } else {
        try skip(entry.byteCount, of: source)
      }
    }
    try source.finish()
  }

  /// Checks that the file's tensors may take an amount of memory, before it is allocated.
  ///
  /// - Parameter bytes: The size of the tensors in memory, after any conversion.
  /// - Throws: ``SafetensorsError`` (`beyondLimit`).
  public func checkMemory(ofTensors bytes: Int) throws(SafetensorsError) {
    try Self.check("its tensors", takes: bytes, of: memoryLimit, byteCount: byteCount, path: path)
  }

  /// All tensors by name, all in memory at once: for small files.
  ///
  /// - Throws: As ``readTensors(where:into:)``.
  public func load() throws -> [String: (entry: SafetensorsEntry, bytes: [UInt8])] {
    var tensors: [String: (entry: SafetensorsEntry, bytes: [UInt8])] = [:]
    try readTensors { entry, bytes in tensors[entry.name] = (entry, Array(bytes)) }
    return tensors
  }

  /// The bytes of one tensor.
  ///
  /// From a plain file, only these bytes are read. A frame is read from start to end, and its checksum verified; use
  /// ``readTensors(where:into:)`` for more than one tensor.
  ///
  /// - Throws: ``SafetensorsError``: `noSuchTensor`, or as ``readTensors(where:into:)``.
  public func bytes(_ name: String) throws -> [UInt8] {
    try withBytes(of: entry(name)) { Array($0) }
  }

  /// The entry of a tensor.
  ///
  /// - Throws: ``SafetensorsError`` (`noSuchTensor`).
  public func entry(_ name: String) throws(SafetensorsError) -> SafetensorsEntry {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw SafetensorsError(path: path, problem: .noSuchTensor(name: name))
    }
    return entry
  }

  func withBytes<Result>(
    of wanted: SafetensorsEntry, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try checkMemory(ofTensors: wanted.byteCount)
    let buffer = TensorBuffer(path: path)
    guard isCompressed else {
      let source = try PlainSource(file, from: dataOffset + wanted.byteRange.lowerBound)
      return try body(read(wanted, from: source, buffer))
    }
    let source = try dataSource()
    try skip(wanted.byteRange.lowerBound, of: source)
    let bytes = try read(wanted, from: source, buffer)
    try skip(header.dataByteCount - wanted.byteRange.upperBound, of: source)
    try source.finish()
    return try body(bytes)
  }

  /// A source whose next byte is the first tensor's.
  private func dataSource() throws(SafetensorsError) -> any ByteSource {
    guard isCompressed else { return try PlainSource(file, from: dataOffset) }
    let source = try ZstandardSource(file, start: start)
    try skip(dataOffset, of: source)
    return source
  }

  private func skip(_ count: Int, of source: any ByteSource) throws(SafetensorsError) {
    let passed = try source.skip(count)
    if passed < count {
      throw SafetensorsError(path: path, problem: .truncated(offset: passed, expected: "the data"))
    }
  }

  private func read(
    _ entry: SafetensorsEntry, from source: any ByteSource, _ buffer: TensorBuffer
  ) throws(SafetensorsError) -> UnsafeRawBufferPointer {
    let bytes = try buffer.read(entry.byteCount, from: source)
    guard bytes.count == entry.byteCount else {
      let offset = dataOffset + entry.byteRange.lowerBound + bytes.count
      let expected = "tensor \(entry.name.debugDescription)"
      throw SafetensorsError(path: path, problem: .truncated(offset: offset, expected: expected))
    }
    return bytes
  }
}

extension SafetensorsFile {
  /// How many bytes of memory a byte of a header takes at most while it is read; many small tensors are the worst case.
  private static let headerMultiple = 16

  private static func check(
    _ what: String, takes bytes: Int, of limit: MemoryLimit, byteCount: Int, path: String
  ) throws(SafetensorsError) {
    let limit = limit.byteCount(forFileOf: byteCount)
    guard bytes <= limit else {
      throw SafetensorsError(path: path, problem: .beyondLimit(what, byteCount: bytes, limit: limit))
    }
  }

  private static func start(of file: OpenFile) throws(SafetensorsError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: ZstandardSource.maximumHeaderByteCount, alignment: 16)
    defer { buffer.deallocate() }
    let count = try file.fill(buffer, from: 0)
    return Array(buffer[..<count])
  }

  private static func source(_ file: OpenFile, start: [UInt8]) throws(SafetensorsError) -> any ByteSource {
    func unrecognized(_ reason: String) -> SafetensorsError {
      SafetensorsError(path: file.path, problem: .unrecognized(reason))
    }
    if start.isEmpty { throw unrecognized("it is empty") }
    if start.starts(with: ZstandardSource.magic) { return try ZstandardSource(file, start: start) }
    if start.starts(with: [0x1F, 0x8B]) { throw unrecognized("it is compressed by gzip, not zstd") }
    if start.starts(with: "PK\u{3}\u{4}".utf8) {
      throw unrecognized("it is a zip archive, as torch.save writes; save it with safetensors.torch instead")
    }
    // The length of a header, which is at most 100 MB, has four zero bytes at its end.
    if start.count >= 8, start[4..<8].contains(where: { $0 != 0 }) {
      throw unrecognized("it starts with neither the length of a header nor the magic number of zstd")
    }
    return try PlainSource(file)
  }

  private static func headerLength(
    _ source: any ByteSource, _ buffer: TensorBuffer, path: String
  ) throws(SafetensorsError) -> Int {
    let bytes = try buffer.read(8, from: source)
    guard bytes.count == 8 else {
      throw SafetensorsError(
        path: path, problem: .truncated(offset: bytes.count, expected: "the length of the header (8 bytes)"))
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(SafetensorsHeader.maximumByteCount) else {
      let limit = SafetensorsHeader.maximumByteCount
      let reason = "it claims a header of \(length) bytes, and \(limit) is the limit"
      throw SafetensorsError(path: path, problem: .unrecognized(reason))
    }
    if let total = source.byteCount, Int(length) > total - 8 {
      throw SafetensorsError(
        path: path, problem: .truncated(offset: total, expected: "the header, which claims \(length) bytes"))
    }
    return Int(length)
  }

  /// Checks that the file is exactly as long as the header and its tensors.
  private static func check(
    _ header: SafetensorsHeader, dataOffset: Int, total: Int, path: String
  ) throws(SafetensorsError) {
    let available = total - dataOffset
    if available > header.dataByteCount {
      let end = dataOffset + header.dataByteCount
      throw SafetensorsError(path: path, problem: .trailingBytes(offset: end))
    }
    guard available < header.dataByteCount else { return }
    let entry = header.entries.first { $0.byteRange.upperBound > available }
    let name = (entry?.name ?? "").debugDescription
    throw SafetensorsError(path: path, problem: .truncated(offset: total, expected: "tensor \(name)"))
  }
}
