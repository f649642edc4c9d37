import DifferentialEquations
import Foundation
import ImageDatasets
import NeuralNetworks
import NormalizingFlows
import VariationalAutoencoder

/// How step sizes follow the error of the last steps.
public enum StepControl: String, Sendable, CaseIterable, Codable {
  /// By the last step's error alone: what the published model does.
  case integral
  /// By the last two steps' errors: steadier where stability limits the steps.
  case proportionalIntegral = "pi"

  var controller: StepSizeController {
    switch self {
    case .integral: .integral
    case .proportionalIntegral: .proportionalIntegral
    }
  }
}

/// Everything that determines a run: two runs of the same configuration end with the same parameters.
public struct TrainingConfiguration: Sendable, Equatable, Codable {
  /// The dataset's name, or the absolute path of a person's own images.
  public var dataset = "glyphs"
  /// Where the dataset's files were when the run began: an absolute path.
  public var dataDirectory: String?
  /// How a person's own images are made what the model takes.
  public var preparation = ImagePreparation()
  /// The digest of the images of all splits; see ``ImageDatasets/ImageDataset/digest``.
  public var dataDigest: String?
  public var preset = Preset.paper
  public var model = ModelConfiguration()
  /// Passes through the training images at most.
  public var epochs = 2000
  /// Steps at most, if fewer.
  public var steps: Int?
  public var batchSize = 100
  /// How parameters are moved against their gradients.
  public var optimizer = OptimizationMethod.adamax
  public var learningRate = 5e-4
  /// How the learning rate changes over the run.
  public var schedule = LearningRateSchedule.constant
  /// Steps over which the learning rate grows from zero to its value.
  public var learningRateWarmup = 0
  /// Where the cosine ends, and below which no plateau brings the learning rate.
  public var finalLearningRate = 0.0
  /// What a plateau multiplies the learning rate by, and after how many epochs without gain there is one.
  public var plateauFactor = 0.1
  public var plateauPatience = 10
  /// The norm that the gradients of a step are clipped to.
  public var clipNorm: Double?
  /// What is added to a gradient for each parameter: this times the parameter.
  public var weightDecay = 0.0
  /// The decay of the exponential moving average of the parameters that is validated and used, if there is one; it begins
  /// when the learning rate's warm-up is over.
  public var average: Double?
  /// Epochs over which the weight of the KL term grows to one.
  public var warmup = 100
  /// Epochs without a better validation bound, after the warm-up, that training goes on for; with one more it stops.
  public var patience = 35
  /// The solver's name, such as `dopri5`.
  public var solver = "dopri5"
  /// Absolute and relative tolerance of a step.
  public var tolerance = 1e-5
  /// Another tolerance for the steps of training, where a gradient needs fewer digits than a bound that is reported.
  public var trainingTolerance: Double?
  /// How step sizes follow the error.
  public var controller = StepControl.integral
  /// Whether a block's solve begins with the step size that the last batch's ended with.
  public var warmStart = true
  /// The arithmetic of convolutions and of the hypernetwork.
  public var precision = Precision.float32
  /// Steps of a solver without error estimate.
  public var solverSteps = 20
  public var divergence = Divergence.gaussian
  public var gradient = AdjointMethod.direct
  /// How the bound's gradient is estimated from a sample of the posterior.
  public var gradientEstimator = GradientEstimator.total
  public var seed: UInt64 = 1
  /// The checkpoint whose parameters the run begins with, if not with random ones.
  public var initialCheckpoint: String?
  /// Images used of the training and validation splits, if not all.
  public var limitTrain: Int?
  public var limitEvaluation: Int?

  public init() {}

  /// The solver's options.
  ///
  /// - Throws: ``TrainingError/invalidConfiguration(_:)`` for an unknown solver.
  public func solverOptions() throws(TrainingError) -> SolverOptions {
    guard let method = ButcherTableau.named(solver) else {
      let known = ButcherTableau.all.map(\.name).joined(separator: ", ")
      throw .invalidConfiguration("the solver \(solver) is not known; there are \(known)")
    }
    return SolverOptions(
      method: method, absoluteTolerance: tolerance, relativeTolerance: tolerance,
      controller: controller.controller, fixedSteps: solverSteps)
  }

  /// The weight of the KL term in an epoch, counted from one.
  public func klWeight(epoch: Int) -> Double {
    warmup > 0 ? min(1, Double(epoch) / Double(warmup)) : 1
  }

  /// The same with a model for a dataset's images.
  public func fitted(to dataset: ImageDataset) -> TrainingConfiguration {
    var result = self
    result.model.imageHeight = dataset.height
    result.model.imageWidth = dataset.width
    result.model.likelihood = LikelihoodKind(dataset.pixels)
    return result
  }

  /// Checks what types do not.
  ///
  /// - Throws: ``TrainingError/invalidConfiguration(_:)``
  public func validate() throws(TrainingError) {
    func require(_ holds: Bool, _ text: String) throws(TrainingError) {
      if !holds { throw .invalidConfiguration(text) }
    }
    if let validationError = model.validationError ?? preparation.validationError {
      throw .invalidConfiguration(validationError)
    }
    try require(model.hidden.count <= 100, "hidden: \(model.hidden.count) layers, and 100 are the limit")
    try require(epochs > 0, "epochs \(epochs): a positive number")
    try require((steps ?? 1) > 0, "steps \(steps ?? 0): a positive number")
    try require((1...100_000).contains(batchSize), "batch size \(batchSize): from 1 to 100000")
    try require(learningRate > 0 && learningRate.isFinite, "learning rate \(learningRate): a positive number")
    try require(learningRateWarmup >= 0, "learning-rate warm-up \(learningRateWarmup): no negative number of steps")
    try require(
      finalLearningRate >= 0 && finalLearningRate <= learningRate,
      "final learning rate \(finalLearningRate): from 0 to the learning rate, \(learningRate)")
    try require(plateauFactor > 0 && plateauFactor < 1, "plateau factor \(plateauFactor): between 0 and 1")
    try require(plateauPatience >= 0, "plateau patience \(plateauPatience): no negative number of epochs")
    try require(clipNorm.map { $0 > 0 && $0.isFinite } ?? true, "clip norm \(clipNorm ?? 0): a positive number")
    try require(weightDecay >= 0 && weightDecay.isFinite, "weight decay \(weightDecay): no negative number")
    try require(average.map { $0 >= 0 && $0 < 1 } ?? true, "average \(average ?? 0): a decay from 0 to below 1")
    try require(warmup >= 0, "warm-up \(warmup): no negative number of epochs")
    try require(patience > 0, "patience \(patience): a positive number of epochs")
    try require(tolerance > 0 && tolerance < 1, "tolerance \(tolerance): between 0 and 1")
    try require(
      trainingTolerance.map { $0 > 0 && $0 < 1 } ?? true,
      "training tolerance \(trainingTolerance ?? 0): between 0 and 1")
    try require((1...100_000).contains(solverSteps), "solver steps \(solverSteps): from 1 to 100000")
    for (split, limit) in [("training", limitTrain), ("validation", limitEvaluation)] {
      try require((limit ?? 1) > 0, "limit \(limit ?? 0) of \(split) images: a positive number")
    }
    if gradientEstimator == .path {
      try require(
        model.flow == .ffjord || model.flow == .none,
        "gradient estimator path: for the posteriors ffjord and none, not \(model.flow.rawValue)")
      try require(
        model.regularization == DynamicsRegularization(),
        "gradient estimator path: not together with a weight of the kinetic energy or of the Jacobian's norm")
    }
    _ = try solverOptions()
  }
}

extension TrainingConfiguration {
  /// Reads a configuration; what an older program did not write takes its default.
  ///
  /// - Throws: `DecodingError`, or an error of JSON's syntax.
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
