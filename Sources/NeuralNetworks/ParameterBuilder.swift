import Tensors

/// Makes the parameters of a model, layer by layer: with initial values, or with values from elsewhere.
///
/// A parameter's initial values are a function of the seed and its name: adding a layer leaves the others as they were.
public struct ParameterBuilder {
  private enum Source {
    case random(seed: UInt64)
    case values([String: Tensor])
  }

  public private(set) var parameters = ParameterSet()
  /// What values from elsewhere lack: each missing or misshaped tensor.
  public private(set) var complaints: [String] = []
  private let source: Source

  /// Makes initial values.
  public init(seed: UInt64) { source = .random(seed: seed) }

  /// Takes values by name; those that are missing or misshaped are told in ``complaints``, and the parameters must then
  /// not be used.
  public init(values: [String: Tensor]) { source = .values(values) }

  /// Adds a tensor whose initial values are drawn uniformly from [-bound, bound].
  public mutating func uniform(_ name: String, _ shape: [Int], bound: Double) -> Parameter {
    switch source {
    case .random(let seed): return parameters.add(name, Self.drawn(name, shape, bound, seed))
    case .values(let values):
      guard let tensor = values[name] else {
        complaints.append("\(name) \(shape) is missing")
        return parameters.add(name, Tensor(zeros: [0]))
      }
      if tensor.shape != shape { complaints.append("\(name) is \(tensor.shape), not \(shape)") }
      return parameters.add(name, tensor)
    }
  }

  private static func drawn(_ name: String, _ shape: [Int], _ bound: Double, _ seed: UInt64) -> Tensor {
    let stream = RandomStream(seed: seed, purpose: .parameters, step: hash(name))
    var tensor = Tensor(zeros: shape)
    let count = tensor.count
    let block = 1 << 14
    tensor.withMutableBytes { bytes in
      nonisolated(unsafe) let numbers = bytes.assumingMemoryBound(to: Float.self)
      Compute.parallel((count + block - 1) / block, cost: 16 * block) { begin, end in
        for b in begin..<end {
          let range = (b * block)..<min((b + 1) * block, count)
          for (i, u) in zip(range, stream.uniforms(range)) { numbers[i] = Float(bound) * (2 * u - 1) }
        }
      }
    }
    return tensor
  }

  /// FNV-1a, which unlike Swift's own hash is the same in every run.
  private static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
