import Files
import Foundation

/// Whether and how a file is compressed.
public enum SafetensorsCompression: Sendable, Hashable {
  /// A plain safetensors file, which every reader of the format can open. It has no checksum.
  case none
  /// One zstd frame around the file, with content size and checksum; `zstd -d` gives the plain file. The level is
  /// limited to those of the library, about -100000 to 22.
  case zstd(level: Int)

  /// The level of zstd that suits trained parameters: -1.
  ///
  /// Parameters are close to noise. For 700 MB of normal numbers in float32, levels 1 to 3 save 8 %, write at 250 to
  /// 400 MB/s and read at 500 MB/s. Level -1 saves nothing there (repeated values still shrink), but keeps the
  /// checksum, writes at 600 to 800 MB/s and reads at 1600 MB/s. A plain file is written at 950 and read at 2600 MB/s.
  /// (Two cores of a server, with syncing.)
  public static let standard = SafetensorsCompression.zstd(level: -1)
}

/// Writes safetensors files atomically, directly from the tensors' storage.
///
/// ```swift
/// let tensors = [SafetensorsTensor(name: "scale", values: [1.5, 2.5] as [Float])]
/// try SafetensorsWriter.write(to: url, tensors: tensors, metadata: ["epoch": "3"])
/// ```
public enum SafetensorsWriter {
  /// Creates a file, or replaces it, with tensors and metadata.
  ///
  /// The order of the tensors in the file does not depend on the order given: see
  /// ``SafetensorsHeader/init(laying:metadata:path:)``. The file is written by `AtomicFile`, so that a failure
  /// leaves the previous file intact.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - tensors: The tensors.
  ///   - metadata: The file's own dictionary.
  ///   - compression: Whether and how the file is compressed.
  /// - Returns: The size of the file in bytes.
  /// - Throws: ``SafetensorsError``: `unwritable` for a duplicate name, an impossible shape, or a tensor that provides
  ///   more or fewer bytes than its shape needs; `FileError` for a full disk, an unwritable directory and the like;
  ///   or what a tensor's `withBytes` throws, unchanged.
  @discardableResult
  public static func write(
    to url: URL, tensors: [SafetensorsTensor], metadata: [String: String] = [:],
    compression: SafetensorsCompression = .standard
  ) throws -> Int {
    let path = url.path
    let header = try SafetensorsHeader(
      laying: tensors.map { ($0.name, $0.elementType, $0.shape) }, metadata: metadata, path: path)
    let prefix = try header.encoded(path: path)
    let providers = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    return try AtomicFile.write(to: url) { sink in
      switch compression {
      case .none:
        try prefix.withUnsafeBytes { try sink.write($0) }
        try each(header.entries, of: providers, path: path) { try sink.write($0) }
      case .zstd(let level):
        let compressor = try ZstandardCompressor(
          level: level, contentSize: prefix.count + header.dataByteCount, path: path)
        try prefix.withUnsafeBytes { try compressor.write($0, to: sink) }
        try each(header.entries, of: providers, path: path) { try compressor.write($0, to: sink) }
        try compressor.finish(to: sink)
      }
      return sink.byteCount
    }
  }

  /// Calls `write` with the bytes of each tensor, in file order, and checks how many there are.
  private static func each(
    _ entries: [SafetensorsEntry], of providers: [String: SafetensorsTensor], path: String,
    write: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    for entry in entries {
      var count = 0
      func check(_ isRight: Bool) throws {
        guard !isRight else { return }
        let name = entry.name.debugDescription
        let reason = "tensor \(name) takes \(entry.byteCount) bytes, but \(count) were given"
        throw SafetensorsError(path: path, problem: .unwritable(reason))
      }
      try providers[entry.name]?.withBytes { bytes in
        count += bytes.count
        try check(count <= entry.byteCount)
        try write(bytes)
      }
      try check(count == entry.byteCount)
    }
  }
}
