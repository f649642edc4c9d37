import Files
import Foundation

/// Files with a JSON object on each line, to which another program may be appending.
enum JSONLines {
  /// Names of evaluations of the velocity in the files of older programs, and what they are called now.
  private static let formerKeys = [
    "nfe": "evaluations", "nfe_forward": "evaluations_forward", "nfe_backward": "evaluations_backward",
  ]

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      let key = path[path.count - 1]
      return formerKeys[key.stringValue].map { JSONKey(stringValue: $0) } ?? key
    }
    return decoder
  }

  /// The objects of a file; none where there is no file. A last line without a line feed is ignored: it is being
  /// written, or its writer was killed.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - mark: Lines that contain these characters are skipped without being parsed.
  ///   - onDamage: Takes ``RunError/unreadable(path:reason:)`` where the file cannot be read, and
  ///     ``RunError/invalidRun(path:reason:)`` where another line is damaged: throws it, or accepts that the file or the
  ///     line is left out.
  static func read<Record: Decodable>(
    _ file: URL, skipping mark: String? = nil, onDamage: (RunError) throws -> Void = { throw $0 }
  ) throws -> [Record] {
    let data: Data
    do throws(RunError) {
      guard let contents = try Data(ifPresent: file) else { return [] }
      data = contents
    } catch {
      try onDamage(error)
      return []
    }
    let decoder = Self.decoder
    let mark = mark.map { Array($0.utf8) } ?? []
    var records: [Record] = []
    try forEachLine(of: data) { line, number, isWhole in
      if !isWhole || line.isEmpty || contains(line, mark) { return }
      do { records.append(try decoder.decode(Record.self, from: Data(line))) } catch {
        try onDamage(.invalidRun(path: file.relativePath, reason: "line \(number) is damaged; take it out"))
      }
    }
    return records
  }

  /// The lines of a file whose objects are wanted, as bytes. A last line that lacks only its line feed is included;
  /// lines that are not objects of this type are left out.
  static func lines<Record: Decodable>(of data: Data, where isWanted: (Record) -> Bool) -> [Data] {
    let decoder = Self.decoder
    var kept: [Data] = []
    forEachLine(of: data) { line, _, _ in
      let line = Data(line)
      if let record = try? decoder.decode(Record.self, from: line), isWanted(record) { kept.append(line) }
    }
    return kept
  }

  /// Appends objects, each on a line, with one write. An incomplete line at the end, which a killed program left, is
  /// removed; a complete one that lacks only its line feed gets it.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)``
  static func append(_ records: [some Encodable], to file: URL) throws {
    let lines = Data(try records.map { try $0.json() + "\n" }.joined().utf8)
    func unwritable() -> RunError {
      .unwritable(path: file.path, reason: String(cString: strerror(errno)))
    }
    try DiskCall.write.pass(file.path)
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw unwritable() }
    defer { close(descriptor) }
    // Two evaluations may end at the same time. On a file system without locks, their lines could be mixed up.
    flock(descriptor, LOCK_EX)
    guard mendEnd(of: descriptor), write(lines, to: descriptor) else { throw unwritable() }
  }

  /// Calls `body` with each line, its number from one, and whether it ends with a line feed.
  private static func forEachLine<Failure: Error>(
    of data: Data, _ body: (UnsafeRawBufferPointer, Int, Bool) throws(Failure) -> Void
  ) throws(Failure) {
    // The C library searches ten times as fast as Swift's collections, and a long run has 100 MB of lines.
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(Failure) in
        var (start, number) = (0, 0)
        while start < bytes.count {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
          let count = length(ofLineIn: rest)
          number += 1
          try body(UnsafeRawBufferPointer(rebasing: rest[..<(count ?? rest.count)]), number, count != nil)
          start += (count ?? rest.count) + 1
        }
      }
    }
    try result.get()
  }

  /// The number of bytes before the first line feed; nil where there is none.
  private static func length(ofLineIn bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let end = memchr(base, Int32(UInt8(ascii: "\n")), bytes.count) else {
      return nil
    }
    return UnsafeRawPointer(end) - base
  }

  /// Makes a file end with a line feed; false, with the reason in `errno`, where that fails.
  private static func mendEnd(of descriptor: Int32) -> Bool {
    let size = lseek(descriptor, 0, SEEK_END)
    // A pipe or a device has no end to repair.
    guard size > 0 else { return true }
    var rest: [UInt8] = []
    var place = size
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while place > 0 {
      let start = max(0, place - off_t(piece.count))
      let count = pread(descriptor, &piece, Int(place - start), start)
      guard count == Int(place - start) else { return false }
      let end = piece[..<count].lastIndex(of: UInt8(ascii: "\n"))
      rest.insert(contentsOf: piece[((end ?? -1) + 1)..<count], at: 0)
      place = start + off_t((end ?? -1) + 1)
      if end != nil { break }
    }
    if rest.isEmpty { return true }
    let isObject = (try? JSONSerialization.jsonObject(with: Data(rest))) is [String: Any]
    return isObject ? write(Data("\n".utf8), to: descriptor) : ftruncate(descriptor, place) == 0
  }

  private static func write(_ data: Data, to descriptor: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0, errno != EINTR { return false }
        done += max(count, 0)
      }
      return true
    }
  }

  /// Whether bytes contain a mark; false for an empty mark.
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
