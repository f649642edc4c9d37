import Files
import Foundation
import Safetensors
import Tensors

/// The tensors of a state dict that the published PyTorch code made, under their names, in single precision.
///
/// Besides parameters, such a file holds buffers (masks, permutations, counters of evaluations), and a file of reference
/// values holds inputs, outputs and gradients beside the parameters. These are passed over; of buffers, the length of
/// time that the flows run is kept.
public struct PublishedStateDict: Sendable {
  public let path: String
  public let metadata: [String: String]
  /// The parameters by name.
  public private(set) var values: [String: Tensor] = [:]
  /// The names of tensors that are no parameters, in the order of the file.
  public private(set) var ignored: [String] = []
  /// The names of parameters that were not stored in single precision, in the order of the file.
  public private(set) var converted: [String] = []
  /// The length of time that one buffer names for all blocks.
  private(set) var commonTime: Float?
  /// The square roots of the lengths of time that blocks name for themselves.
  private(set) var timeRoots: [Int: Float] = [:]

  /// Reads a file.
  ///
  /// Numbers of 16 or 64 bits become single precision; 8-bit ones are multiplied by the number that `scale.` and the
  /// tensor's name hold.
  ///
  /// - Parameter memoryLimit: The memory that the file's contents may take.
  /// - Throws: ``SafetensorsError`` for a file that is damaged, none of its kind or too large for memory;
  ///   ``TrainingError/invalidModel(path:reason:)`` that names every tensor of a type that cannot be read, without elements, or with a number that is not finite.
  public init(_ url: URL, memoryLimit: MemoryLimit = .standard) throws {
    let file = try SafetensorsFile(url, memoryLimit: memoryLimit)
    path = file.path
    metadata = file.metadata
    guard metadata["kind"] != Checkpoint.kind else {
      throw TrainingError.invalidModel(path: path, reason: "it is a checkpoint already, and needs no import")
    }
    var validationErrors: [String] = []
    var scales: [String: Float] = [:]
    var scaled: [String] = []
    let (wanted, passedOver) = Self.divided(file.entries)
    ignored = passedOver
    // As they are kept, in single precision.
    let count = file.entries.reduce(0) { $0 + (wanted.contains($1.name) ? $1.elementCount : 0) }
    try file.checkMemory(ofTensors: MemoryEstimate.bytes(count))
    try file.readTensors(where: { wanted.contains($0.name) }) { entry, bytes in
      let name = Self.name(entry.name)
      switch Role(name) {
      case .reference, .buffer: break
      case .time:
        if let numbers = Self.tensor(entry, bytes)?.floats() { readTime(name, numbers) }
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
      throw TrainingError.invalidModel(path: path, reason: Self.list(validationErrors, "cannot be used"))
    }
    // Modules may share a tensor, as swish's beta; safetensors keeps one and says under what name in the metadata.
    for (name, kept) in metadata where values[name] == nil { values[name] = values[kept] }
  }

  /// How many tensors the file holds.
  public var tensorCount: Int { values.count + ignored.count }

  /// Validation errors of tensors in words, a line each.
  static func list(_ validationErrors: [String], _ predicate: String) -> String {
    let count = validationErrors.count == 1 ? "1 tensor" : "\(validationErrors.count) tensors"
    return ([count + " \(predicate):"] + validationErrors.sorted().map { $0.visible() }).joined(separator: "\n  ")
  }

  /// The name under which a parameter is known here: regularization wraps a velocity once more.
  private static func name(_ name: String) -> String {
    name.replacingOccurrences(of: ".odefunc.odefunc.", with: ".odefunc.")
  }

  /// `integration_times` is [0, T]; `cnf.chain.b.sqrt_end_time` is the square root of block b's T.
  private mutating func readTime(_ name: String, _ numbers: [Float]) {
    let block = name.split(separator: ".").dropFirst(2).first.flatMap { Int($0) }
    if numbers.count == 2 { commonTime = numbers[1] - numbers[0] }
    if numbers.count == 1, let block { timeRoots[block] = numbers[0] }
  }

  /// A tensor in single precision; an 8-bit one without its scale. Nil for other integers.
  private static func tensor(_ entry: SafetensorsEntry, _ bytes: UnsafeRawBufferPointer) -> Tensor? {
    switch entry.elementType {
    case .float32: Tensor(copying: bytes, shape: entry.shape, .float32)
    case .float64: Tensor(copying: bytes, shape: entry.shape, .float64).converted(to: .float32)
    case .float16: Tensor(bytes.bindMemory(to: Float16.self).map { Float($0) }, shape: entry.shape)
    case .bfloat16:
      Tensor(
        bytes.bindMemory(to: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }, shape: entry.shape)
    case .int8: Tensor(bytes.bindMemory(to: Int8.self).map { Float($0) }, shape: entry.shape)
    default: nil
    }
  }

  /// Where the first number that is not finite stands, if there is any.
  private static func undefined(_ name: String, _ tensor: Tensor) -> String? {
    tensor.flaw.map { "\(name) \($0)" }
  }
}

extension PublishedStateDict {
  /// The names of the tensors that are read, and those of all that are no parameters, in the order of the file.
  private static func divided(_ entries: [SafetensorsEntry]) -> (wanted: Set<String>, ignored: [String]) {
    var (wanted, ignored) = (Set<String>(), [String]())
    for entry in entries {
      switch Role(name(entry.name)) {
      case .parameter: wanted.insert(entry.name)
      case .reference, .buffer: ignored.append(entry.name)
      case .time, .scale:
        ignored.append(entry.name)
        // Both are a number or two.
        if entry.elementCount <= 2 { wanted.insert(entry.name) }
      }
    }
    return (wanted, ignored)
  }

  /// What a tensor is, by its name.
  private enum Role {
    case parameter
    /// How long the flows run.
    case time
    /// What an 8-bit tensor is to be multiplied by.
    case scale(of: String)
    /// A buffer of the published modules.
    case buffer
    /// An input, output or gradient of a file of reference values.
    case reference

    init(_ name: String) {
      if name.hasPrefix("scale.") {
        self = .scale(of: String(name.dropFirst("scale.".count)))
        return
      }
      let prefixes = ["input.", "float64.", "float32.", "gradient.", "gradient_sample.", "gradient_norm."]
      let last = name.split(separator: ".").last ?? ""
      let buffers: [Substring] = ["_num_evals", "_eye", "triu_mask", "diag_idx", "flip_idx"]
      if prefixes.contains(where: name.hasPrefix) {
        self = .reference
      } else if last == "integration_times" || last == "sqrt_end_time" {
        self = .time
      } else {
        self = buffers.contains(last) ? .buffer : .parameter
      }
    }
  }
}
