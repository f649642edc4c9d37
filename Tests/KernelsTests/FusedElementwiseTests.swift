import Foundation
import Tensors
import TestSupport
import Testing

@testable import Kernels

/// Softplus of value and tangent, and gates with a bias, against the definitions in double precision.
@Suite struct FusedElementwiseTests {
  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  @Test func `softplus and sigmoid are accurate to a few units in the last place`() {
    let points = stride(from: -86, through: 86, by: 0.01).map { Double(Float($0)) }
    let stack = single(points + points.map { _ in 1 }, [2, points.count])
    for (set, results) in Compute.onEveryInstructionSet({ SoftplusStack.forward(stack) }) {
      let (y, s) = (results[0].result.floats(), results[0].sigmoid.floats())
      for (i, x) in points.enumerated() {
        let (value, derivative) = (max(x, 0) + log1p(exp(-abs(x))), sigmoid(x))
        #expect(abs(Double(y[i]) - value) <= 4 * Double(Float(value).ulp), "softplus(\(x)) on \(set)")
        #expect(abs(Double(s[i]) - derivative) <= 4 * Double(Float(derivative).ulp), "sigmoid(\(x)) on \(set)")
        #expect(y[points.count + i] == s[i])
      }
    }
  }

  @Test func `softplus keeps to its limits, and to what is not a number`() {
    for (_, results) in Compute.onEveryInstructionSet({
      SoftplusStack.forward(Tensor([1e30, -1e30, .infinity, .nan, 1, 1, 1, 1] as [Float], shape: [2, 4]))
    }) {
      let y = results[0].result.floats()
      #expect(y[0] == 1e30 && y[1] >= 0 && y[1] < 1e-37 && y[2] == .infinity && y[3].isNaN && y[7].isNaN)
      #expect(y[4] == 1 && y[5] < 1e-37 && y[6] == 1)
    }
  }

  @Test(arguments: [1, 17, 5000])
  func `the pullback of softplus is the derivative of value and tangent`(_ count: Int) {
    let (x, dx) = (normals(count, 1).map { 3 * $0 }, normals(count, 2))
    let (gy, gdy) = (normals(count, 3), normals(count, 4))
    let s = x.map { sigmoid($0) }
    let expected =
      x.indices.map { s[$0] * gy[$0] + s[$0] * (1 - s[$0]) * dx[$0] * gdy[$0] }
      + x.indices.map { s[$0] * gdy[$0] }
    let stack = single(x + dx, [2, count])
    for (set, results) in Compute.onEveryInstructionSet({ () -> Tensor in
      let forward = SoftplusStack.forward(stack)
      return SoftplusStack.pullback(single(gy + gdy, [2, count]), stack: stack, sigmoid: forward.sigmoid)
    }) {
      #expect(relativeDifference(results[0], expected) <= 5e-7, "\(set)")
      for other in results.dropFirst() { #expect(other.floats() == results[0].floats()) }
    }
  }

  @Test(arguments: [(1, 1), (7, 3), (256, 16), (700, 32), (1025, 5)])
  func `a gate with a bias, and its pullback`(_ rows: Int, _ channels: Int) {
    let (x, bias, g) = (normals(rows * 2 * channels, 1), normals(2 * channels, 2), normals(rows * channels, 3))
    var (y, gx, gb) = ([Double](), x, [Double](repeating: 0, count: 2 * channels))
    for row in 0..<rows {
      for c in 0..<channels {
        let at = row * 2 * channels + c
        let (h, s) = (x[at] + bias[c], sigmoid(x[at + channels] + bias[channels + c]))
        y.append(h * s)
        gx[at] = g[row * channels + c] * s
        gx[at + channels] = g[row * channels + c] * h * s * (1 - s)
        gb[c] += gx[at]
        gb[channels + c] += gx[at + channels]
      }
    }
    let magnitude = gx.map { abs($0) }.reduce(0, +)
    for (set, results) in Compute.onEveryInstructionSet({ () -> [Tensor] in
      let (a, b) = (single(x, [rows, 2 * channels]), single(bias, [2 * channels]))
      let back = BiasedGate.pullback(single(g, [rows, channels]), a, bias: b)
      return [BiasedGate.forward(a, bias: b), back.x, back.bias]
    }) {
      #expect(relativeDifference(results[0][0], y) <= 5e-7, "\(set)")
      #expect(relativeDifference(results[0][1], gx) <= 5e-7, "\(set)")
      let worst = zip(results[0][2].doubles(), gb).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-6 * magnitude, "\(set)")
      for other in results.dropFirst() {
        for (a, b) in zip(other, results[0]) { #expect(a.floats() == b.floats()) }
      }
    }
  }
}
