import Foundation
import Runs
import Training

/// Shows training: a line drawn again each step where there is a terminal, else a line every so often; and a line each
/// epoch.
final class TrainingDisplay: TrainingObserver {
  private let stepsPerEpoch: Int
  private let epochs: Int
  /// How often a plain line is written where there is no terminal.
  private let plainInterval = Duration.seconds(10)
  private var lastShown: ContinuousClock.Instant?
  /// Exponentially weighted mean of the seconds a step takes.
  private var secondsPerStep: Double?

  init(stepsPerEpoch: Int, epochs: Int) {
    self.stepsPerEpoch = stepsPerEpoch
    self.epochs = epochs
  }

  func didTakeStep(_ record: MetricsRecord, _ state: TrainingState, totalSteps: Int) {
    let seconds = secondsPerStep.map { 0.9 * $0 + 0.1 * record.seconds } ?? record.seconds
    secondsPerStep = seconds
    let now = ContinuousClock.now
    let pause = Terminal.isInteractive ? Duration.milliseconds(100) : plainInterval
    let isLast = record.step == totalSteps
    if let lastShown, now - lastShown < pause, !isLast { return }
    lastShown = now

    let inEpoch = (record.step - 1) % stepsPerEpoch + 1
    let mean = state.progress.epochSums.images > 0 ? state.progress.epochSums.mean : nil
    // With each piece, how soon it gives way where the line is too long.
    let figures: [(text: String, rank: Int)] = [
      ("-ELBO \((mean?.negativeELBO ?? record.negativeELBO).fixed(2))", 0),
      ("rec \((mean?.reconstruction ?? record.reconstruction).fixed(2))", 2),
      ("KL \((mean?.kl ?? record.kl).fixed(2))", 2),
      ("nfe \(Int(record.evaluationsForward))/\(Int(record.evaluationsBackward))", 3),
      ("\((1 / max(seconds, 1e-9)).fixed(2)) steps/s", 5),
      ("epoch left \(Terminal.duration(seconds * Double(stepsPerEpoch - inEpoch)))", 4),
      ("ETA \(Terminal.duration(seconds * Double(totalSteps - record.step)))", 1),
    ]
    if Terminal.isInteractive {
      let bar = Terminal.bar(Double(inEpoch) / Double(stepsPerEpoch), width: 16)
      let head = "epoch \(record.epoch) \(bar) \(inEpoch)/\(stepsPerEpoch)"
      Terminal.draw(Terminal.line([(head, 0)] + figures, width: Terminal.width - 1))
    } else {
      let head = "epoch \(record.epoch)  step \(inEpoch)/\(stepsPerEpoch)"
      Terminal.write(Terminal.line([(head, 0)] + figures, width: .max) + "\n")
    }
  }

  func didFinishEpoch(
    _ training: MetricsRecord, _ validation: MetricsRecord, isBest: Bool, _ state: TrainingState
  ) {
    func figures(_ record: MetricsRecord) -> String {
      let bits = state.configuration.model.bitsPerDimension(nats: record.negativeELBO)
        .map { ", \($0.fixed(3)) bits/dim" }
      return "-ELBO \(record.negativeELBO.fixed(2)) (rec \(record.reconstruction.fixed(2)), "
        + "KL \(record.kl.fixed(2))\(bits ?? ""))"
    }
    let weight = state.configuration.klWeight(epoch: training.epoch)
    let warming = weight < 1 ? "  KL weight \(weight.fixed(2))" : ""
    Terminal.logger.info(
      """
      epoch \(training.epoch)/\(epochs)  training \(figures(training))  validation \(figures(validation))\
      \(isBest ? "  best" : "")\(warming)  nfe \(training.evaluationsForward.fixed(0))\(regularizers(training))  \
      \(Terminal.duration(training.seconds)) + \(Terminal.duration(validation.seconds))
      """)
  }

  private func regularizers(_ record: MetricsRecord) -> String {
    let energy = record.kineticEnergy.map { "  energy \($0.fixed(3))" }
    let norm = record.jacobianNorm.map { "  Jacobian \($0.fixed(3))" }
    return (energy ?? "") + (norm ?? "")
  }
}
