import DensityEstimation
import Runs

/// Shows the progress of a density model's training: a line that is drawn anew, or one every ten seconds where there is no
/// terminal.
final class DensityTrainingDisplay: DensityTrainingObserver {
  private let steps: Int
  private let plainInterval = Duration.seconds(10)
  private var lastShown: ContinuousClock.Instant?
  private var stepSeconds = RecentDurations()

  init(steps: Int) { self.steps = steps }

  func didTakeStep(_ record: DensityRecord, _ state: DensityState) {
    stepSeconds.add(record.seconds)
    guard !Terminal.isQuiet else { return }
    let now = ContinuousClock.now
    let pause = Terminal.isInteractive ? Duration.milliseconds(100) : plainInterval
    if let lastShown, now - lastShown < pause, record.step != steps { return }
    lastShown = now
    let seconds = stepSeconds.mean ?? record.seconds
    let mean = state.progress.epochSums.samples > 0 ? state.progress.epochSums.mean : nil
    var figures: [Terminal.Piece] = [
      ("-log p \((mean?.negativeLogLikelihood ?? record.negativeLogLikelihood).fixed(3))", 0)
    ]
    if let bits = record.bitsPerDimension { figures.append(("\(bits.fixed(3)) bits/dim", 1)) }
    if record.evaluationsForward > 0 {
      figures.append(("evaluations \(Int(record.evaluationsForward))/\(Int(record.evaluationsBackward))", 3))
    }
    figures.append(("\((1 / max(seconds, 1e-9)).fixed(1)) steps/s", 4))
    // Tables train until they no longer gain.
    let isEndless = steps >= TrainingProgress.stepLimit
    if !isEndless { figures.append(("ETA \(Terminal.duration(seconds * Double(steps - record.step)))", 2)) }
    if Terminal.isInteractive {
      let bar = isEndless ? "" : " \(Terminal.bar(Double(record.step) / Double(steps), width: 16))"
      let head = "step\(bar) \(record.step)\(isEndless ? "" : "/\(steps)")"
      Terminal.draw(Terminal.line([(head, 0)] + figures, width: Terminal.width - 1))
    } else {
      let head = "step \(record.step)\(isEndless ? "" : "/\(steps)")"
      Terminal.write(Terminal.line([(head, 0)] + figures, width: .max) + "\n")
    }
  }

  func didFinishEpoch(_ training: DensityRecord, _ validation: DensityRecord?, isBest: Bool, _ state: DensityState) {
    let validated = validation?.negativeLogLikelihood.fixed(3) ?? "infinite"
    var pieces: [Terminal.Piece] = [
      ("step \(training.step)", 0), ("-log p \(training.negativeLogLikelihood.fixed(3))", 0),
      ("validation \(validated)\(isBest ? " best" : "")", 0),
    ]
    if let bits = validation?.bitsPerDimension { pieces.append(("\(bits.fixed(3)) bits/dim", 1)) }
    if training.evaluationsForward > 0 { pieces.append(("evaluations \(training.evaluationsForward.fixed(0))", 2)) }
    if let rate = training.learningRate, state.progress.drops > 0 {
      pieces.append(("learning rate \(Setting.number(rate))", 3))
    }
    pieces.append((Terminal.duration(training.seconds + (validation?.seconds ?? 0)), 1))
    let width = Terminal.isInteractive ? Terminal.width : 80
    Terminal.logger.info(
      "\(Terminal.line(pieces, width: width))", metadata: isBest ? [Terminal.emphasis: "best"] : nil)
  }
}
