import Tensors

// y = f(x).
// Tangent: f'(x) v.
// Pullback of value and tangents together, for cotangents g of f(x) and h_i of f'(x) v_i:
//   x receives f'(x) g + f''(x) sum of h_i v_i;  v_i receives f'(x) h_i.

extension Variable {
  /// f(x), elementwise. Any shape.
  public func applying(_ function: ElementwiseFunction) -> Variable { jet(function, tangents: 0) }

  /// About as many operations as a polynomial for a transcendental function takes.
  private static let jetOperations = 20

  fileprivate func jet(_ function: ElementwiseFunction, tangents: Int) -> Variable {
    if function == .softplus, tangents == 1, value.elementType == .float32 { return softplusStack() }
    let x = value
    let stride = x.count / (1 + tangents)
    let kernels = x.elementType.kernels
    let y = Tensor(uninitialized: shape, x.elementType)
    let bytes = x.count * x.elementType.byteCount
    Profiler.count(operations: Self.jetOperations * x.count, bytes: 2 * bytes)
    Compute.parallel(stride, cost: 8 * (1 + tangents)) { begin, end in
      kernels.jet(function.kernel, tangents, stride, begin, end, x.address, y.freshAddress)
    }
    return .record(y, [self]) { g, inputs in
      let gx = Tensor(uninitialized: x.shape, x.elementType)
      Profiler.count(operations: Self.jetOperations * x.count, bytes: 3 * bytes)
      Compute.parallel(stride, cost: 8 * (1 + tangents)) { begin, end in
        kernels.jet_pullback(
          function.kernel, tangents, stride, begin, end, x.address, g.address, gx.freshAddress)
      }
      inputs.add(gx, to: 0)
    }
  }
}

extension Variable {
  /// Softplus of a value and one tangent, [2, ...], in single precision: the way back uses the sigmoid that the way there
  /// found.
  private func softplusStack() -> Variable {
    let x = value
    let bytes = x.count * x.elementType.byteCount
    Profiler.count(operations: Self.jetOperations * x.count, bytes: 5 * bytes / 2)
    let (y, sigmoid) = SoftplusStack.forward(x)
    return .record(y, [self]) { g, inputs in
      Profiler.count(operations: 4 * x.count, bytes: 3 * bytes)
      inputs.add(SoftplusStack.pullback(g, stack: x, sigmoid: sigmoid), to: 0)
    }
  }
}

extension Dual {
  /// f(x), elementwise, and f'(x) v.
  public func applying(_ function: ElementwiseFunction) -> Dual {
    Dual(stacked: stacked.jet(function, tangents: tangentCount))
  }
}
