import ArgumentParser
import Foundation
import Runs
import VariationalAutoencoder

/// A value of a run's configuration that an option sets: the option, and how it writes the value.
struct Setting: Sendable {
  /// The option's name, such as `--batch-size`.
  let option: String
  /// The value in a configuration.
  let text: @Sendable (TrainingConfiguration) -> String

  init(_ option: String, _ text: @escaping @Sendable (TrainingConfiguration) -> String) {
    self.option = option
    self.text = text
  }

  /// A setting that may be absent, in one word.
  init(_ option: String, none: String, _ value: @escaping @Sendable (TrainingConfiguration) -> String?) {
    self.init(option) { value($0) ?? none }
  }

  /// An option of posteriors.
  init(_ option: any AnyModelOption) {
    self.init(ModelOptions.name(option.key)) { Self.plain(option.text(in: $0.model)) }
  }

  /// A whole number without a fraction of zero.
  static func plain(_ text: String) -> String { text.hasSuffix(".0") ? String(text.dropLast(2)) : text }

  /// A number with as many digits as it needs: 0.0005, 1e-5.
  static func number(_ value: Double) -> String {
    String(format: "%g", value).replacingOccurrences(of: "e-0", with: "e-")
  }
}

extension Setting {
  static let limitTrain = Setting("--limit-train", none: "all") { $0.limitTrain.map { "\($0)" } }
  static let limitEval = Setting("--limit-eval", none: "all") { $0.limitEvaluation.map { "\($0)" } }

  static let latent = Setting("--latent") { "\($0.model.latent)" }
  static let flow = Setting("--flow") { $0.model.flow.rawValue }

  static let epochs = Setting("--epochs") { "\($0.epochs)" }
  static let steps = Setting("--steps", none: "no limit") { $0.steps.map { "\($0)" } }
  static let batchSize = Setting("--batch-size") { "\($0.batchSize)" }
  static let optimizer = Setting("--optimizer") { $0.optimizer.rawValue }
  static let learningRate = Setting("--learning-rate") { number($0.learningRate) }
  static let schedule = Setting("--schedule") { $0.schedule.rawValue }
  static let learningRateWarmup = Setting("--learning-rate-warmup") { "\($0.learningRateWarmup)" }
  static let finalLearningRate = Setting("--final-learning-rate") { number($0.finalLearningRate) }
  static let plateauFactor = Setting("--plateau-factor") { number($0.plateauFactor) }
  static let plateauPatience = Setting("--plateau-patience") { "\($0.plateauPatience)" }
  static let average = Setting("--average", none: "none") { $0.average.map(number) }
  static let clipNorm = Setting("--clip-norm", none: "none") { $0.clipNorm.map(number) }
  static let weightDecay = Setting("--weight-decay") { number($0.weightDecay) }
  static let gradientEstimator = Setting("--gradient-estimator") { $0.gradientEstimator.rawValue }
  static let generatedWeight = Setting("--generated-weight") { number($0.generatedWeight) }
  static let randomShift = Setting("--random-shift") { "\($0.randomShift)" }
  static let warmup = Setting("--warmup") { "\($0.warmup)" }
  static let patience = Setting("--patience") { "\($0.patience)" }
  static let seed = Setting("--seed") { "\($0.seed)" }

  static let solver = Setting("--solver") { $0.solver }
  static let tolerance = Setting("--tolerance") { number($0.tolerance) }
  static let trainingTolerance = Setting("--training-tolerance", none: "the same") { $0.trainingTolerance.map(number) }
  static let controller = Setting("--controller") { $0.controller.rawValue }
  static let warmStart = Setting("--warm-start") { $0.warmStart ? "yes" : "no" }
  static let solverSteps = Setting("--solver-steps") { "\($0.solverSteps)" }
  static let divergence = Setting("--divergence") { $0.divergence.rawValue }
  static let gradient = Setting("--gradient") { $0.gradient.rawValue }

  static let precision = Setting("--precision") { $0.precision.rawValue }

  /// The settings under the titles that help has for their options; those of a kind of posterior with the model.
  static func all(for flow: PosteriorKind) -> [(title: String, settings: [Setting])] {
    let ofPosterior = flow.posterior.options.filter { $0.key != ModelOption.timeLengths.key }.map { Setting($0) }
    return [
      ("Data", [limitTrain, limitEval]), ("Model", [latent, .flow] + ofPosterior),
      (
        "Training",
        [
          epochs, steps, batchSize, optimizer, learningRate, schedule, learningRateWarmup, finalLearningRate,
          plateauFactor, plateauPatience, average, clipNorm, weightDecay, gradientEstimator, generatedWeight,
          randomShift, warmup, patience, seed,
        ]
      ),
      (
        "Solver",
        [solver, tolerance, trainingTolerance, controller, warmStart, solverSteps, divergence, gradient]
      ), ("Machine", [precision]),
    ]
  }
}

extension ArgumentHelp {
  /// What an option says, and its value in the paper preset, where it is no other by dataset.
  static func setting(_ words: String, _ setting: Setting, _ valueName: String? = nil) -> ArgumentHelp {
    ArgumentHelp("\(words) (default: \(setting.text(TrainingConfiguration())))", valueName: valueName)
  }

  static func setting(_ words: String, _ setting: Setting, _ valueName: ValueName) -> ArgumentHelp {
    .setting(words, setting, valueName.rawValue)
  }

  /// What an option says, and what kind of value it takes.
  init(_ words: String, _ valueName: ValueName) { self.init(words, valueName: valueName.rawValue) }
}
