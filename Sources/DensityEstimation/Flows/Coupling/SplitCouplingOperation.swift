import Autodiff
import Foundation
import Tensors

// Of a row x with kept and moved numbers, and a network's output (s, t) for it:
//     z = x where kept, and sigmoid(s + 2) x + t where moved        l = sum of log sigmoid(s + 2)
// Pullback of z: x receives g where kept and sigmoid(s + 2) g where moved; s receives g x sigmoid(s + 2) (1 - sigmoid(s + 2))
// and t receives g. Pullback of l: s receives g (1 - sigmoid(s + 2)).
// Toys have so few numbers that an operation costs more than what it computes: these are two in place of twelve.

/// The end of ``SplitAffineCoupling``, in one pass over a batch.
struct SplitCouplingOperation {
  /// The number of dimensions.
  let dimensions: Int
  /// The dimensions that are scaled and shifted.
  let moved: Range<Int>

  /// z, `[batch, dimensions]`, and l, `[batch]`, for x and the network's output, `[batch, 2 moved]`.
  func callAsFunction(_ x: Variable, _ output: Variable) -> (z: Variable, logDeterminant: Variable) {
    switch x.value.elementType {
    case .float32: apply(x, output, Float.self)
    case .float64: apply(x, output, Double.self)
    }
  }

  private func apply<Scalar: TensorScalar>(
    _ x: Variable, _ output: Variable, _: Scalar.Type
  ) -> (z: Variable, logDeterminant: Variable) {
    let (rows, count) = (x.shape[0], moved.count)
    var z = x.value
    var logs = [Scalar](repeating: 0, count: rows)
    var scales = [Scalar](repeating: 0, count: rows * count)
    output.value.withBytes { output in
      z.withMutableBytes { z in
        let output = output.bindMemory(to: Scalar.self)
        let z = z.bindMemory(to: Scalar.self)
        for row in 0..<rows {
          var sum = 0.0
          for j in 0..<count {
            let s = Double(output[2 * count * row + j]) + 2
            // Of the exponentials of s and -s, the one that cannot overflow.
            let small = exp(-abs(s))
            let scale = Scalar((s < 0 ? small : 1) / (1 + small))
            sum += min(s, 0) - log1p(small)
            scales[row * count + j] = scale
            let place = row * dimensions + moved.lowerBound + j
            z[place] = scale * z[place] + output[2 * count * row + count + j]
          }
          logs[row] = Scalar(sum)
        }
      }
    }
    let values = x.value
    return (
      .record(z, of: [x, output]) { [scales] g in pullback(g, values, scales) },
      .record(Tensor(logs, shape: [rows]), of: [output]) { [scales] g in [pullbackOfLogarithm(g, scales)] }
    )
  }

  private func pullback<Scalar: TensorScalar>(
    _ g: Tensor, _ x: Tensor, _ scales: [Scalar]
  ) -> [Tensor] {
    let (rows, count) = (x.shape[0], moved.count)
    var (toX, toOutput) = (g, Tensor(uninitialized: [rows, 2 * count], g.elementType))
    x.withBytes { x in
      toX.withMutableBytes { toX in
        toOutput.withMutableBytes { toOutput in
          let x = x.bindMemory(to: Scalar.self)
          let toX = toX.bindMemory(to: Scalar.self)
          let toOutput = toOutput.bindMemory(to: Scalar.self)
          for row in 0..<rows {
            for j in 0..<count {
              let (place, scale) = (row * dimensions + moved.lowerBound + j, scales[row * count + j])
              let g = toX[place]
              toX[place] = g * scale
              toOutput[2 * count * row + j] = g * x[place] * scale * (1 - scale)
              toOutput[2 * count * row + count + j] = g
            }
          }
        }
      }
    }
    return [toX, toOutput]
  }

  private func pullbackOfLogarithm<Scalar: TensorScalar>(
    _ g: Tensor, _ scales: [Scalar]
  ) -> Tensor {
    let (rows, count) = (g.shape[0], moved.count)
    var toOutput = Tensor(zeros: [rows, 2 * count], g.elementType)
    g.withBytes { g in
      toOutput.withMutableBytes { toOutput in
        let g = g.bindMemory(to: Scalar.self)
        let toOutput = toOutput.bindMemory(to: Scalar.self)
        for row in 0..<rows {
          for j in 0..<count { toOutput[2 * count * row + j] = g[row] * (1 - scales[row * count + j]) }
        }
      }
    }
    return toOutput
  }
}
