import Autodiff
import Foundation
import NeuralNetworks
import Tensors

/// Batch normalization as a layer of a density model: of each dimension, or of each channel of an image.
///
///     z = (x - m) / sqrt(v + epsilon) exp(s) + b        log |det dz/dx| = pixels * sum of (s - log(v + epsilon) / 2)
///
/// The mean m and the variance v are those of ``Statistics`` in training, and otherwise running averages, which
/// training steps move a tenth of the way to the batch's. The inverse always uses the running averages.
///
/// Dinh et al. 2017 (Real NVP), section 3.7; Papamakarios et al. 2017 (MAF), appendix B; Grathwohl et al. 2019, section 4.1,
/// for moving averages.
public struct BatchNormalizationFlow: DensityLayer {
  /// What training normalizes by.
  public enum Statistics: Sendable, Hashable {
    /// The running averages before the step or, where the lag is more than 0, lag parts of the batch's statistics and 1 -
    /// lag of these, over 1 - lag^(step + 1), through which gradients flow; as in the published code.
    case moving(lag: Double)
    /// The batch's mean and its (biased) variance, through which gradients flow. The log-determinant takes them for
    /// constants, as the papers on Real NVP and MAF do.
    case batch
  }

  /// The number of features: dimensions, or channels.
  public let features: Int
  /// What training normalizes by.
  public let statistics: Statistics
  /// What is added to variances.
  public let epsilon: Double
  /// The weight of a batch in the running averages.
  public let decay: Double
  private let logScale: Parameter
  private let bias: Parameter
  private let runningMean: Parameter
  private let runningVariance: Parameter
  private let step: Parameter

  /// Adds the layer's parameters and buffers to builders, with the published names.
  ///
  /// The parameters are `name.weight`, which is s, and `name.bias`, `[features]`, initially zero. Buffers are
  /// `name.running_mean`, initially zero, and `name.running_var`, initially one, `[features]`, and `name.step`, `[1]`, the
  /// number of training steps.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - features: The number of features: dimensions of a row, or channels of a pixel, which are last.
  ///   - statistics: What training normalizes by.
  ///   - epsilon: What is added to variances.
  ///   - decay: The weight of a batch in the running averages.
  ///   - builder: What makes the parameters and buffers.
  public init(
    _ name: String, features: Int, statistics: Statistics = .moving(lag: 0), epsilon: Double = 1e-4,
    decay: Double = 0.1, in builder: inout DensityBuilder
  ) {
    self.features = features
    self.statistics = statistics
    self.epsilon = epsilon
    self.decay = decay
    logScale = builder.parameters.constant("\(name).weight", [features], 0)
    bias = builder.parameters.constant("\(name).bias", [features], 0)
    runningMean = builder.buffers.constant("\(name).running_mean", [features], 0)
    runningVariance = builder.buffers.constant("\(name).running_var", [features], 1)
    step = builder.buffers.constant("\(name).step", [1], 0)
  }

  /// Whether the variances are at least zero.
  public func problem(with buffers: ParameterSet) -> String? {
    buffers[runningVariance].floats().allSatisfy { $0 >= 0 } ? nil : "\(runningVariance.name) has negative numbers"
  }

  /// Normalizes. A training step also updates the running averages; a batch with fewer than two numbers of each feature
  /// has no variance, and leaves them as they are.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    let pixels = x.shape[1] / features
    let rows = x.reshaped([x.shape[0] * pixels, features])
    let (mean, variance) = moments(rows, pass)
    let logFactor = pass.parameters[logScale] - 0.5 * (variance + epsilon).applying(.log)
    let z = rows.addingToRows(-mean).scalingColumns(by: logFactor.applying(.exp))
      .addingToRows(pass.parameters[bias])
    return LayerOutput(
      z: z.reshaped(x.shape), logDeterminant: (Double(pixels) * logFactor.sum()).broadcast(over: x.shape[0]))
  }

  /// The mean and the variance to normalize by, `[features]` each.
  private func moments(_ rows: Variable, _ pass: DensityPass) -> (mean: Variable, variance: Variable) {
    let running = (pass.buffers[runningMean], pass.buffers[runningVariance])
    let constants = (Variable(running.0), Variable(running.1))
    let count = rows.shape[0]
    guard pass.isTraining, count > 1 else { return constants }
    let rows = statistics == .moving(lag: 0) ? rows.detached : rows
    let mean = rows.mean(axis: 0)
    let squares = rows.addingToRows(-mean).applying(.square).sum(axis: 0)
    let variance = squares / Double(count - 1)
    let steps = pass.buffers[step]
    func move(_ buffer: Parameter, _ value: Tensor, toward batch: Variable) {
      pass.update(buffer, to: value - decay * (value - batch.value))
    }
    move(runningMean, running.0, toward: mean)
    move(runningVariance, running.1, toward: variance)
    pass.update(step, to: steps + 1)
    switch statistics {
    case .batch: return (mean, squares / Double(count))
    case .moving(lag: 0): return constants
    case .moving(let lag):
      let correction = 1 / (1 - pow(lag, steps.scalar + 1))
      func mixed(_ batch: Variable, _ running: Variable) -> Variable {
        .linearCombination([(lag * correction, batch), ((1 - lag) * correction, running)])
      }
      return (mixed(mean, constants.0), mixed(variance, constants.1))
    }
  }

  /// Undoes the normalization by the running averages.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    let parameters = pass.parameters.detached
    let variance = Variable(pass.buffers[runningVariance])
    let logFactor = 0.5 * (variance + epsilon).applying(.log) - parameters[logScale]
    return z.detached.reshaped([z.value.count / features, features]).addingToRows(-parameters[bias])
      .scalingColumns(by: logFactor.applying(.exp)).addingToRows(Variable(pass.buffers[runningMean]))
      .reshaped(z.shape)
  }
}
