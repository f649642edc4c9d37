import CZip
import Files
import Foundation

/// The arrays of an NPZ file, a zip archive of NPY files; read with libzip.
package final class NPZArchive {
  /// An array of the archive.
  package struct Entry {
    /// The name, without the extension.
    package let name: String
    /// The header, or why the array cannot be read.
    package let header: Result<NPYHeader, NPYProblem>
    fileprivate let index: UInt64
    fileprivate let byteCount: Int
  }

  /// The arrays, in the archive's order; other entries are ignored.
  package private(set) var entries: [Entry] = []
  private let path: String
  private let fileSize: Int
  private let archive: OpaquePointer

  /// The greatest compression ratio of a deflated entry.
  private static let maximumRatio: UInt64 = 1040

  /// Opens an archive and reads the headers of its arrays.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``; ``DatasetError/malformed(path:reason:)``.
  package init(_ url: URL) throws(DatasetError) {
    path = url.path
    var code: Int32 = 0
    guard let archive = zip_open(url.path, ZIP_RDONLY, &code) else {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      if zip_error_system_type(&error) == ZIP_ET_SYS {
        throw .unreadable(path: url.path, reason: String(cString: zip_error_strerror(&error)))
      }
      throw .malformed(
        path: url.path,
        reason: "it is no NPZ file that can be opened (\(String(cString: zip_error_strerror(&error))))")
    }
    self.archive = archive
    fileSize = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    for index in 0..<max(zip_get_num_entries(archive, 0), 0) {
      if let entry = try entry(UInt64(index)) { entries.append(entry) }
    }
  }

  deinit { zip_discard(archive) }

  /// Reads the numbers of an array in single precision, and verifies its checksum.
  ///
  /// - Throws: ``DatasetError/malformed(path:reason:)``, ``DatasetError/tooLarge(path:claim:limit:)``.
  package func read(_ entry: Entry, memoryLimit: MemoryLimit) throws(DatasetError) -> NumberArray<Float> {
    try numbers(entry, memoryLimit)
  }

  /// The same in double precision.
  package func readDoubles(_ entry: Entry, memoryLimit: MemoryLimit) throws(DatasetError) -> NumberArray<Double> {
    try numbers(entry, memoryLimit)
  }

  private func numbers<Number>(
    _ entry: Entry, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) -> NumberArray<Number> {
    func malformed(_ problem: NPYProblem) -> DatasetError {
      .malformed(path: path, reason: "the array '\(entry.name)': \(problem.reason)")
    }
    let header: NPYHeader
    do throws(NPYProblem) {
      header = try entry.header.get()
    } catch {
      throw malformed(error)
    }
    // Before memory is allocated, the size in the archive's directory must agree with the array's header, and be
    // within the limit.
    guard let byteCount = header.byteCount, CheckedSize.add(header.dataOffset, byteCount) == entry.byteCount else {
      throw malformed(
        NPYProblem("its shape \(header.shape) does not agree with the \(entry.byteCount) bytes that it takes"))
    }
    try ArrayMemory.check(
      CheckedSize.product(header.shape), path: path, fileSize: fileSize, memoryLimit,
      inDoublePrecision: Number.self == Double.self)
    do throws(NPYProblem) {
      // One byte more than there is: the library verifies the checksum only at the end.
      let bytes = try bytes(entry.index, limit: entry.byteCount + 1)
      return try bytes.withUnsafeBytes { bytes in
        Result { () throws(NPYProblem) in try NPYArray.decode(bytes, header) }
      }
      .get()
    } catch {
      throw malformed(error)
    }
  }

  private func entry(_ index: UInt64) throws(DatasetError) -> Entry? {
    var status = zip_stat_t()
    guard zip_stat_index(archive, index, 0, &status) == 0, let name = status.name.map({ String(cString: $0) })
    else { throw .malformed(path: path, reason: "its list of arrays is damaged") }
    guard name.hasSuffix(".npy") else { return nil }
    let shown = String(
      name.dropLast(4).prefix(60).map { $0.isASCII && !$0.isNewline && $0 >= " " ? $0 : "?" })
    func refused(_ reason: String) -> Entry {
      Entry(name: shown, header: .failure(NPYProblem(reason)), index: index, byteCount: 0)
    }
    guard status.encryption_method == ZIP_EM_NONE else { return refused("it is encrypted") }
    guard status.size <= CheckedSize.multiply(status.comp_size, Self.maximumRatio) ?? .max,
      let byteCount = Int(exactly: status.size)
    else { return refused("it claims \(status.size) bytes, more than its \(status.comp_size) can hold") }
    do throws(NPYProblem) {
      let header = try NPYHeader(try bytes(index, limit: min(byteCount, NPYHeader.limit)))
      return Entry(name: shown, header: .success(header), index: index, byteCount: byteCount)
    } catch {
      return refused(error.reason)
    }
  }

  /// The first `limit` bytes of an entry, or all if there are fewer.
  private func bytes(_ index: UInt64, limit: Int) throws(NPYProblem) -> [UInt8] {
    guard let file = zip_fopen_index(archive, index, 0) else {
      throw NPYProblem("it cannot be unpacked (\(String(cString: zip_strerror(archive))))")
    }
    defer { zip_fclose(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
      let count = bytes.withUnsafeMutableBytes { bytes in
        zip_fread(file, bytes.baseAddress.map { $0 + filled }, UInt64(limit - filled))
      }
      guard count >= 0 else {
        throw NPYProblem("it is damaged after \(filled) bytes (\(String(cString: zip_file_strerror(file))))")
      }
      if count == 0 { break }
      filled += Int(count)
    }
    // In place, since the array may take gigabytes.
    bytes.removeLast(limit - filled)
    return bytes
  }
}
