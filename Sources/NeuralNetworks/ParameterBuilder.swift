import Tensors

/// Makes the parameters of a model, layer by layer: with initial values, with values from elsewhere, or in name alone.
///
/// A parameter's initial values are a function of the seed and its name: adding a layer leaves the others as they were.
public struct ParameterBuilder {
  private enum Source {
    case random(seed: UInt64)
    case values([String: Tensor])
    case none
  }

  public private(set) var parameters = ParameterSet()
  /// What values from elsewhere lack: each missing or misshaped tensor.
  public private(set) var validationErrors: [String] = []
  /// The names and shapes of all parameters so far, and what layers keep besides.
  public private(set) var layout = ParameterLayout()
  private let source: Source
  private var shared: [String: Parameter] = [:]

  /// Makes initial values.
  public init(seed: UInt64) { source = .random(seed: seed) }

  /// Takes values by name; those that are missing or misshaped are told in ``validationErrors``, and the parameters must then
  /// not be used.
  public init(values: [String: Tensor]) { source = .values(values) }

  private init() { source = .none }

  /// The layout of what `make` makes, for which no tensor is made.
  public static func layout(_ make: (inout ParameterBuilder) -> Void) -> ParameterLayout {
    var builder = ParameterBuilder()
    make(&builder)
    return builder.layout
  }

  /// A tensor that a layer keeps and that is no parameter, such as a mask; where a layout alone is asked for, an empty
  /// one.
  public mutating func constant(_ shape: [Int], _ values: () -> [Float]) -> Tensor {
    layout.addConstant(shape)
    if case .none = source { return Tensor(zeros: [0]) }
    return Tensor(values(), shape: shape)
  }

  /// Adds a tensor whose initial values are drawn uniformly from [-bound, bound].
  public mutating func uniform(_ name: String, _ shape: [Int], bound: Double) -> Parameter {
    add(name, shape) { seed in
      Self.drawn(name, shape, seed) { stream, range in
        stream.uniforms(range).map { Float(bound) * (2 * $0 - 1) }
      }
    }
  }

  /// Adds a tensor whose initial values are drawn from a normal distribution of mean zero.
  public mutating func normal(_ name: String, _ shape: [Int], deviation: Double) -> Parameter {
    add(name, shape) { seed in
      Self.drawn(name, shape, seed) { stream, range in stream.normals(range).map { Float(deviation) * $0 } }
    }
  }

  /// Adds a tensor whose initial values are all the same.
  public mutating func constant(_ name: String, _ shape: [Int], _ value: Double) -> Parameter {
    add(name, shape) { _ in Tensor(repeating: value, shape: shape) }
  }

  /// Adds a tensor that several modules share, or names the one that is there once more. Values from elsewhere must agree
  /// wherever they have several of its names.
  ///
  /// - Parameter key: What is shared.
  public mutating func sharedConstant(
    _ name: String, _ shape: [Int], _ value: Double, key: String
  ) -> Parameter {
    guard let known = shared[key] else {
      let new = constant(name, shape, value)
      shared[key] = new
      return new
    }
    layout.addOtherName(name)
    if case .none = source { return known }
    parameters.share(known, as: name)
    if case .values(let values) = source, let other = values[name], parameters[known].shape == shape {
      let tensor = parameters[known]
      if other.shape != shape {
        validationErrors.append("\(name) is \(other.shape), not \(shape)")
      } else if other.floats() != tensor.floats() {
        validationErrors.append(
          "\(name) is \(other.floats()) and \(known.name) \(tensor.floats()), and they are one tensor of the model")
      }
    }
    return known
  }

  private mutating func add(
    _ name: String, _ shape: [Int], _ initial: (_ seed: UInt64) -> Tensor
  ) -> Parameter {
    let place = layout.add(name, shape)
    switch source {
    case .none: return place
    case .random(let seed): return parameters.add(name, initial(seed))
    case .values(let values):
      guard let tensor = values[name] else {
        validationErrors.append("\(name) \(shape) is missing")
        return parameters.add(name, Tensor(zeros: [0]))
      }
      if tensor.shape != shape { validationErrors.append("\(name) is \(tensor.shape), not \(shape)") }
      return parameters.add(name, tensor)
    }
  }

  private static func drawn(
    _ name: String, _ shape: [Int], _ seed: UInt64, _ draw: (RandomStream, Range<Int>) -> [Float]
  ) -> Tensor {
    let stream = RandomStream(seed: seed, purpose: .parameters, step: hash(name))
    var tensor = Tensor(zeros: shape)
    let count = tensor.count
    let block = 1 << 14
    tensor.withMutableBytes { bytes in
      nonisolated(unsafe) let numbers = bytes.assumingMemoryBound(to: Float.self)
      Compute.parallel((count + block - 1) / block, cost: 16 * block) { begin, end in
        for b in begin..<end {
          let range = (b * block)..<min((b + 1) * block, count)
          for (i, number) in zip(range, draw(stream, range)) { numbers[i] = number }
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
