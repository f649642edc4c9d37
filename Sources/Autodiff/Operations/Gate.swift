import Tensors

// y = h sigmoid(g) for rows [h, g] of 2 c numbers: [..., 2 c] -> [..., c]. (Dauphin et al. 2017, gated linear units.)
// Tangent: h' sigmoid(g) + h sigmoid'(g) g'. Pullback: h receives sigmoid(g) times, g receives h sigmoid'(g) times
// the cotangent.

extension Variable {
  /// (h + a) sigmoid(g + b) for rows [h, g] and a bias [a, b]: [..., 2 c], [2 c] -> [..., c]; in one pass in single
  /// precision.
  public func gated(bias: Variable) -> Variable {
    guard value.elementType == .float32 else { return addingToRows(bias).gated() }
    let (x, b) = (value, bias.value)
    let bytes = x.count * x.elementType.byteCount
    Profiler.count(operations: 10 * x.count, bytes: bytes + bytes / 2)
    return .record(BiasedGate.forward(x, bias: b), [self, bias]) { g, inputs in
      Profiler.count(operations: 10 * x.count, bytes: 2 * bytes + bytes / 2)
      let cotangents = BiasedGate.pullback(g, x, bias: b)
      inputs.add(cotangents.x, to: 0)
      inputs.add(cotangents.bias, to: 1)
    }
  }

  /// h sigmoid(g) for rows [h, g]: [..., 2 c] -> [..., c]
  public func gated() -> Variable {
    let width = shape.last ?? 0
    precondition(width % 2 == 0 && width > 0, "gated: rows of \(width) numbers have no halves")
    let channels = width / 2
    let x = value
    let rows = x.count / width
    let kernels = x.elementType.kernels
    let y = Tensor(uninitialized: shape.dropLast() + [channels], x.elementType)
    let bytes = x.count * x.elementType.byteCount
    Profiler.count(operations: 10 * x.count, bytes: bytes + bytes / 2)
    Compute.parallel(rows, cost: 16 * channels) { begin, end in
      kernels.gate(channels, begin, end, x.address, y.freshAddress)
    }
    return .record(y, [self]) { g, inputs in
      let gx = Tensor(uninitialized: x.shape, x.elementType)
      Profiler.count(operations: 10 * x.count, bytes: 2 * bytes + bytes / 2)
      Compute.parallel(rows, cost: 16 * channels) { begin, end in
        kernels.gate_pullback(channels, begin, end, x.address, g.address, gx.freshAddress)
      }
      inputs.add(gx, to: 0)
    }
  }
}

extension Dual {
  /// h sigmoid(g) for rows [h, g]: [..., 2 c] -> [..., c]
  public func gated() -> Dual {
    let axis = shape.count - 1
    let channels = shape[axis] / 2
    return sliced(axis: axis, start: 0, length: channels)
      * sliced(axis: axis, start: channels, length: channels).applying(.sigmoid)
  }
}
