import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Runs
import Tensors
import VariationalAutoencoder

/// The configuration of a run that trains a density model, which determines it completely.
public struct DensityConfiguration: Sendable, Equatable, Codable {
  /// What tells the configuration from that of another kind of run.
  public static let kind = Checkpoint.densityRunKind

  /// ``kind``
  public private(set) var kind = Self.kind
  /// The dataset's name, or the path of the user's own data.
  public var dataset = "pinwheel"
  /// The folder of the dataset's files when the run began: an absolute path.
  public var dataDirectory: String?
  /// The digest of the data.
  public var dataDigest: String?
  /// The number of dimensions; nil until the data are known.
  public var dimensions: Int?
  /// The shape of images; nil for other data.
  public var image: ImageShape?

  /// The kinds of the flows of a block, from the data to the noise; a model has ``blocks`` of them.
  public var flows: [DensityFlowKind] = [.ffjord]
  /// The number of blocks, one after another: of FFJORD the number of solves, of other flows that of layers.
  public var blocks = 1
  /// The widths of hidden layers; of convolutional networks the channels.
  public var hidden = [64, 64, 64]
  /// The activation of the velocity's network.
  public var activation = ElementwiseFunction.tanh
  /// How the velocity depends on the time.
  public var timeDependence = TimeDependence.concatsquash
  /// The end time T of a continuous flow, or its initial value.
  public var timeLength = 0.5
  /// Whether the end time is trained.
  public var isTimeTrained = true
  /// Whether a normalization follows each block, and of continuous flows of rows precedes the first: by moving statistics, or
  /// by the batch's in autoregressive flows.
  public var hasBatchNormalization = false
  /// Whether a model of images halves their resolution and factors out half of the dimensions, scale after scale.
  public var isMultiscale = false
  /// The number of sigmoid units of a sigmoidal flow, or of components of a mixture.
  public var components = 16
  /// Images: alpha of logit(alpha + (1 - 2 alpha) x), the transform of intensities x before the flow.
  public var logitAlpha = 1e-6

  /// The solver's name, such as `dopri5`.
  public var solver = "dopri5"
  /// The absolute tolerance of the solver's steps.
  public var tolerance = 1e-5
  /// The relative tolerance of the solver's steps; nil for that of ``tolerance``.
  public var relativeTolerance: Double?
  /// The number of steps of a solver without error estimate.
  public var solverSteps = 20
  /// Whether a solve starts warm, with the step size that suited its solve for the last batch.
  public var warmStart = true
  /// How the divergence is computed in training and validation.
  public var divergence = Divergence.exact
  /// How the solves are differentiated.
  public var gradient = AdjointMethod.direct
  /// The regularizers of the dynamics.
  public var regularization = DynamicsRegularization()
  /// The regularizer of the trajectories' shape.
  public var polynomial = TrajectoryPolynomial()

  /// The greatest number of steps.
  public var steps = 10_000
  /// The number of samples in a batch.
  public var batchSize = 100
  /// The optimizer's update rule.
  public var optimizer = OptimizationMethod.adam
  /// The learning rate.
  public var learningRate = 1e-3
  /// The learning-rate warm-up: the number of steps over which the learning rate grows linearly from zero.
  public var learningRateWarmup = 0
  /// The weight decay: this times a parameter is added to its gradient.
  public var weightDecay = 1e-5
  /// The greatest norm of a step's gradients, to which larger ones are clipped; nil for no clipping.
  public var clipNorm: Double?
  /// The number of steps between two validations.
  public var validationInterval = 100
  /// Early stopping: the number of validations without gain that are tolerated; nil for no early stopping. After a third
  /// of them the learning rate drops to a tenth, and after two thirds to a hundredth.
  public var patience: Int?
  /// The number of validation samples that are used; nil for all.
  public var limitValidation: Int? = 1000
  /// The seed of all random numbers.
  public var seed: UInt64 = 1

  /// The published experiment on toys.
  public init() {}

  /// The solver's options.
  ///
  /// - Throws: `RunError.invalidValue` for an unknown solver.
  public func solverOptions() throws(RunError) -> SolverOptions {
    let adaptive = AdaptiveSteps(absoluteTolerance: tolerance, relativeTolerance: relativeTolerance ?? tolerance)
    return try SolverOptions(named: solver, steps: solverSteps, adaptive)
  }

  /// Whether the model takes images as such, by convolutions, and not as rows of numbers.
  var hasConvolutions: Bool { image != nil && flows.contains(where: \.isConvolutional) }

  /// Whether the model has flows that are solved.
  public var isContinuous: Bool { flows.contains(.ffjord) }

  /// How intensities of images become numbers that a flow takes; nil for other data.
  var imagePreparation: ImageDequantization? { image.map { _ in ImageDequantization(alpha: logitAlpha) } }

  /// Nats of a density of intensities in [0, 1] in bits per dimension of images with 256 levels of grey; nil for other data.
  public func bitsPerDimension(nats: Double) -> Double? {
    dimensions.flatMap { imagePreparation?.bitsPerDimension(nats: nats, dimensions: $0) }
  }

  /// A phrase that describes the model, such as "real-nvp+ffjord, 5 blocks of 64-64".
  public var modelSummary: String {
    let names = flows.map(\.rawValue).joined(separator: "+")
    let widths = hidden.map(String.init).joined(separator: "-")
    return "\(names), \(blocks) \(blocks == 1 ? "block" : "blocks") of \(widths)\(isMultiscale ? ", multiscale" : "")"
  }

  /// A phrase that describes the optimization, such as "Adam at 0.001, warm-up 1000 steps, weight decay 1e-05".
  public var optimizerSummary: String {
    var parts = ["\(optimizer == .adam ? "Adam" : "Adamax") at \(learningRate)"]
    if learningRateWarmup > 0 { parts.append("warm-up \(learningRateWarmup) steps") }
    if let patience { parts.append("lower after \(patience / 3) and \(patience / 3 * 2) validations without gain") }
    if let clipNorm { parts.append("gradients clipped to \(clipNorm)") }
    if weightDecay > 0 { parts.append("weight decay \(weightDecay)") }
    return parts.joined(separator: ", ")
  }
}
