import Foundation

/// Files with a JSON object on each line, to which another program may be adding.
enum JSONLines {
  /// The objects of a file; none where there is no file. A last line without its end is passed over: it is being written,
  /// or its writer was killed.
  ///
  /// - Parameter mark: Lines that hold these characters are passed over unread.
  /// - Throws: ``TrainingError/invalidRun(path:reason:)`` where another line cannot be read.
  static func read<Record: Decodable>(_ file: URL, skipping mark: String? = nil) throws -> [Record] {
    guard FileManager.default.fileExists(atPath: file.path) else { return [] }
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw TrainingError.invalidRun(path: file.relativePath, reason: RunDirectory.reason(error))
    }
    let decoder = JSONDecoder()
    let mark = mark.map { Array($0.utf8) } ?? []
    var records: [Record] = []
    // Collections of bytes take ten times as long to search as the C library does, and a long run has 100 MB of lines.
    try data.withUnsafeBytes { bytes in
      var (start, number) = (0, 0)
      while start < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let base = rest.baseAddress, let end = memchr(base, Int32(UInt8(ascii: "\n")), rest.count) else {
          return
        }
        let line = UnsafeRawBufferPointer(start: base, count: UnsafeRawPointer(end) - base)
        start += line.count + 1
        number += 1
        if line.isEmpty || contains(line, mark) { continue }
        do { records.append(try decoder.decode(Record.self, from: Data(line))) } catch {
          throw TrainingError.invalidRun(path: file.relativePath, reason: "line \(number) is damaged; take it out")
        }
      }
    }
    return records
  }

  /// Whether bytes hold a mark that is not empty.
  private static func contains(_ bytes: UnsafeRawBufferPointer, _ mark: [UInt8]) -> Bool {
    guard var place = bytes.baseAddress, let first = mark.first else { return false }
    let end = place + bytes.count
    while end - place >= mark.count, let found = memchr(place, Int32(first), end - place) {
      place = UnsafeRawPointer(found)
      if end - place >= mark.count, memcmp(place, mark, mark.count) == 0 { return true }
      place += 1
    }
    return false
  }
}
