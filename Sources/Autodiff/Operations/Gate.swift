import Kernels
import Tensors

// y = h sigmoid(g) for rows [h, g] of 2 c numbers: [..., 2 c] -> [..., c]. (Dauphin et al. 2017, gated linear units.)
// Tangent: h' sigmoid(g) + h sigmoid'(g) g'. Pullback: h receives sigmoid(g) times, g receives h sigmoid'(g) times
// the cotangent.

extension Variable {
  /// (h + a) sigmoid(g + b) for rows [h, g] and a bias [a, b]: [..., 2 c], [2 c] -> [..., c]
  public func gated(bias: Variable) -> Variable {
    checkGate()
    precondition(bias.shape == [shape.last ?? 0], "gated: bias \(bias.shape) for rows of \(shape)")
    let (x, b) = (value, bias.value)
    return .record(Backends.current.gate(x, bias: b), [self, bias]) { g, inputs in
      let cotangents = Backends.current.gatePullback(g, x, bias: b)
      inputs.add(cotangents.x, to: 0)
      if let bias = cotangents.bias { inputs.add(bias, to: 1) }
    }
  }

  /// h sigmoid(g) for rows [h, g]: [..., 2 c] -> [..., c]
  public func gated() -> Variable {
    checkGate()
    let x = value
    return .record(Backends.current.gate(x, bias: nil), [self]) { g, inputs in
      inputs.add(Backends.current.gatePullback(g, x, bias: nil).x, to: 0)
    }
  }

  private func checkGate() {
    let width = shape.last ?? 0
    precondition(width % 2 == 0 && width > 0, "gated: rows of \(width) numbers have no halves")
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
