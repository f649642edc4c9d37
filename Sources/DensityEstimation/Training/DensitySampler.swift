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
  /// The number of samples in a batch.
  public var batchSize = 1000

  /// A sampler of a state's model.
  public init(_ model: DensityModel, _ state: DensityState) {
    self.model = model
    parameters = state.parameters
    buffers = state.buffers
  }

  private var pass: DensityPass { DensityPass(parameters.constants, buffers: buffers) }

  /// Samples, `[count, dimensions]`: of tables standardised, of images their intensities in [0, 1).
  ///
  /// - Parameters:
  ///   - count: The number of samples.
  ///   - seed: The seed of the noise. Sample i is a function of the seed and i.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult` where a sample is not finite.
  public func samples(_ count: Int, seed: UInt64) throws(RunError) -> Tensor {
    let parts = try batches(of: noise(count, seed: seed)) { (noise, pass) throws(SolveError) in
      [try model.samples(noise, pass)]
    }
    return parts[0]
  }

  /// Standard normal noise, `[count, dimensions]`.
  public func noise(_ count: Int, seed: UInt64) -> Tensor {
    let stream = RandomStream(seed: seed, purpose: .densitySample)
    return Tensor(stream.normals(0..<(count * model.dimensions)), shape: [count, model.dimensions])
  }

  /// The ways of samples from the noise to the data: the states after each layer, and those of continuous layers at equal
  /// intervals of the time.
  ///
  /// - Parameters:
  ///   - noise: `[count, dimensions]`
  ///   - frames: About how many states; at least the noise, and one after each layer.
  /// - Returns: The states, first the noise, last the data, each `[count, dimensions]`.
  /// - Throws: `RunError.solve`; `RunError.undefinedResult` where a state is not finite.
  public func paths(of noise: Tensor, frames: Int) throws(RunError) -> [Tensor] {
    let layers = model.layers.layers
    let perLayer = max(1, (frames - 1) / max(layers.count, 1))
    return try batches(of: noise) { (noise, pass) throws(SolveError) in
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

  /// What a closure makes of each batch of the noise, concatenated over batches.
  private func batches(
    of noise: Tensor, _ make: (Tensor, DensityPass) throws(SolveError) -> [Tensor]
  ) throws(RunError) -> [Tensor] {
    let count = noise.shape[0]
    var results: [[Tensor]] = []
    for start in stride(from: 0, to: count, by: batchSize) {
      let part = noise.sliced(axis: 0, start: start, length: min(batchSize, count - start))
      let made: [Tensor]
      do throws(SolveError) { made = try make(part, pass) } catch { throw .solve(step: nil, error) }
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
