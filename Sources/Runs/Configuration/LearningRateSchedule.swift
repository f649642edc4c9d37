import Foundation

/// How the learning rate changes over a run, after a linear learning-rate warm-up.
public enum LearningRateSchedule: String, Sendable, CaseIterable, Codable {
  /// The learning rate is constant.
  case constant
  /// The learning rate decays along half a cosine to the final rate at the last step of the run (Loshchilov and Hutter
  /// 2017, "SGDR", section 3, without restarts).
  case cosine
  /// The learning rate is multiplied by a factor whenever the validation bound stops improving; see ``Plateau``.
  case plateau
}

extension TrainingConfiguration {
  /// The learning rate of a step.
  ///
  ///     constant   rate
  ///     cosine     final + (rate - final) (1 + cos(pi k / K)) / 2      for step k of K after the warm-up
  ///     plateau    max(rate scale, final)
  ///
  /// During the learning-rate warm-up, it is rate (step + 1) / (steps of the warm-up).
  ///
  /// - Parameters:
  ///   - step: The step, counted from zero.
  ///   - totalSteps: The number of steps of the run, at which the cosine ends.
  ///   - plateau: The effect of the plateaus so far.
  public func learningRate(step: Int, totalSteps: Int, plateau: Plateau) -> Double {
    if step < learningRateWarmup { return learningRate * Double(step + 1) / Double(learningRateWarmup) }
    switch schedule {
    case .constant: return learningRate
    case .cosine:
      let done = Double(step - learningRateWarmup) / Double(max(totalSteps - learningRateWarmup, 1))
      return finalLearningRate + (learningRate - finalLearningRate) * (1 + cos(.pi * min(done, 1))) / 2
    case .plateau: return max(learningRate * plateau.scale, finalLearningRate)
    }
  }
}

extension TrainingConfiguration {
  /// A phrase that describes the optimization, such as "Adamax at 0.0005, cosine to 0.0, average 0.999".
  public var optimizerSummary: String {
    let name = optimizer == .adam ? "Adam" : "Adamax"
    var parts = ["\(name) at \(learningRate)"]
    if learningRateWarmup > 0 { parts.append("warm-up \(learningRateWarmup) steps") }
    switch schedule {
    case .constant: break
    case .cosine: parts.append("cosine to \(finalLearningRate)")
    case .plateau: parts.append("times \(plateauFactor) on a plateau of \(plateauPatience) epochs")
    }
    if let average { parts.append("average \(average)") }
    if let clipNorm { parts.append("gradients clipped to \(clipNorm)") }
    if gradientEstimator == .path { parts.append("path gradient") }
    if generatedWeight > 0 { parts.append("generated images at \(generatedWeight)") }
    if randomShift > 0 { parts.append("images shifted by up to \(randomShift)") }
    if weightDecay > 0 { parts.append("weight decay \(weightDecay)") }
    return parts.joined(separator: ", ")
  }
}

/// The effect of plateaus of the validation bound on the learning rate.
///
/// An epoch is an improvement if its negative ELBO is below the best so far by more than a ten-thousandth. After more
/// epochs without improvement than the patience, the learning rate is multiplied by a factor, and counting begins
/// anew. This is PyTorch's `ReduceLROnPlateau`.
public struct Plateau: Sendable, Equatable, Codable {
  /// The factor of the learning rate: the product of all reductions so far.
  public private(set) var scale = 1.0
  private var best: Double?
  private var epochsWithoutGain = 0

  /// The state before the first epoch.
  public init() {}

  /// Adds the negative ELBO of an epoch on the validation images.
  ///
  /// - Parameters:
  ///   - negativeELBO: The negative ELBO in nats.
  ///   - factor: What a plateau multiplies the learning rate by.
  ///   - patience: The number of epochs without improvement that are tolerated.
  public mutating func add(_ negativeELBO: Double, factor: Double, patience: Int) {
    if best.map({ negativeELBO < $0 - 1e-4 * abs($0) }) ?? true {
      best = negativeELBO
      epochsWithoutGain = 0
    } else {
      epochsWithoutGain += 1
    }
    if epochsWithoutGain > patience {
      scale *= factor
      epochsWithoutGain = 0
    }
  }

  /// Whether a run could have this state.
  var isPlausible: Bool {
    scale > 0 && scale <= 1 && (0...TrainingProgress.stepLimit).contains(epochsWithoutGain) && best?.isFinite ?? true
  }
}
