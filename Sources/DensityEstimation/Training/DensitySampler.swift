import Autodiff
import DifferentialEquations
import NeuralNetworks
import Randomness
import Runs
import Tensors

/// Samples of a density model.
public struct DensitySampler: Sendable {
  private let model: DensityModel
  private let parameters: ParameterSet
  private let buffers: ParameterSet
  private let configuration: DensityConfiguration
  /// The number of samples in a batch.
  public var batchSize: Int

  /// A sampler of a state's model.
  public init(_ model: DensityModel, _ state: DensityState) {
    self.model = model
    parameters = state.parameters
    buffers = state.buffers
    configuration = state.configuration
    batchSize = state.configuration.samplingBatchSize
  }

  private var pass: DensityPass { DensityPass(parameters.constants, buffers: buffers) }

  /// Samples, `[count, dimensions]`: of tables standardized, of images their intensities in [0, 1].
  ///
  /// - Parameters:
  ///   - count: The number of samples.
  ///   - seed: The seed of the noise. The noise of sample i is a function of the seed and i; the samples of a batch share
  ///     the steps of adaptive solves.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult` where a sample is not finite; `RunError.notEnoughMemory`
  public func samples(_ count: Int, seed: UInt64) throws(RunError) -> Tensor {
    try configuration.samplingMemory(count: count, states: 1).require(for: "sampling")
    return try batches(count, seed) { (noise, pass) throws(SolveError) in [try model.samples(noise, pass)] }[0]
  }

  /// Standard normal noise of samples with given indices, `[indices, dimensions]`.
  func noise(_ indices: Range<Int>, seed: UInt64) -> Tensor {
    let stream = RandomStream(seed: seed, purpose: .densitySample)
    let numbers = stream.normals((indices.lowerBound * model.dimensions)..<(indices.upperBound * model.dimensions))
    return Tensor(numbers, shape: [indices.count, model.dimensions])
  }

  /// The ways of samples from the noise to the data: the states after each layer, and those of continuous layers at equal
  /// intervals of the time.
  ///
  /// - Parameters:
  ///   - count: The number of samples.
  ///   - seed: As of ``samples(_:seed:)``.
  ///   - frames: About how many states; at least the noise, and one after each layer.
  /// - Returns: The states, first the noise, last the data, each `[count, dimensions]`.
  /// - Throws: As ``samples(_:seed:)``.
  public func paths(_ count: Int, seed: UInt64, frames: Int) throws(RunError) -> [Tensor] {
    let layers = model.layers.layers
    let perLayer = max(1, (frames - 1) / max(layers.count, 1))
    try configuration.samplingMemory(count: count, states: 1 + layers.count * perLayer).require(for: "drawing")
    return try batches(count, seed) { (noise, pass) throws(SolveError) in
      var state = model.base.sample(Variable(noise), pass)
      var states = [state.value]
      for layer in layers.reversed() {
        let path = try layer.path(state, steps: perLayer, pass)
        states += path.map(\.value)
        state = path[path.count - 1]
      }
      return states
    }
  }

  /// What a closure makes of each batch of noise, concatenated over batches.
  private func batches(
    _ count: Int, _ seed: UInt64, _ make: (Tensor, DensityPass) throws(SolveError) -> [Tensor]
  ) throws(RunError) -> [Tensor] {
    var results: [[Tensor]] = []
    for start in stride(from: 0, to: count, by: batchSize) {
      let noise = noise(start..<min(start + batchSize, count), seed: seed)
      let made: [Tensor]
      do throws(SolveError) { made = try make(noise, pass) } catch { throw .solve(step: nil, error) }
      for tensor in made {
        guard let place = tensor.firstNonFinite else { continue }
        throw .undefinedResult("sample", number: start + place / max(model.dimensions, 1))
      }
      results.append(made)
    }
    return (results.first ?? []).indices.map { k in Tensor.concatenation(results.map { $0[k] }, axis: 0) }
  }
}

extension RandomPurpose {
  /// The noise of samples.
  static let densitySample = RandomPurpose(18)
}
