import Files
import Foundation

/// The header of a safetensors file: which tensors it holds, where they are, and a dictionary of strings.
///
/// A file consists of the header's length, 8 bytes, little-endian; the header, a JSON object padded with spaces; and
/// the tensors' bytes, without gaps.
///
/// Reading and writing refuse what the reference implementation refuses (<https://github.com/huggingface/safetensors>,
/// `Metadata::validate`): a header of more than 100 MB; invalid UTF-8 or JSON; duplicate keys; gaps and overlaps;
/// sizes that do not follow from shape and type; overflow. In addition, two names that differ only in the Unicode
/// composition of their characters are duplicates, since they are one key of a Swift dictionary.
public struct SafetensorsHeader: Sendable, Hashable {
  /// The greatest length of the JSON object, in bytes.
  public static let maximumByteCount = 100_000_000

  static let metadataKey = "__metadata__"

  /// The tensors, in the order of their bytes in the file.
  public let entries: [SafetensorsEntry]
  /// The file's own dictionary, `__metadata__`; empty where there is none.
  public let metadata: [String: String]

  /// The total size of all tensors, in bytes.
  public var dataByteCount: Int { entries.last?.byteRange.upperBound ?? 0 }

  /// Lays tensors out as the reference implementation does: by element type, widest first, then by name.
  ///
  /// - Parameters:
  ///   - tensors: The tensors, in any order.
  ///   - metadata: The file's own dictionary.
  ///   - path: The file that errors name.
  /// - Throws: ``SafetensorsError`` (`unwritable`): a duplicate or reserved name, a negative length, or a size that
  ///   overflows.
  public init(
    laying tensors: [(name: String, elementType: SafetensorsElementType, shape: [Int])],
    metadata: [String: String] = [:],
    path: String
  ) throws(SafetensorsError) {
    var entries: [SafetensorsEntry] = []
    var names = Set<String>()
    var end = 0
    let ordered = tensors.sorted {
      let ranks = ($0.elementType.layoutRank, $1.elementType.layoutRank)
      return ranks.0 == ranks.1 ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : ranks.0 < ranks.1
    }
    for tensor in ordered {
      var reason: String?
      if tensor.name == Self.metadataKey { reason = "is a reserved name" }
      if !names.insert(tensor.name).inserted { reason = "occurs twice" }
      let byteCount = SafetensorsEntry.byteCount(elementType: tensor.elementType, shape: tensor.shape)
      let next = byteCount.flatMap { CheckedSize.add(end, $0) }
      if next == nil { reason = "has the impossible shape \(tensor.shape)" }
      guard let next, reason == nil else {
        let message = "tensor \(tensor.name.debugDescription) \(reason ?? "")"
        throw SafetensorsError(path: path, problem: .unwritable(message))
      }
      entries.append(
        SafetensorsEntry(
          name: tensor.name, elementType: tensor.elementType, shape: tensor.shape, byteRange: end..<next))
      end = next
    }
    self.entries = entries
    self.metadata = metadata
  }

  /// Parses the JSON object of a header, without the eight bytes of its length.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - path: The file that errors name.
  /// - Throws: ``SafetensorsError`` (`header` or `tensor`).
  public init(parsing json: [UInt8], path: String) throws(SafetensorsError) {
    var scanner = HeaderScanner(json)
    var parser = HeaderParser()
    do throws(HeaderScanner.Failure) {
      guard json.first == UInt8(ascii: "{") else {
        throw HeaderScanner.Failure(reason: "\"{\" expected", offset: 0)
      }
      try scanner.object { (scanner, key, offset) throws(HeaderScanner.Failure) in
        try parser.member(&scanner, key: key, offset: offset)
      }
      if scanner.peek() != nil {
        throw HeaderScanner.Failure(reason: "text follows the object", offset: scanner.offset)
      }
    } catch {
      throw SafetensorsError(path: path, problem: .header(error.reason, offset: error.offset))
    }
    entries = try Self.ordered(parser.tensors, path: path)
    metadata = parser.metadata
  }

  /// The bytes at the start of a file: the length, the JSON object, and spaces up to a multiple of eight bytes.
  ///
  /// The same tensors and metadata give the same bytes.
  ///
  /// - Parameter path: The file that errors name.
  /// - Throws: ``SafetensorsError`` (`unwritable`) where the JSON object is longer than ``maximumByteCount``.
  public func encoded(path: String) throws(SafetensorsError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { Self.quoted($0.key) + ":" + Self.quoted($0.value) }
      members.append(Self.quoted(Self.metadataKey) + ":{" + pairs.joined(separator: ",") + "}")
    }
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let (lower, upper) = (entry.byteRange.lowerBound, entry.byteRange.upperBound)
      members.append(
        Self.quoted(entry.name) + ":{\"dtype\":\"\(entry.elementType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(lower),\(upper)]}")
    }
    var json = Array(("{" + members.joined(separator: ",") + "}").utf8)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    guard json.count <= Self.maximumByteCount else {
      let reason = "its header would take \(json.count) bytes, more than \(Self.maximumByteCount)"
      throw SafetensorsError(path: path, problem: .unwritable(reason))
    }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
  }

  /// Sorts parsed tensors into file order, and checks each against its shape and its neighbours.
  private static func ordered(
    _ tensors: [HeaderParser.Tensor], path: String
  ) throws(SafetensorsError) -> [SafetensorsEntry] {
    func wrong(_ name: String, _ reason: String) -> SafetensorsError {
      SafetensorsError(path: path, problem: .tensor(name: name, reason))
    }
    var entries: [SafetensorsEntry] = []
    entries.reserveCapacity(tensors.count)
    var end = 0
    for tensor in tensors.sorted(by: { ($0.lower, $0.upper) < ($1.lower, $1.upper) }) {
      guard let elementType = SafetensorsElementType(rawValue: tensor.elementType) else {
        let known = SafetensorsElementType.allCases.map(\.rawValue).joined(separator: " ")
        let found = String(tensor.elementType.prefix(40)).debugDescription
        throw wrong(tensor.name, "has the element type \(found); the known ones are \(known)")
      }
      guard tensor.lower == end, tensor.upper >= tensor.lower else {
        throw wrong(
          tensor.name,
          "lies at bytes \(tensor.lower) to \(tensor.upper), but the tensor before ends at \(end)")
      }
      let byteCount = SafetensorsEntry.byteCount(elementType: elementType, shape: tensor.shape)
      guard let byteCount, byteCount == tensor.upper - tensor.lower else {
        let needed = byteCount.map { "\($0) bytes" } ?? "more bytes than can be counted"
        let found = "takes \(tensor.upper - tensor.lower) bytes"
        throw wrong(tensor.name, "\(found), but its shape and type \(elementType.rawValue) need \(needed)")
      }
      end = tensor.upper
      entries.append(
        SafetensorsEntry(
          name: tensor.name, elementType: elementType, shape: tensor.shape,
          byteRange: tensor.lower..<tensor.upper))
    }
    return entries
  }

  /// A JSON string: quotes, backslashes and control characters escaped, everything else as it is.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
