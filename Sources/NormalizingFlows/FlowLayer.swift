import Autodiff
import DifferentialEquations

/// A layer of a finite flow, with per-sample weights.
protocol FlowLayer {
  /// The output z', `[batch, latent]`, and log |det dz'/dz|, `[batch]`.
  func apply(_ z: Variable) -> (z: Variable, logDeterminant: Variable)
}

extension FlowOutput {
  /// The result of applying layers to z, first to last. Each changes log q by minus its log-determinant.
  init(_ z: Variable, through layers: [some FlowLayer]) {
    self.init(z: z, deltaLogDensity: .zeros(ofRowsOf: z))
    for layer in layers {
      let (next, logDeterminant) = layer.apply(self.z)
      self.z = next
      deltaLogDensity = deltaLogDensity - logDeterminant
    }
  }

  /// The result of inverting layers, last to first, where `input` finds a layer's input from its output. It is a
  /// constant: no gradient flows through it.
  init<Layer: FlowLayer>(
    _ z: Variable, backThrough layers: [Layer], input: (_ layer: Layer, _ output: Variable) -> Variable
  ) {
    self.init(z: z.detached, deltaLogDensity: .zeros(ofRowsOf: z))
    for layer in layers.reversed() {
      self.z = input(layer, self.z)
      deltaLogDensity = deltaLogDensity + layer.apply(self.z).logDeterminant
    }
  }
}
