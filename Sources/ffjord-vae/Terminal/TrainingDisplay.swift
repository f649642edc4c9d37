import Foundation
import Runs
import Training

/// Shows training: a line drawn again each step where there is a terminal, else a line every so often; and a line each
/// epoch.
final class TrainingDisplay: TrainingObserver {
  /// What tells the run from others, at the beginning of each line; empty, or with a space behind it.
  private let title: String
  private let stepsPerEpoch: Int
  private let epochs: Int
  /// How often a plain line is written where there is no terminal.
  private let plainInterval = Duration.seconds(10)
  private var lastShown: ContinuousClock.Instant?
  private var stepSeconds = RecentDurations()
  private var validationSeconds = RecentDurations()

  init(title: String? = nil, stepsPerEpoch: Int, epochs: Int) {
    self.title = title.map { "\($0)  " } ?? ""
    self.stepsPerEpoch = stepsPerEpoch
    self.epochs = epochs
  }

  func didTakeStep(_ record: MetricsRecord, _ state: TrainingState, totalSteps: Int) {
    stepSeconds.add(record.seconds)
    guard !Terminal.isQuiet else { return }
    let now = ContinuousClock.now
    let pause = Terminal.isInteractive ? Duration.milliseconds(100) : plainInterval
    let isLast = record.step == totalSteps
    if let lastShown, now - lastShown < pause, !isLast { return }
    lastShown = now

    let seconds = stepSeconds.mean ?? record.seconds
    let inEpoch = (record.step - 1) % stepsPerEpoch + 1
    let mean = state.progress.epochSums.images > 0 ? state.progress.epochSums.mean : nil
    // With each piece, how soon it gives way where the line is too long.
    let figures: [Terminal.Piece] = [
      ("-ELBO \((mean?.negativeELBO ?? record.negativeELBO).fixed(2))", 0),
      ("rec \((mean?.reconstruction ?? record.reconstruction).fixed(2))", 3),
      ("KL \((mean?.kl ?? record.kl).fixed(2))", 3),
      ("evaluations \(Int(record.evaluationsForward))/\(Int(record.evaluationsBackward))", 4),
      ("\((1 / max(seconds, 1e-9)).fixed(2)) steps/s", 5),
      ("epoch left \(Terminal.duration(seconds * Double(stepsPerEpoch - inEpoch)))", 2),
      ("ETA \(Terminal.duration(timeLeft(after: record.step, of: totalSteps)))", 1),
    ]
    if Terminal.isInteractive {
      let bar = Terminal.bar(Double(inEpoch) / Double(stepsPerEpoch), width: 16)
      let head = "\(title)epoch \(record.epoch) \(bar) \(inEpoch)/\(stepsPerEpoch)"
      Terminal.draw(Terminal.line([(head, 0)] + figures, width: Terminal.width - 1))
    } else {
      let head = "\(title)epoch \(record.epoch)  step \(inEpoch)/\(stepsPerEpoch)"
      Terminal.write(Terminal.line([(head, 0)] + figures, width: .max) + "\n")
    }
  }

  /// The seconds of the steps that are left, and of the validations after them.
  func timeLeft(after step: Int, of totalSteps: Int) -> Double {
    let validations = Double(totalSteps / stepsPerEpoch - (step - 1) / stepsPerEpoch)
    return (stepSeconds.mean ?? 0) * Double(totalSteps - step) + (validationSeconds.mean ?? 0) * validations
  }

  func didFinishEpoch(
    _ training: MetricsRecord, _ validation: MetricsRecord, isBest: Bool, _ state: TrainingState
  ) {
    validationSeconds.add(validation.seconds)
    let line = Self.epochLine(
      training, validation, isBest: isBest, epochs: epochs,
      klWeight: state.configuration.klWeight(epoch: training.epoch),
      width: (Terminal.isInteractive ? Terminal.width : 80) - title.count)
    Terminal.logger.info("\(title)\(line)", metadata: isBest ? [Terminal.emphasis: "best"] : nil)
  }

  /// What an epoch came to, in the columns that there are: what matters least gives way.
  static func epochLine(
    _ training: MetricsRecord, _ validation: MetricsRecord, isBest: Bool, epochs: Int, klWeight: Double, width: Int
  ) -> String {
    var pieces: [Terminal.Piece] = [
      ("epoch \(training.epoch)/\(epochs)", 0), ("-ELBO \(training.negativeELBO.fixed(2))", 0),
      ("validation \(validation.negativeELBO.fixed(2))\(isBest ? " best" : "")", 0),
    ]
    if let bits = validation.bitsPerDimension { pieces.append(("\(bits.fixed(3)) bits/dim", 2)) }
    pieces.append(("KL \(validation.kl.fixed(2))", 5))
    if klWeight < 1 { pieces.append(("KL weight \(klWeight.fixed(2))", 4)) }
    if let energy = training.kineticEnergy { pieces.append(("energy \(energy.fixed(3))", 6)) }
    if let norm = training.jacobianNorm { pieces.append(("Jacobian \(norm.fixed(3))", 6)) }
    if training.evaluationsForward > 0 {
      pieces.append(("evaluations \(training.evaluationsForward.fixed(0))", 3))
    }
    pieces.append((Terminal.duration(training.seconds + validation.seconds), 1))
    return Terminal.line(pieces, width: width)
  }
}
