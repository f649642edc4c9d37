import DifferentialEquations
import NormalizingFlows
import VariationalAutoencoder

/// Everything that determines a run: two runs of the same configuration end with the same parameters.
public struct TrainingConfiguration: Sendable, Equatable, Codable {
  public var dataset = "glyphs"
  public var preset = Preset.paper
  public var model = ModelConfiguration()
  /// Passes through the training images at most.
  public var epochs = 2000
  /// Steps at most, if fewer.
  public var steps: Int?
  public var batchSize = 100
  public var learningRate = 5e-4
  /// Epochs over which the weight of the KL term grows to one.
  public var warmup = 100
  /// Epochs without a better validation bound, after the warm-up, until training stops.
  public var patience = 35
  /// The solver's name, such as `dopri5`.
  public var solver = "dopri5"
  /// Absolute and relative tolerance of a step.
  public var tolerance = 1e-5
  /// Steps of a solver without error estimate.
  public var solverSteps = 20
  public var divergence = Divergence.gaussian
  public var gradient = SolveGradient.direct
  public var seed: UInt64 = 1
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
      method: method, absoluteTolerance: tolerance, relativeTolerance: tolerance, fixedSteps: solverSteps)
  }

  /// The weight of the KL term in an epoch, counted from one.
  public func divergenceWeight(epoch: Int) -> Double {
    warmup > 0 ? min(1, Double(epoch) / Double(warmup)) : 1
  }

  /// Checks what types do not.
  ///
  /// - Throws: ``TrainingError/invalidConfiguration(_:)``
  public func validate() throws(TrainingError) {
    func require(_ holds: Bool, _ text: String) throws(TrainingError) {
      if !holds { throw .invalidConfiguration(text) }
    }
    if let complaint = model.complaint { throw .invalidConfiguration(complaint) }
    try require(model.hidden.count <= 100, "hidden: \(model.hidden.count) layers, and 100 are the limit")
    try require(epochs > 0, "epochs \(epochs): a positive number")
    try require((steps ?? 1) > 0, "steps \(steps ?? 0): a positive number")
    try require((1...100_000).contains(batchSize), "batch size \(batchSize): from 1 to 100000")
    try require(learningRate > 0 && learningRate.isFinite, "learning rate \(learningRate): a positive number")
    try require(warmup >= 0, "warm-up \(warmup): no negative number of epochs")
    try require(patience > 0, "patience \(patience): a positive number of epochs")
    try require(tolerance > 0 && tolerance < 1, "tolerance \(tolerance): between 0 and 1")
    try require((1...100_000).contains(solverSteps), "solver steps \(solverSteps): from 1 to 100000")
    for (split, limit) in [("training", limitTrain), ("validation", limitEvaluation)] {
      try require((limit ?? 1) > 0, "limit \(limit ?? 0) of \(split) images: a positive number")
    }
    _ = try solverOptions()
  }
}
