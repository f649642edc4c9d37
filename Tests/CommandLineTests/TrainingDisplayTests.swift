import Foundation
import NeuralNetworks
import Runs
import Testing
import VariationalAutoencoder

@testable import ffjord_vae

/// The words and numbers that training shows.
@Suite struct TrainingDisplayTests {
  private func record(
    _ split: String, _ negativeELBO: Double, seconds: Double, step: Int = 1, evaluations: Double = 64
  ) -> MetricsRecord {
    var metrics = Metrics()
    (metrics.negativeELBO, metrics.kl) = (negativeELBO, negativeELBO / 4)
    (metrics.reconstruction, metrics.evaluationsForward) = (negativeELBO * 3 / 4, evaluations)
    return MetricsRecord(step: step, epoch: 12, split: split, metrics, seconds: seconds)
  }

  @Test func `the line of an epoch says what the numbers are`() {
    let line = TrainingDisplay.epochLine(
      record("train", 103.45, seconds: 88), record("validation", 102.11, seconds: 3), isBest: true, epochs: 2000,
      klWeight: 1, width: 80)
    #expect(line == "epoch 12/2000  -ELBO 103.45  validation 102.11 best  evaluations 64  1:31")
    let wide = TrainingDisplay.epochLine(
      record("train", 103.45, seconds: 88), record("validation", 102.11, seconds: 3), isBest: false, epochs: 2000,
      klWeight: 0.12, width: 120)
    #expect(
      wide == "epoch 12/2000  -ELBO 103.45  validation 102.11  KL 25.53  KL weight 0.12  evaluations 64  1:31")
  }

  @Test(arguments: [1.5, 543.21, 123_456.78, 12_345_678.9])
  func `the line of an epoch fits, whatever the numbers`(negativeELBO: Double) {
    var (training, validation) = (
      record("train", negativeELBO, seconds: 200_000, evaluations: 12345),
      record("validation", negativeELBO, seconds: 20_000)
    )
    (training.epoch, validation.bitsPerDimension) = (19_999, 12.345)
    (training.kineticEnergy, training.jacobianNorm) = (1234.567, 98765.432)
    let line = TrainingDisplay.epochLine(
      training, validation, isBest: true, epochs: 20_000, klWeight: 0.01, width: 80)
    #expect(line.count <= 80 && line.hasPrefix("epoch 19999/20000  -ELBO "), "\(line)")
    #expect(line.contains("validation ") && line.contains(" best"), "\(line)")
  }

  @Test func `durations are told in days where they are days`() {
    let (hour, day): (Double, Double) = (3600, 86_400)
    let expected: [(Double, String)] = [
      (0.4, "0 s"), (59, "59 s"), (61, "1:01"), (hour, "1:00:00"), (day - 1, "23:59:59"), (day, "1 d 0 h"),
      (100_000, "1 d 4 h"), (172_799, "2 d 0 h"), (2_599_200, "30 d 2 h"), (.infinity, "?"), (.nan, "?"),
    ]
    for (seconds, text) in expected { #expect(Terminal.duration(seconds) == text) }
  }

  @Test func `the time left is that of recent steps and validations, right at once after a pause`() {
    let display = TrainingDisplay(stepsPerEpoch: 100, epochs: 3)
    let state = TrainingState(configuration: TrainingConfiguration(), parameters: ParameterSet())
    func take(_ steps: ClosedRange<Int>, seconds: Double) {
      for step in steps {
        display.didTakeStep(record("step", 100, seconds: seconds, step: step), state, totalSteps: 300)
      }
    }
    take(1...100, seconds: 0.5)
    #expect(abs(display.timeLeft(after: 100, of: 300) - 100) < 1e-9)
    display.didFinishEpoch(
      record("train", 100, seconds: 50), record("validation", 100, seconds: 10), isBest: false, state)
    take(101...101, seconds: 0.5)
    // 199 steps, and the validations of two epochs.
    #expect(abs(display.timeLeft(after: 101, of: 300) - (199 * 0.5 + 20)) < 1e-9)
    // The process was stopped for a day.
    take(102...102, seconds: 86_400)
    #expect(abs(display.timeLeft(after: 102, of: 300) - (198 * 0.5 + 20)) < 1e-9)
    // A machine that has become half as fast is noticed within as many steps as are looked at.
    take(103...(102 + RecentDurations.count), seconds: 1)
    #expect(abs(display.timeLeft(after: 200, of: 300) - (100 + 20)) < 1e-9)
  }

  @Test func `a mean leaves out pauses, but not what varies`() {
    var durations = RecentDurations()
    #expect(durations.mean == nil)
    for seconds in [1.0, 2, 3, 2, 2] { durations.add(seconds) }
    #expect(durations.mean == 2)
    durations.add(1000)
    #expect(durations.mean == 2)
  }
}
