import CKernels
import Profiling
import Tensors

/// About as many operations as a polynomial for a transcendental function takes.
private let operationsOfAFunction = 20

extension CPUArithmetic {
  package func elementwise(_ f: ElementwiseFunction, _ x: Tensor, tangents: Int) -> (y: Tensor, kept: Tensor?) {
    let bytes = x.count * x.elementType.byteCount
    if f == .softplus, tangents == 1, x.elementType == .float32 {
      Profiler.count(operations: operationsOfAFunction * x.count, bytes: 5 * bytes / 2)
      let (y, sigmoid) = SoftplusStack.forward(x)
      return (y, sigmoid)
    }
    let stride = x.count / (1 + tangents)
    let kernels = x.elementType.kernels
    let y = Tensor(uninitialized: x.shape, x.elementType)
    Profiler.count(operations: operationsOfAFunction * x.count, bytes: 2 * bytes)
    Compute.parallel(stride, cost: 8 * (1 + tangents)) { begin, end in
      kernels.jet(f.kernel, tangents, stride, begin, end, x.address, y.freshAddress)
    }
    withExtendedLifetime(x) {}
    return (y, nil)
  }

  package func elementwisePullback(_ f: ElementwiseFunction, _ g: Tensor, _ x: Tensor, kept: Tensor?, tangents: Int)
    -> Tensor
  {
    let bytes = x.count * x.elementType.byteCount
    if let sigmoid = kept {
      Profiler.count(operations: 4 * x.count, bytes: 3 * bytes)
      return SoftplusStack.pullback(g, stack: x, sigmoid: sigmoid)
    }
    let stride = x.count / (1 + tangents)
    let kernels = x.elementType.kernels
    let gx = Tensor(uninitialized: x.shape, x.elementType)
    Profiler.count(operations: operationsOfAFunction * x.count, bytes: 3 * bytes)
    Compute.parallel(stride, cost: 8 * (1 + tangents)) { begin, end in
      kernels.jet_pullback(f.kernel, tangents, stride, begin, end, x.address, g.address, gx.freshAddress)
    }
    withExtendedLifetime((g, x)) {}
    return gx
  }

  package func product(_ a: Tensor, tangents ka: Int, _ b: Tensor, tangents kb: Int, shape: [Int]) -> Tensor {
    let stride = a.count / (1 + ka)
    let kernels = a.elementType.kernels
    let c = Tensor(uninitialized: shape, a.elementType)
    Compute.parallel(stride, cost: 1 + ka + kb) { begin, end in
      kernels.product_jet(ka, kb, stride, begin, end, a.address, b.address, c.freshAddress)
    }
    withExtendedLifetime((a, b)) {}
    return c
  }

  package func productPullback(_ g: Tensor, shape: [Int], tangents ka: Int, with b: Tensor, tangents kb: Int) -> Tensor
  {
    let result = Tensor(uninitialized: shape, b.elementType)
    let stride = result.count / (1 + ka)
    let kernels = b.elementType.kernels
    Compute.parallel(stride, cost: 1 + ka + kb) { begin, end in
      kernels.product_jet_pullback(ka, kb, stride, begin, end, b.address, g.address, result.freshAddress)
    }
    withExtendedLifetime((b, g)) {}
    return result
  }

  package func gate(_ x: Tensor, bias: Tensor?) -> Tensor {
    let bytes = x.count * x.elementType.byteCount
    Profiler.count(operations: 10 * x.count, bytes: bytes + bytes / 2)
    if let bias, x.elementType == .float32 { return BiasedGate.forward(x, bias: bias) }
    let biased = biased(x, bias)
    let channels = (x.shape.last ?? 0) / 2
    let kernels = x.elementType.kernels
    let y = Tensor(uninitialized: x.shape.dropLast() + [channels], x.elementType)
    Compute.parallel(y.count / max(channels, 1), cost: 16 * channels) { begin, end in
      kernels.gate(channels, begin, end, biased.address, y.freshAddress)
    }
    withExtendedLifetime(biased) {}
    return y
  }

  package func gatePullback(_ g: Tensor, _ x: Tensor, bias: Tensor?) -> (x: Tensor, bias: Tensor?) {
    let bytes = x.count * x.elementType.byteCount
    Profiler.count(operations: 10 * x.count, bytes: 2 * bytes + bytes / 2)
    if let bias, x.elementType == .float32 {
      let cotangents = BiasedGate.pullback(g, x, bias: bias)
      return (cotangents.x, cotangents.bias)
    }
    let biased = biased(x, bias)
    let channels = (x.shape.last ?? 0) / 2
    let rows = g.count / max(channels, 1)
    let kernels = x.elementType.kernels
    let gx = Tensor(uninitialized: x.shape, x.elementType)
    Compute.parallel(rows, cost: 16 * channels) { begin, end in
      kernels.gate_pullback(channels, begin, end, biased.address, g.address, gx.freshAddress)
    }
    withExtendedLifetime((g, biased)) {}
    guard let bias else { return (gx, nil) }
    var sums = Tensor(zeros: bias.shape, x.elementType)
    sums.addColumnSums(of: gx, rows: rows)
    return (gx, sums)
  }

  private func biased(_ x: Tensor, _ bias: Tensor?) -> Tensor {
    guard let bias else { return x }
    var result = x
    bias.addToRows(x.count / max(bias.count, 1), of: &result)
    return result
  }
}
