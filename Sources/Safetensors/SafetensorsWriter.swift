import Foundation

/// Whether a file is compressed.
public enum SafetensorsCompression: Sendable, Hashable {
  /// A plain safetensors file, which every reader of the format opens. It has no checksum.
  case none
  /// One zstd frame with content size and checksum around the file; `zstd -d` gives the plain file. The library
  /// limits the level to those it has, about -100000 to 22.
  case zstd(level: Int)

  /// zstd at the level that suits trained parameters: -1.
  ///
  /// Parameters are close to noise. Of 700 MB of normal numbers in float32, levels 1 to 3 save 8 % and write 250
  /// to 400 MB/s, read 500; level -1 saves nothing there (repeated values still shrink), but keeps the checksum
  /// and writes 600 to 800 MB/s, reads 1600 (two cores of a server, with syncing; plain: 950 and 2600).
  public static let standard = SafetensorsCompression.zstd(level: -1)
}

/// Writes safetensors files: atomically, and straight from the tensors' storage.
///
/// ```swift
/// let tensors = [SafetensorsTensor(name: "scale", values: [1.5, 2.5] as [Float])]
/// try SafetensorsWriter.write(to: url, tensors: tensors, metadata: ["epoch": "3"])
/// ```
public enum SafetensorsWriter {
  /// Replaces the file, or makes it, with the tensors and the metadata; returns the bytes it takes on the disk.
  ///
  /// The order of the tensors in the file does not depend on the order given: see
  /// ``SafetensorsHeader/init(laying:metadata:path:)``. The file is replaced as ``AtomicFile`` does it, so a
  /// failure leaves the previous file intact.
  ///
  /// - Throws: ``SafetensorsError``: `unwritable` for a duplicate name, a shape that is none, or a tensor whose
  ///   bytes are not as many as its shape needs; `system` for a full disk, an unwritable directory and the like;
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

  /// Calls `write` with the bytes of each tensor, in file order, and checks their number.
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
