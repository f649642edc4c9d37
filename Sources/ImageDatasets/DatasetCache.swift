import CZstd
import Foundation

/// Keeps what was slow to read from a file, compressed, in the user's folder for caches.
///
/// An entry belongs to one file, by path, size and time of change. One that is damaged, or older than its
/// file, is passed over and written anew; where none can be written, all works without.
struct DatasetCache: Sendable {
  /// The folder of the entries, which need not be there yet; nil where nothing is kept.
  let directory: URL?

  /// The cache in `$XDG_CACHE_HOME/ffjord-vae`, or in `~/.cache/ffjord-vae` where that is not set.
  ///
  /// Source: the XDG Base Directory Specification, by which a relative path is not valid.
  static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> DatasetCache {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.cache" }
    let folder = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home
    return DatasetCache(
      directory: folder.map { URL(fileURLWithPath: $0 + "/ffjord-vae", isDirectory: true) })
  }

  /// What `read` makes of a file: from the cache where that has it, else by reading, and then kept.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - rowCount: The number of rows that it holds.
  ///   - rowLength: The number of zeros and ones in a row.
  ///   - read: Reads the file.
  /// - Throws: What `read` throws.
  func bits(
    of url: URL, rowCount: Int, rowLength: Int, read: () throws(DatasetError) -> PackedBits
  ) throws(DatasetError) -> PackedBits {
    // Taken before the file is read: if the file changes meanwhile, the entry is stale.
    guard let entry = entry(for: url), let key = key(of: url, rowCount, rowLength) else { return try read() }
    let byteCount = rowCount * PackedBits.bytesPerRow(rowLength)
    if let bytes = contents(of: entry, key: key, byteCount: byteCount) {
      return PackedBits(rowCount: rowCount, rowLength: rowLength, bytes: bytes)
    }
    let bits = try read()
    keep(key + bits.bytes, as: entry)
    return bits
  }

  /// The place of a file's entry: named after the file, and told from others of that name by its path.
  func entry(for url: URL) -> URL? {
    guard let directory, let checksum = Checksum.of(Data(Self.path(of: url).utf8), .sha256) else {
      return nil
    }
    let stem = url.lastPathComponent.prefix(40)
    return directory.appendingPathComponent("\(stem)-\(checksum.hexadecimal.prefix(16)).zst")
  }

  private static func path(of url: URL) -> String { url.standardizedFileURL.path }

  /// 64 digits that change when the file, its place or this format does; nil where the file is not there.
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
      // The size first: a damaged frame cannot ask for more memory than an entry needs.
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
    // A cache that cannot be written is no error: the images are read, only not faster the next time.
    try? FileManager.default.createDirectory(
      at: entry.deletingLastPathComponent(), withIntermediateDirectories: true)
    try? Data(frame).write(to: entry, options: .atomic)
  }
}
