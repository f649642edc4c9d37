/// Collects the members of a header's JSON object and refuses duplicates; their values are checked later.
struct HeaderParser {
  /// A tensor's entry in the header, before its numbers are checked.
  struct Tensor {
    let name: String
    let elementType: String
    let shape: [Int]
    let lower: Int
    let upper: Int
  }

  private(set) var tensors: [Tensor] = []
  private(set) var metadata: [String: String] = [:]
  private var keys = Set<String>()

  /// Reads the value of one member of the header: a tensor, or the metadata.
  mutating func member(
    _ scanner: inout HeaderScanner, key: String, offset: Int
  ) throws(HeaderScanner.Failure) {
    guard keys.insert(key).inserted else { throw Self.duplicate(key, offset) }
    if key == SafetensorsHeader.metadataKey {
      // The reference implementation takes null for "no metadata".
      if !scanner.consume(word: "null") { metadata = try Self.strings(&scanner) }
    } else {
      tensors.append(try Self.tensor(&scanner, name: key))
    }
  }

  private static func strings(
    _ scanner: inout HeaderScanner
  ) throws(HeaderScanner.Failure) -> [String: String] {
    var strings: [String: String] = [:]
    try scanner.object { (scanner, key, offset) throws(HeaderScanner.Failure) in
      let value = try scanner.string()
      guard strings.updateValue(value, forKey: key) == nil else { throw duplicate(key, offset) }
    }
    return strings
  }

  /// Reads `{"dtype": ..., "shape": [...], "data_offsets": [..., ...]}`; other members are skipped.
  private static func tensor(
    _ scanner: inout HeaderScanner, name: String
  ) throws(HeaderScanner.Failure) -> Tensor {
    var elementType: String?
    var shape: [Int]?
    var offsets: [Int]?
    _ = scanner.peek()
    let start = scanner.offset
    try scanner.object { (scanner, key, offset) throws(HeaderScanner.Failure) in
      switch key {
      case "dtype" where elementType == nil: elementType = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.naturals()
      case "data_offsets" where offsets == nil: offsets = try scanner.naturals()
      case "dtype", "shape", "data_offsets": throw duplicate(key, offset)
      default: try scanner.skipValue()
      }
    }
    guard let elementType, let shape, let offsets, offsets.count == 2 else {
      throw HeaderScanner.Failure(
        reason: "a tensor needs \"dtype\", \"shape\" and \"data_offsets\" (two numbers)", offset: start)
    }
    return Tensor(name: name, elementType: elementType, shape: shape, lower: offsets[0], upper: offsets[1])
  }

  private static func duplicate(_ key: String, _ offset: Int) -> HeaderScanner.Failure {
    let name = String(key.prefix(200)).debugDescription
    return HeaderScanner.Failure(reason: "the key \(name) occurs twice", offset: offset)
  }
}
