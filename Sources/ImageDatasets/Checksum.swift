import CCrypto
import Foundation

/// A checksum: a digest of a file's bytes.
///
/// ```swift
/// let checksum = try Checksum.of(fileAt: url, .sha256)
/// print(checksum)  // SHA-256 f32f04cf…
/// ```
public struct Checksum: Sendable, Hashable, CustomStringConvertible {
  /// The digest's algorithm.
  public enum Algorithm: String, Sendable, CaseIterable {
    /// MD5, 128 bits, which detects accidents but not forgeries.
    case md5 = "MD5"
    /// SHA-256, 256 bits.
    case sha256 = "SHA-256"
  }

  /// The digest's algorithm.
  public let algorithm: Algorithm
  /// The digest, in lower-case hexadecimal digits.
  public let hexadecimal: String

  /// A known checksum, from its hexadecimal digits.
  public init(_ algorithm: Algorithm, _ hexadecimal: String) {
    self.algorithm = algorithm
    self.hexadecimal = hexadecimal.lowercased()
  }

  /// The algorithm and the digits.
  public var description: String { "\(algorithm.rawValue) \(hexadecimal)" }

  /// The checksum of a file, which is read in pieces.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``.
  public static func of(fileAt url: URL, _ algorithm: Algorithm) throws(DatasetError) -> Checksum {
    try of(fileAt: url, [algorithm])[0]
  }

  /// The checksums of a file by several algorithms, in their order, from a single reading.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``.
  public static func of(fileAt url: URL, _ algorithms: [Algorithm]) throws(DatasetError) -> [Checksum] {
    var digests = [Digest]()
    for algorithm in algorithms {
      guard let digest = Digest(algorithm) else {
        throw .unreadable(
          path: url.path, reason: "the system's OpenSSL library does not offer \(algorithm.rawValue)")
      }
      digests.append(digest)
    }
    do {
      let file = try FileHandle(forReadingFrom: url)
      defer { try? file.close() }
      while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
        for digest in digests {
          digest.update(piece)
        }
      }
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    return digests.map { $0.finish() }
  }

  /// The checksum of bytes in memory; nil where the system's OpenSSL library does not provide the algorithm.
  static func of(_ data: Data, _ algorithm: Algorithm) -> Checksum? {
    guard let digest = Digest(algorithm) else { return nil }
    digest.update(data)
    return digest.finish()
  }

  /// The SHA-256 of parts of memory, one after another; nil where the system's OpenSSL library does not provide it.
  package static func sha256(of parts: [UnsafeRawBufferPointer]) -> Checksum? {
    guard let digest = Digest(.sha256) else { return nil }
    for part in parts { digest.update(part) }
    return digest.finish()
  }
}

/// A digest that is being computed; owns an OpenSSL context.
private final class Digest {
  private let algorithm: Checksum.Algorithm
  private let context: OpaquePointer

  /// Nil where OpenSSL does not provide the algorithm, such as MD5 in FIPS mode.
  init?(_ algorithm: Checksum.Algorithm) {
    let function = algorithm == .md5 ? EVP_md5() : EVP_sha256()
    guard let context = EVP_MD_CTX_new() else { return nil }
    guard EVP_DigestInit_ex(context, function, nil) == 1 else {
      EVP_MD_CTX_free(context)
      return nil
    }
    self.algorithm = algorithm
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ data: Data) { data.withUnsafeBytes(update) }

  func update(_ bytes: UnsafeRawBufferPointer) { _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

  func finish() -> Checksum {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    EVP_DigestFinal_ex(context, &bytes, &length)
    let digits = bytes.prefix(Int(length)).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
    return Checksum(algorithm, digits.joined())
  }
}
