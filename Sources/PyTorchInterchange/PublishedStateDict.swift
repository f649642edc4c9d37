import Files
import Foundation
import Runs
import Safetensors
import Tensors
import VariationalAutoencoder

/// The parameters in a state dict of the published PyTorch code, in single precision.
///
/// Besides parameters, such a file holds buffers (masks, permutations, counters of evaluations); a file of reference
/// values also holds inputs, outputs and gradients. These are ignored, except for buffers of one or two numbers,
/// such as the flows' end times.
public struct PublishedStateDict: Sendable {
  /// The path of the file.
  public let path: String
  /// The file's metadata.
  public let metadata: [String: String]
  /// The parameters by name.
  public private(set) var values: [String: Tensor] = [:]
  /// The names of the tensors that are not parameters, in the order of the file.
  public private(set) var ignored: [String] = []
  /// The names of the parameters that were not stored in single precision, in the order of the file.
  public private(set) var converted: [String] = []
  /// The numbers of the buffers that have one or two, such as end times.
  private var buffers: [String: [Float]] = [:]

  /// Reads a state dict.
  ///
  /// Numbers of 16 and 64 bits are converted to single precision. 8-bit integers are multiplied by the number in the
  /// tensor whose name is `scale.` followed by theirs.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - memoryLimit: How much memory the file's contents may take.
  /// - Throws: `SafetensorsError` for a file that is damaged, not a safetensors file, or too large for memory;
  ///   `RunError.invalidModel`, which names every tensor that has a type that cannot be read, no
  ///   elements, or a number that is not finite.
  public init(_ url: URL, memoryLimit: MemoryLimit = .standard) throws {
    let file = try SafetensorsFile(url, memoryLimit: memoryLimit)
    path = file.path
    metadata = file.metadata
    guard metadata["kind"] != Checkpoint.kind else {
      throw RunError.invalidModel(path: path, reason: "it is a checkpoint already, and needs no import")
    }
    var validationErrors: [String] = []
    var scales: [String: Float] = [:]
    var scaled: [String] = []
    let (wanted, passedOver) = Self.divided(file.entries)
    ignored = passedOver
    // In memory they are in single precision.
    let count = file.entries.reduce(0) { $0 + (wanted.contains($1.name) ? $1.elementCount : 0) }
    try file.checkMemory(ofTensors: MemoryEstimate.bytes(count))
    try file.readTensors(where: { wanted.contains($0.name) }) { entry, bytes in
      let name = Self.name(entry.name)
      switch Role(name) {
      case .reference: break
      case .buffer: buffers[name] = Self.tensor(entry, bytes)?.floats()
      case .scale(let tensor):
        scales[tensor] = Self.tensor(entry, bytes)?.floats().first
      case .parameter:
        guard entry.elementCount > 0 else {
          validationErrors.append("\(name) \(entry.shape) has no elements")
          return
        }
        guard let tensor = Self.tensor(entry, bytes) else {
          validationErrors.append(
            "\(name) \(entry.shape) is of type \(entry.elementType.rawValue), and parameters are of type F32, F64, F16 "
              + "or BF16")
          return
        }
        guard values[name] == nil else {
          validationErrors.append("\(name) is there twice, once as \(entry.name)")
          return
        }
        if entry.elementType == .int8 { scaled.append(name) }
        if entry.elementType != .float32 { converted.append(name) }
        values[name] = tensor
      }
    }
    for name in scaled {
      guard let scale = scales[name], let tensor = values[name] else {
        validationErrors.append("\(name) is of type I8, and there is no scale.\(name)")
        continue
      }
      values[name] = Tensor(tensor.floats().map { $0 * scale }, shape: tensor.shape)
    }
    validationErrors += values.compactMap { name, tensor in Self.undefined(name, tensor) }
    guard validationErrors.isEmpty else {
      throw RunError.invalidModel(path: path, reason: Self.list(validationErrors, "cannot be used"))
    }
    // Modules may share a tensor, such as the beta of swish. Safetensors stores it once; the metadata map its other
    // names to the stored one.
    for (name, kept) in metadata where values[name] == nil { values[name] = values[kept] }
  }

  /// What an architecture is inferred from.
  public var outline: StateDictOutline { StateDictOutline(shapes: values.mapValues(\.shape), buffers: buffers) }

  /// The number of tensors in the file.
  public var tensorCount: Int { values.count + ignored.count }

  /// The validation errors of tensors as text, one per line.
  static func list(_ validationErrors: [String], _ predicate: String) -> String {
    let count = validationErrors.count == 1 ? "1 tensor" : "\(validationErrors.count) tensors"
    return ([count + " \(predicate):"] + validationErrors.sorted().map { $0.visible() }).joined(separator: "\n  ")
  }

  /// The name of a parameter in this package. In the published code, regularization wraps a velocity once more.
  private static func name(_ name: String) -> String {
    name.replacingOccurrences(of: ".odefunc.odefunc.", with: ".odefunc.")
  }

  /// A tensor in single precision, 8-bit integers without their scale; nil for other integers.
  private static func tensor(_ entry: SafetensorsEntry, _ bytes: UnsafeRawBufferPointer) -> Tensor? {
    switch entry.elementType {
    case .float64: Tensor(copying: bytes, shape: entry.shape, .float64).converted(to: .float32)
    case .int8: Tensor(bytes.bindMemory(to: Int8.self).map { Float($0) }, shape: entry.shape)
    default: ParameterStorage.widened(bytes, shape: entry.shape, entry.elementType)
    }
  }

  /// The position of the first number that is not finite, in words; nil where all are finite.
  private static func undefined(_ name: String, _ tensor: Tensor) -> String? {
    tensor.validationError.map { "\(name) \($0)" }
  }
}

extension PublishedStateDict {
  /// The names of the tensors that are read, and the names of those that are not parameters, in the order of the file.
  private static func divided(_ entries: [SafetensorsEntry]) -> (wanted: Set<String>, ignored: [String]) {
    var (wanted, ignored) = (Set<String>(), [String]())
    for entry in entries {
      switch Role(name(entry.name)) {
      case .parameter: wanted.insert(entry.name)
      case .reference: ignored.append(entry.name)
      case .buffer, .scale:
        ignored.append(entry.name)
        // Those that are read have one or two elements.
        if entry.elementCount <= 2 { wanted.insert(entry.name) }
      }
    }
    return (wanted, ignored)
  }

  /// The role of a tensor, which follows from its name.
  private enum Role {
    case parameter
    /// The scale of an 8-bit tensor.
    case scale(of: String)
    /// A buffer of the published modules.
    case buffer
    /// An input, output or gradient of a file of reference values.
    case reference

    private static let buffers = Set(PosteriorKind.allCases.flatMap(\.posterior.bufferNames))

    init(_ name: String) {
      if name.hasPrefix("scale.") {
        self = .scale(of: String(name.dropFirst("scale.".count)))
        return
      }
      let prefixes = ["input.", "float64.", "float32.", "gradient.", "gradient_sample.", "gradient_norm."]
      let last = name.split(separator: ".").last.map(String.init) ?? ""
      if prefixes.contains(where: name.hasPrefix) {
        self = .reference
      } else {
        self = Self.buffers.contains(last) ? .buffer : .parameter
      }
    }
  }
}
