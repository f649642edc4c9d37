import CZstd
import Foundation

/// A cache of what is slow to read from a file, compressed, in the user's cache folder.
///
/// An entry belongs to one file, by its path, size and modification time. An entry that is damaged or older than its
/// file is ignored and replaced. Where the cache cannot be written, everything works without it.
struct DatasetCache: Sendable {
  /// The folder of the entries, which need not exist yet; nil for no cache.
  let directory: URL?

  /// The cache in `$XDG_CACHE_HOME/ffjord-vae`, or in `~/.cache/ffjord-vae` where that is not set.
  ///
  /// Source: the XDG Base Directory Specification, according to which a relative path is invalid.
  static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> DatasetCache {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.cache" }
    let folder = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home
    return DatasetCache(
      directory: folder.map { URL(fileURLWithPath: $0 + "/ffjord-vae", isDirectory: true) })
  }

  /// The contents of a file: from the cache where there is an entry, otherwise from `read`, whose result is then
  /// cached.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - rowCount: The number of rows in the file.
  ///   - rowLength: The number of zeros and ones in a row.
  ///   - read: Reads the file.
  /// - Throws: What `read` throws.
  func bits(
    of url: URL, rowCount: Int, rowLength: Int, read: () throws(DatasetError) -> PackedBits
  ) throws(DatasetError) -> PackedBits {
    // Computed before the file is read, so that the entry is stale if the file changes meanwhile.
    guard let entry = entry(for: url), let key = key(of: url, rowCount, rowLength) else { return try read() }
    let byteCount = rowCount * PackedBits.bytesPerRow(rowLength)
    if let bytes = contents(of: entry, key: key, byteCount: byteCount) {
      return PackedBits(rowCount: rowCount, rowLength: rowLength, bytes: bytes)
    }
    let bits = try read()
    keep(key + bits.bytes, as: entry)
    return bits
  }

  /// The path of a file's entry: the file's name, made unique by a digest of its path.
  func entry(for url: URL) -> URL? {
    guard let directory, let checksum = Checksum.of(Data(Self.path(of: url).utf8), .sha256) else {
      return nil
    }
    let stem = url.lastPathComponent.prefix(40)
    return directory.appendingPathComponent("\(stem)-\(checksum.hexadecimal.prefix(16)).zst")
  }

  private static func path(of url: URL) -> String { url.standardizedFileURL.path }

  /// A key of 64 digits that changes with the file, its path and this format; nil where the file does not exist.
  private func key(of url: URL, _ rowCount: Int, _ rowLength: Int) -> [UInt8]? {
    var status = stat()
    let path = Self.path(of: url)
    guard stat(path, &status) == 0 else { return nil }
    let words =
      "bits 1 \(rowCount) \(rowLength) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec) "
    return Checksum.of(Data((words + path).utf8), .sha256).map { Array($0.hexadecimal.utf8) }
  }

  private func contents(of entry: URL, key: [UInt8], byteCount: Int) -> [UInt8]? {
    guard let data = try? Data(contentsOf: entry) else { return nil }
    let expected = key.count + byteCount
    let whole: [UInt8]? = data.withUnsafeBytes { data in
      // The size is checked first, so that a damaged frame cannot demand more memory than an entry needs.
      guard ZSTD_getFrameContentSize(data.baseAddress, data.count) == UInt64(expected) else { return nil }
      return [UInt8](unsafeUninitializedCapacity: expected) { bytes, count in
        let written = ZSTD_decompress(bytes.baseAddress, expected, data.baseAddress, data.count)
        count = ZSTD_isError(written) == 0 ? written : 0
      }
    }
    guard let whole, whole.count == expected, whole.starts(with: key) else { return nil }
    return Array(whole[key.count...])
  }

  private func keep(_ bytes: [UInt8], as entry: URL) {
    guard let context = ZSTD_createCCtx() else { return }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    let bound = ZSTD_compressBound(bytes.count)
    let frame = [UInt8](unsafeUninitializedCapacity: bound) { frame, count in
      let written = ZSTD_compress2(context, frame.baseAddress, bound, bytes, bytes.count)
      count = ZSTD_isError(written) == 0 ? written : 0
    }
    guard !frame.isEmpty else { return }
    // It is no error if the cache cannot be written: reading is just not faster the next time.
    try? FileManager.default.createDirectory(
      at: entry.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? Data(frame).write(to: entry, options: .atomic)
  }
}
