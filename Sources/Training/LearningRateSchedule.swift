import Foundation

/// How the learning rate changes over a run, after a linear warm-up.
public enum LearningRateSchedule: String, Sendable, CaseIterable, Codable {
  /// It stays.
  case constant
  /// It falls along half a cosine to the final rate at the run's last step (Loshchilov and Hutter 2017, section 3, without
  /// restarts).
  case cosine
  /// It falls by a factor where the validation bound stops improving; see ``Plateau``.
  case plateau
}

extension TrainingConfiguration {
  /// The learning rate of a step.
  ///
  ///     constant   rate
  ///     cosine     final + (rate - final) (1 + cos(pi k / K)) / 2      for step k of K after the warm-up
  ///     plateau    max(rate scale, final)
  ///
  /// In the warm-up, that times (step + 1) / (steps of the warm-up).
  ///
  /// - Parameters:
  ///   - step: Counted from zero.
  ///   - totalSteps: The steps of the run, by which the cosine ends.
  ///   - plateau: What the plateaus so far have made of the rate.
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
  /// The optimizer and what goes with it, in words, such as 'Adamax at 0.0005, cosine to 0, average 0.999'.
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
    if weightDecay > 0 { parts.append("weight decay \(weightDecay)") }
    return parts.joined(separator: ", ")
  }
}

/// What plateaus of the validation bound have made of the learning rate.
///
/// An epoch is a gain if its bound is below the best so far by more than a ten-thousandth of it. After more epochs without
/// gain than the patience, the rate falls by a factor and counting begins anew: PyTorch's `ReduceLROnPlateau`.
public struct Plateau: Sendable, Equatable, Codable {
  /// What the learning rate is multiplied by.
  public private(set) var scale = 1.0
  private var best: Double?
  private var epochsWithoutGain = 0

  public init() {}

  /// Takes note of an epoch's negative ELBO on the validation images.
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

  /// Whether a run could have come to it.
  var isPlausible: Bool { scale > 0 && scale <= 1 && epochsWithoutGain >= 0 && best?.isFinite ?? true }
}
