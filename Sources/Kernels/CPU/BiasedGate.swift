import CKernels
import Tensors

/// (h + a) sigmoid(g + b) for rows [h, g] and a bias [a, b], each in one pass: single precision.
enum BiasedGate {
  /// [..., 2 c], [2 c] -> [..., c]
  static func forward(_ x: Tensor, bias: Tensor) -> Tensor {
    let channels = check(x, bias)
    let result = Tensor(uninitialized: x.shape.dropLast() + [channels], .float32)
    let kernels = ck_single_kernels().pointee
    Compute.parallel(x.count / (2 * channels), cost: 16 * channels) { begin, end in
      kernels.biased_gate(
        channels, begin, end, x.address.assumingMemoryBound(to: Float.self),
        bias.address.assumingMemoryBound(to: Float.self),
        result.freshAddress.assumingMemoryBound(to: Float.self))
    }
    withExtendedLifetime((x, bias)) {}
    return result
  }

  /// The cotangents of x and of the bias for the cotangent g [..., c]. The bias's is summed in blocks of rows, the same
  /// ones on any number of threads.
  static func pullback(_ g: Tensor, _ x: Tensor, bias: Tensor) -> (x: Tensor, bias: Tensor) {
    let channels = check(x, bias)
    let rows = x.count / (2 * channels)
    precondition(
      g.elementType == .float32 && g.count == rows * channels, "biased gate: cotangent \(g.shape) for \(x.shape)")
    let blocks = (rows + Int(CK_GATE_BLOCK) - 1) / Int(CK_GATE_BLOCK)
    let gx = Tensor(uninitialized: x.shape, .float32)
    let sums = Tensor(uninitialized: [blocks, 2 * channels], .float32)
    let kernels = ck_single_kernels().pointee
    Compute.parallel(blocks, cost: 20 * channels * Int(CK_GATE_BLOCK)) { begin, end in
      kernels.biased_gate_pullback(
        channels, rows, begin, end, x.address.assumingMemoryBound(to: Float.self),
        bias.address.assumingMemoryBound(to: Float.self), g.address.assumingMemoryBound(to: Float.self),
        gx.freshAddress.assumingMemoryBound(to: Float.self), sums.freshAddress.assumingMemoryBound(to: Float.self))
    }
    var total = Tensor(zeros: bias.shape)
    total.addColumnSums(of: sums, rows: blocks)
    withExtendedLifetime((g, x, bias)) {}
    return (gx, total)
  }

  /// The number of channels of the result.
  private static func check(_ x: Tensor, _ bias: Tensor) -> Int {
    let width = x.shape.last ?? 0
    precondition(
      x.elementType == .float32 && bias.elementType == .float32 && width > 0 && width % 2 == 0
        && bias.shape == [width], "biased gate: rows of \(x.shape), bias \(bias.shape)")
    return width / 2
  }
}
