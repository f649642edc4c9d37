import CKernels
import Tensors

/// Softplus of a value and its tangent in one pass, with what the way back needs: single precision.
enum SoftplusStack {
  /// softplus(x) and sigmoid(x) dx for x = stack[0], dx = stack[1], and sigmoid(x): [2, ...] -> [2, ...], [...]
  static func forward(_ stack: Tensor) -> (result: Tensor, sigmoid: Tensor) {
    precondition(
      stack.elementType == .float32 && stack.shape.first == 2, "softplus stack: \(stack.shape)")
    let half = stack.count / 2
    let result = Tensor(uninitialized: stack.shape, .float32)
    let sigmoid = Tensor(uninitialized: Array(stack.shape.dropFirst()), .float32)
    let kernels = ck_single_kernels().pointee
    let x = stack.address.assumingMemoryBound(to: Float.self)
    let y = result.freshAddress.assumingMemoryBound(to: Float.self)
    let s = sigmoid.freshAddress.assumingMemoryBound(to: Float.self)
    Compute.parallel(half, cost: 12) { begin, end in
      kernels.softplus_stack(begin, end, x, x + half, y, y + half, s)
    }
    withExtendedLifetime(stack) {}
    return (result, sigmoid)
  }

  /// The cotangent of the stack for the cotangent g [2, ...] of its softplus:
  /// s g[0] + s (1 - s) dx g[1], and s g[1], where s is the sigmoid that `forward` returned.
  static func pullback(_ g: Tensor, stack: Tensor, sigmoid: Tensor) -> Tensor {
    precondition(
      g.elementType == .float32 && stack.elementType == .float32 && sigmoid.elementType == .float32
        && g.shape == stack.shape && 2 * sigmoid.count == stack.count,
      "softplus stack: \(stack.shape), cotangent \(g.shape), sigmoid \(sigmoid.shape)")
    let half = sigmoid.count
    let result = Tensor(uninitialized: stack.shape, .float32)
    let kernels = ck_single_kernels().pointee
    let dx = stack.address.assumingMemoryBound(to: Float.self) + half
    let gy = g.address.assumingMemoryBound(to: Float.self)
    let gx = result.freshAddress.assumingMemoryBound(to: Float.self)
    let s = sigmoid.address.assumingMemoryBound(to: Float.self)
    Compute.parallel(half, cost: 6) { begin, end in
      kernels.softplus_stack_pullback(begin, end, s, dx, gy, gy + half, gx, gx + half)
    }
    withExtendedLifetime((g, stack, sigmoid)) {}
    return result
  }
}
