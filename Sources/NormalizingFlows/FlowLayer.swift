import Autodiff
import DifferentialEquations

/// One layer of a flow that is made of layers, with each image's own weights.
protocol FlowLayer {
  /// z' and log |det dz'/dz|: `[batch, latent]`, `[batch]`.
  func apply(_ z: Variable) -> (z: Variable, logDeterminant: Variable)
}

extension FlowOutput {
  /// z through layers, first to last: log q changes by minus each layer's log-determinant.
  init(_ z: Variable, through layers: [some FlowLayer]) {
    self.init(z: z, deltaLogDensity: .noChange(of: z))
    for layer in layers {
      let (next, logDeterminant) = layer.apply(self.z)
      self.z = next
      deltaLogDensity = deltaLogDensity - logDeterminant
    }
  }

  /// z back through layers, last to first, given what each layer's input is for its output: a constant.
  init<Layer: FlowLayer>(
    _ z: Variable, backThrough layers: [Layer], input: (_ layer: Layer, _ output: Variable) -> Variable
  ) {
    self.init(z: z.detached, deltaLogDensity: .noChange(of: z))
    for layer in layers.reversed() {
      self.z = input(layer, self.z)
      deltaLogDensity = deltaLogDensity + layer.apply(self.z).logDeterminant
    }
  }
}
