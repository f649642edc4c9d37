import Tensors

/// Makes the parameters of a model, layer by layer, with their initial values.
///
/// A parameter's initial values are a function of the seed and its name: adding a layer leaves the others as they were.
public struct ParameterBuilder {
  public private(set) var parameters = ParameterSet()
  private let seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  /// Adds a tensor drawn uniformly from [-bound, bound].
  public mutating func uniform(_ name: String, _ shape: [Int], bound: Double) -> Parameter {
    let stream = RandomStream(seed: seed, purpose: .parameters, step: Self.hash(name))
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
    return parameters.add(name, tensor)
  }

  /// FNV-1a, which unlike Swift's own hash is the same in every run.
  private static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
