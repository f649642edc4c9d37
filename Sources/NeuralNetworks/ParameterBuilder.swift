import Randomness
import Tensors

/// Makes the parameters of a model, layer by layer: with random initial values, with given values, or as a layout
/// without values.
///
/// A parameter's initial values are a function of the seed and the parameter's name, so that adding a layer does not
/// change those of other layers.
public struct ParameterBuilder {
  private enum Source {
    case random(seed: UInt64)
    case values([String: Tensor])
    case none
  }

  /// The parameters so far; empty where only a layout is made.
  public private(set) var parameters = ParameterSet()
  /// A validation error for each tensor that is missing from the given values, or misshaped.
  public private(set) var validationErrors: [String] = []
  /// The names and shapes of all parameters so far, and the sizes of constant tensors.
  public private(set) var layout = ParameterLayout()
  private let source: Source
  private var shared: [String: Parameter] = [:]

  /// A builder of parameters with random initial values.
  public init(seed: UInt64) { source = .random(seed: seed) }

  /// A builder of parameters with given values, by name. Where ``validationErrors`` reports missing or misshaped
  /// tensors, the parameters must not be used.
  public init(values: [String: Tensor]) { source = .values(values) }

  private init() { source = .none }

  /// The layout of the parameters that `make` adds to a builder; no tensor is allocated.
  public static func layout(_ make: (inout ParameterBuilder) -> Void) -> ParameterLayout {
    var builder = ParameterBuilder()
    make(&builder)
    return builder.layout
  }

  /// A constant tensor of a layer, such as a mask, which is not a parameter; empty where only a layout is made.
  ///
  /// - Parameters:
  ///   - shape: The tensor's shape.
  ///   - values: Computes its elements, row-major; not called where only a layout is made.
  public mutating func constant(_ shape: [Int], _ values: () -> [Float]) -> Tensor {
    layout.addConstant(shape)
    if case .none = source { return Tensor(zeros: [0]) }
    return Tensor(values(), shape: shape)
  }

  /// Adds a parameter whose initial values are uniform in [-bound, bound].
  public mutating func uniform(_ name: String, _ shape: [Int], bound: Double) -> Parameter {
    add(name, shape) { seed in
      Self.drawn(name, shape, seed) { stream, range in
        stream.uniforms(range).map { Float(bound) * (2 * $0 - 1) }
      }
    }
  }

  /// Adds a parameter whose initial values are normal, of mean zero and the given standard deviation.
  public mutating func normal(_ name: String, _ shape: [Int], deviation: Double) -> Parameter {
    add(name, shape) { seed in
      Self.drawn(name, shape, seed) { stream, range in stream.normals(range).map { Float(deviation) * $0 } }
    }
  }

  /// Adds a parameter whose initial values are all `value`.
  public mutating func constant(_ name: String, _ shape: [Int], _ value: Double) -> Parameter {
    add(name, shape) { _ in Tensor(repeating: value, shape: shape) }
  }

  /// Adds a parameter whose initial values are computed from random numbers.
  ///
  /// - Parameters:
  ///   - name: The parameter's name.
  ///   - shape: Its shape.
  ///   - key: What the random numbers are a function of, beside the seed: parameters of one key get the same ones.
  ///   - values: Computes its elements, row-major; not called where they are given, or only a layout is made.
  public mutating func computed(
    _ name: String, _ shape: [Int], key: String, _ values: (_ stream: RandomStream) -> [Float]
  ) -> Parameter {
    add(name, shape) { seed in
      Tensor(values(RandomStream(seed: seed, purpose: .parameters, step: Self.hash(key))), shape: shape)
    }
  }

  /// Adds a parameter that several modules share, or one more name of it where it is there already. Given values must
  /// agree for all of its names that they have.
  ///
  /// - Parameters:
  ///   - name: The name, or the further name.
  ///   - shape: The parameter's shape.
  ///   - value: Its initial value.
  ///   - key: What identifies the shared parameter.
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

  /// The FNV-1a hash, which is the same in every process, unlike Swift's `Hasher`.
  private static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

extension RandomPurpose {
  /// Initial parameters, one step for each name.
  public static let parameters = RandomPurpose(1)
}
