import Autodiff
import Foundation
import Tensors

/// The error of a step, in units of the tolerance.
struct StepError {
  /// The root mean square of error / (atol + rtol max(|before|, |after|)), the largest over the components in the
  /// norm.
  let norm: Double
  /// The sample with the largest error.
  let sample: Int
}

extension Integrator {
  func error(
    _ control: AdaptiveSteps, _ stages: [[Variable]], _ size: Double, _ before: [Variable], _ after: [Variable]
  ) -> StepError {
    let used = stages.indices.filter { tableau.errorWeights[$0] != 0 }
    return scaledNorm(
      control, used.map { (tableau.errorWeights[$0] * size, stages[$0].map(\.value)) }, before.map(\.value),
      after.map(\.value))
  }

  /// The norm of a sum of coefficient * component in units of the tolerance; samples lie along the first axis.
  private func scaledNorm(
    _ control: AdaptiveSteps, _ terms: [(Double, [Tensor])], _ before: [Tensor], _ after: [Tensor]
  ) -> StepError {
    var norm = 0.0
    var worst = (sample: 0, square: -1.0)
    let inNorm = before.indices.filter { !componentsOutsideErrorNorm.contains($0) }
    func samples(_ c: Int) -> Int { max(before[c].shape.first ?? 1, 1) }
    var allSquares = inNorm.map { c in
      Tensor.scaledErrorSquares(
        terms.map { ($0.0, $0.1[c]) }, before: before[c], after: after[c],
        absoluteTolerance: control.absoluteTolerance, relativeTolerance: control.relativeTolerance,
        samples: samples(c))
    }
    if let batch { allSquares = batch.gathered(allSquares) }
    for (c, squares) in zip(inNorm, allSquares) {
      let width = Double(before[c].count) / Double(samples(c))
      let mean = squares.reduce(0, +) / (width * Double(squares.count))
      norm = mean.isNaN ? .nan : max(norm, mean.squareRoot())
      for (sample, square) in squares.enumerated() where !(square / width <= worst.square) {
        worst = (sample, square.isNaN ? .infinity : square / width)
      }
      if norm.isNaN { break }
    }
    return StepError(norm: norm, sample: worst.sample)
  }

  /// The size of the first step, after Hairer, Nørsett, Wanner, section II.4, as torchdiffeq has it. Takes one
  /// evaluation.
  func initialStep(
    _ control: AdaptiveSteps, _ time: Double, _ state: [Variable], _ first: [Variable], _ direction: Double,
    _ statistics: inout SolveStatistics
  ) throws(SolveError) -> Double {
    let y = state.map(\.value)
    let f0 = first.map(\.value)
    func norm(_ terms: [(Double, [Tensor])]) -> Double { scaledNorm(control, terms, y, y).norm }
    let d0 = norm([(1, y)])
    let d1 = norm([(1, f0)])
    let trial = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1
    let mark = tape?.count ?? 0
    let moved = combination(state, [first], [1], trial * direction)
    let f1 = evaluate(time + trial * direction, moved, &statistics)
    tape?.rewind(to: mark)
    try checkFinite(f1, at: time)
    let d2 = norm([(1, f1.map(\.value)), (-1, f0)]) / trial
    let second =
      d1 <= 1e-15 && d2 <= 1e-15
      ? max(1e-6, trial * 1e-3) : pow(0.01 / max(d1, d2), 1 / Double(tableau.order))
    return min(100 * trial, second)
  }
}
