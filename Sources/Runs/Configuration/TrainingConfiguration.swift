import DifferentialEquations
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import VariationalAutoencoder

/// How the solver's step sizes follow the errors of the last steps.
public enum StepSizeControl: String, Sendable, CaseIterable, Codable {
  /// Integral control, by the error of the last step alone, as in the published model.
  case integral
  /// Proportional-integral control, by the errors of the last two steps: steadier where stability limits the step
  /// sizes.
  case proportionalIntegral = "pi"

  var controller: StepSizeController {
    switch self {
    case .integral: .integral
    case .proportionalIntegral: .proportionalIntegral
    }
  }
}

/// The configuration of a run, which determines it completely: two runs of one configuration end with the same
/// parameters.
public struct TrainingConfiguration: Sendable, Equatable, Codable {
  /// The dataset's name, or the absolute path of the user's own images.
  public var dataset = DatasetCatalog.standard().rawValue
  /// The folder of the dataset's files when the run began: an absolute path.
  public var dataDirectory: String?
  /// How the user's own images are prepared for the model.
  public var preparation = ImagePreparation()
  /// The digest of the images of all splits; see `ImageDataset.digest`.
  public var dataDigest: String?
  /// The preset that the configuration began as.
  public var preset = Preset.paper
  /// The model's architecture.
  public var model = ModelConfiguration()
  /// The greatest number of passes through the training images.
  public var epochs = 2000
  /// The greatest number of steps; nil for no limit but ``epochs``.
  public var steps: Int?
  /// The number of images in a batch.
  public var batchSize = 100
  /// The optimizer's update rule.
  public var optimizer = OptimizationMethod.adamax
  /// The learning rate, after the learning-rate warm-up.
  public var learningRate = 5e-4
  /// How the learning rate changes over the run.
  public var schedule = LearningRateSchedule.constant
  /// The learning-rate warm-up: the number of steps over which the learning rate grows linearly from zero.
  public var learningRateWarmup = 0
  /// The learning rate at the end of the cosine schedule, and the least one of the plateau schedule.
  public var finalLearningRate = 0.0
  /// The factor by which the plateau schedule reduces the learning rate.
  public var plateauFactor = 0.1
  /// The number of epochs without improvement after which the plateau schedule reduces the learning rate.
  public var plateauPatience = 10
  /// The greatest norm of a step's gradients, to which larger ones are clipped; nil for no clipping.
  public var clipNorm: Double?
  /// The weight decay: this times a parameter is added to its gradient.
  public var weightDecay = 0.0
  /// The decay of the exponential moving average of the parameters, which is then validated and used in their place.
  /// The average begins after the learning-rate warm-up. Nil for no average.
  public var average: Double?
  /// The KL warm-up: the number of epochs over which the weight of the KL term grows linearly to one.
  public var warmup = 100
  /// Early stopping: the number of epochs without a better validation bound, not counting those of the KL warm-up, that
  /// are tolerated.
  public var patience = 35
  /// The solver's name, such as `dopri5`.
  public var solver = "dopri5"
  /// The absolute and relative tolerance of the solver's steps.
  public var tolerance = 1e-5
  /// Another tolerance for training alone, since a gradient needs fewer digits than a reported bound; nil for the same.
  public var trainingTolerance: Double?
  /// How step sizes follow the error.
  public var controller = StepSizeControl.integral
  /// Whether a block's solve starts warm, with the step size that suited its solve for the last batch.
  public var warmStart = true
  /// The precision of convolutions and of the hypernetwork.
  public var precision = Precision.float32
  /// The number of steps of a solver without error estimate.
  public var solverSteps = 20
  /// How the divergence is computed.
  public var divergence = Divergence.gaussian
  /// How the solves are differentiated.
  public var gradient = AdjointMethod.direct
  /// How the bound's gradient is estimated from a sample of the posterior.
  public var gradientEstimator = GradientEstimator.total
  /// The weight of the loss of images that the model itself generates, from which the encoder and the flow learn, but not
  /// the decoder; zero for none.
  public var generatedWeight = 0.0
  /// The greatest number of pixels by which each training image is shifted at random, in each direction and each time that
  /// it is used.
  public var randomShift = 0
  /// The seed of all random numbers.
  public var seed: UInt64 = 1
  /// The checkpoint whose parameters the run began with; nil for random ones.
  public var initialCheckpoint: String?
  /// The number of training images that are used; nil for all.
  public var limitTrain: Int?
  /// The number of validation images that are used; nil for all.
  public var limitEvaluation: Int?

  /// The published experiment on glyphs.
  public init() {}

  /// The solver's options.
  ///
  /// - Throws: ``RunError/invalidValue(_:)`` for an unknown solver.
  public func solverOptions() throws(RunError) -> SolverOptions {
    let adaptive = AdaptiveSteps(
      absoluteTolerance: tolerance, relativeTolerance: tolerance, controller: controller.controller)
    return try SolverOptions(named: solver, steps: solverSteps, adaptive)
  }

  /// The weight of the KL term in an epoch, which is counted from one.
  public func klWeight(epoch: Int) -> Double {
    warmup > 0 ? min(1, Double(epoch) / Double(warmup)) : 1
  }

  /// This configuration with the image size of a dataset, and a likelihood for its pixels.
  public func fitted(to dataset: ImageDataset) -> TrainingConfiguration {
    fitted(height: dataset.height, width: dataset.width, dataset.pixels)
  }

  /// This configuration for images of a size, and with a likelihood for a kind of pixels.
  public func fitted(height: Int, width: Int, _ pixels: PixelKind) -> TrainingConfiguration {
    var result = self
    (result.model.imageHeight, result.model.imageWidth) = (height, width)
    let pixels = pixels.values
    if model.likelihood.likelihood.pixels != pixels { result.model.likelihood = LikelihoodKind(for: pixels) }
    return result
  }

  /// Checks that all values are in their ranges and fit together.
  ///
  /// - Throws: ``RunError/invalidValue(_:)``, ``RunError/invalidConfiguration(_:)``
  public func validate() throws(RunError) {
    func require(_ holds: Bool, _ key: String, _ value: some CustomStringConvertible, _ requirement: String)
      throws(RunError)
    {
      if !holds { throw .invalidValue(InvalidValue(key, value.description, mustBe: requirement)) }
    }
    func require(_ key: String, _ value: Int, in range: ClosedRange<Int>) throws(RunError) {
      try require(range.contains(value), key, value, range.inWords)
    }
    func require(_ key: String, _ value: Int?, from least: Int, calling name: String? = nil) throws(RunError) {
      guard let value, value < least else { return }
      throw .invalidValue(InvalidValue(key, name: name, "\(value)", mustBe: "at least \(least)"))
    }
    if let validationError = model.validationError { throw .invalidValue(validationError) }
    if let validationError = preparation.validationError { throw .invalidConfiguration("images: \(validationError)") }
    try require("epochs", epochs, from: 1)
    try require("steps", steps, from: 1)
    try require("batchSize", batchSize, in: 1...100_000)
    try require(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "positive")
    try require("learningRateWarmup", learningRateWarmup, from: 0, calling: "learning-rate warm-up")
    try require(
      finalLearningRate >= 0 && finalLearningRate <= learningRate, "finalLearningRate", finalLearningRate,
      "from 0 to the learning rate, \(learningRate)")
    try require(plateauFactor > 0 && plateauFactor < 1, "plateauFactor", plateauFactor, "between 0 and 1")
    try require("plateauPatience", plateauPatience, from: 0)
    try require(clipNorm.map { $0 > 0 && $0.isFinite } ?? true, "clipNorm", clipNorm ?? 0, "positive")
    try require(weightDecay >= 0 && weightDecay.isFinite, "weightDecay", weightDecay, "at least 0")
    try require(generatedWeight >= 0 && generatedWeight.isFinite, "generatedWeight", generatedWeight, "at least 0")
    try require("randomShift", randomShift, in: 0...100)
    try require(average.map { $0 >= 0 && $0 < 1 } ?? true, "average", average ?? 0, "from 0 to below 1")
    try require("warmup", warmup, from: 0, calling: "KL warm-up")
    try require("patience", patience, from: 1)
    try require(tolerance > 0 && tolerance < 1, "tolerance", tolerance, "between 0 and 1")
    try require(
      trainingTolerance.map { $0 > 0 && $0 < 1 } ?? true, "trainingTolerance", trainingTolerance ?? 0,
      "between 0 and 1")
    try require("solverSteps", solverSteps, in: 1...100_000)
    try require("limitTrain", limitTrain, from: 1, calling: "limit of training images")
    try require("limitEvaluation", limitEvaluation, from: 1, calling: "limit of validation images")
    if gradientEstimator == .path {
      let scored = PosteriorKind.allCases.filter(\.posterior.hasPathGradient).map(\.rawValue).joined(separator: " and ")
      let (key, path) = ("gradientEstimator", GradientEstimator.path.rawValue)
      try require(
        model.posterior.hasPathGradient, key, path,
        "total for the posterior \(model.flow.rawValue); path is for \(scored)")
      try require(
        model.regularization == DynamicsRegularization(), key, path,
        "total with a weight of the kinetic energy or of the Jacobian's norm")
    }
    _ = try solverOptions()
  }
}

extension TrainingConfiguration {
  /// Reads a configuration from JSON. Fields that are missing, because an older program wrote it, take their defaults.
  ///
  /// - Throws: `DecodingError`, or an error of the JSON syntax.
  public init(json: String) throws {
    let defaults = try JSONSerialization.jsonObject(with: JSONEncoder().encode(TrainingConfiguration()))
    let given = try JSONSerialization.jsonObject(with: Data(json.utf8))
    guard let defaults = defaults as? [String: Any], let given = given as? [String: Any], given["model"] != nil
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "it is no JSON object with a model"))
    }
    let merged = try JSONSerialization.data(withJSONObject: Self.merged(defaults, given))
    self = try JSONDecoder().decode(TrainingConfiguration.self, from: merged)
  }
}
