/// The names and shapes of the parameters of a published state dict, and the numbers in its small buffers: what an
/// architecture is inferred from.
public struct StateDictOutline: Sendable {
  /// The shapes of the parameters, by name.
  public let shapes: [String: [Int]]
  /// The numbers of the buffers that have one or two, by name.
  public let buffers: [String: [Float]]

  /// An outline of the given tensors.
  public init(shapes: [String: [Int]], buffers: [String: [Float]] = [:]) {
    (self.shapes, self.buffers) = (shapes, buffers)
  }

  /// Whether the name of a parameter begins with a prefix.
  public func has(_ prefix: String) -> Bool { shapes.keys.contains { $0.hasPrefix(prefix) } }

  /// The number of outputs of a layer.
  public func outputs(_ layer: String) -> Int? { shapes["\(layer).weight"]?.first }

  /// The numbers that follow a prefix in the parameters' names.
  public func indices(_ prefix: String) -> Set<Int> {
    Set(
      shapes.keys.filter { $0.hasPrefix(prefix) }
        .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) } })
  }
}

/// A choice that a state dict leaves open.
public struct InferenceNote: Sendable, Equatable {
  /// What is open, and how it was chosen.
  public let text: String
  /// The keys of the options that choose otherwise.
  public let options: [String]

  /// A note on a choice, and the keys of the options that choose otherwise.
  public init(_ text: String, options: String...) { (self.text, self.options) = (text, options) }
}

/// A tensor of a published state dict that is not a parameter. PyTorch refuses a state dict without it.
public struct StateDictBuffer: Sendable {
  /// The numbers of a buffer, row-major.
  public enum Numbers: Sendable {
    /// In single precision.
    case float([Float])
    /// 64-bit integers.
    case integer([Int64])
  }

  /// The name in the state dict.
  public let name: String
  /// The shape; empty for a scalar.
  public let shape: [Int]
  /// The numbers.
  public let numbers: Numbers

  init(_ name: String, _ shape: [Int], _ numbers: [Float]) {
    (self.name, self.shape, self.numbers) = (name, shape, .float(numbers))
  }

  /// A vector of indices.
  init(_ name: String, indices: some Sequence<Int>) {
    let indices = indices.map { Int64($0) }
    (self.name, self.shape, self.numbers) = (name, [indices.count], .integer(indices))
  }
}
