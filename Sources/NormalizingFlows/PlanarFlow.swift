import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

// The layer z' = z + u^ tanh(w . z + b) moves z along u^ by an amount that depends on w . z. Its Jacobian is
// I + h' u^ w^T with h' = 1 - tanh^2, of determinant 1 + h' w . u^, and it is invertible if w . u^ > -1: (Rezende and
// Mohamed 2015, appendix A.1)
//
//     u^ = u + (m(w . u) - w . u) w / |w|^2        m(x) = -1 + softplus(x)
//
// so w . u^ = m(w . u), and the determinant is 1 + (1 - tanh^2) (softplus(w . u) - 1) = tanh^2 + (1 - tanh^2)
// softplus(w . u): a sum of terms that are not negative, which loses no digits where it is small.

/// Planar flows, one after another, whose u, w and b are linear functions of the image's features.
///
///     z' = z + u^ tanh(w . z + b)        log q(z') = log q(z) - log(1 + (1 - tanh^2(w . z + b)) w . u^)
///
/// For each layer, u and w are `[batch, latent]`, and b is `[batch]`; u^ is u constrained so that the layer is
/// invertible.
///
/// Rezende and Mohamed 2015, "Variational Inference with Normalizing Flows", section 4.1 and appendix A.1; amortized
/// as by van den Berg et al. 2018.
public struct PlanarFlow: PosteriorFlow {
  /// The number of layers.
  public let flows: Int
  private let latent: Int
  private let heads: (u: Linear, w: Linear, b: Linear)

  /// Adds the flow's parameters to a builder.
  ///
  /// They are `amor_u.weight` `[flows latent, features]`, `amor_w.weight` `[flows latent, features]`, `amor_b.weight`
  /// `[flows, features]` and their biases, layer by layer along the first axis.
  ///
  /// - Parameters:
  ///   - features: The number of the encoder's features.
  ///   - latent: The number of latent dimensions.
  ///   - flows: The number of layers.
  ///   - builder: What makes the parameters.
  public init(features: Int, latent: Int, flows: Int, in builder: inout ParameterBuilder) {
    self.flows = flows
    self.latent = latent
    heads = (
      Linear("amor_u", inputs: features, outputs: flows * latent, in: &builder),
      Linear("amor_w", inputs: features, outputs: flows * latent, in: &builder),
      Linear("amor_b", inputs: features, outputs: flows, in: &builder)
    )
  }

  /// One layer with its per-sample weights.
  private struct Layer: FlowLayer {
    /// u^, `[batch, latent]`
    let u: Variable
    /// `[batch, latent]`
    let w: Variable
    /// `[batch]`
    let b: Variable
    /// softplus(w . u) = 1 + w . u^, `[batch]`
    let gain: Variable

    /// w . z + b, `[batch]`
    func position(_ z: Variable) -> Variable { Variable.rowDot(w, z) + b }

    func apply(_ z: Variable) -> (z: Variable, logDeterminant: Variable) {
      let h = position(z).applying(.tanh)
      let square = h.applying(.square)
      return (z + h.broadcast(over: z.shape[1]) * u, (square + gain - square * gain).applying(.log))
    }
  }

  private func layers(_ features: Variable, _ parameters: BoundParameters) -> [Layer] {
    let batch = features.shape[0]
    // [batch, flows latent] -> [flows batch, latent]: all layers' rows at once.
    func vectors(_ head: Linear) -> Variable {
      head(features, parameters).reshaped([batch, flows, latent]).permuted([1, 0, 2])
        .reshaped([flows * batch, latent])
    }
    let (u, w) = (vectors(heads.u), vectors(heads.w))
    let b = heads.b(features, parameters).permuted([1, 0])
    let product = Variable.rowDot(w, u)
    let gain = product.applying(.softplus)
    let correction = (gain + -1 - product) / Variable.rowDot(w, w)
    let constrained = u + correction.broadcast(over: latent) * w
    return (0..<flows).map { k in
      func rows(_ x: Variable) -> Variable { x.sliced(axis: 0, start: k * batch, length: batch) }
      return Layer(
        u: rows(constrained), w: rows(w), b: b.sliced(axis: 0, start: k, length: 1).reshaped([batch]),
        gain: rows(gain))
    }
  }

  /// Transforms z0 to zT, layer by layer.
  public func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(z0, through: layers(features, parameters))
  }

  /// Transforms zT back to z0, as a constant: solves a scalar equation for each layer and sample.
  public func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    let type = zT.value.elementType
    return FlowOutput(zT, backThrough: layers(features.detached, parameters.detached)) { layer, output in
      // With a = w . z + b, w . z' + b = a + w . u^ tanh(a).
      let right = layer.position(output).value.doubles()
      let coefficients = layer.gain.value.doubles().map { $0 - 1 }
      let tangents = zip(coefficients, right).map { TanhEquation(coefficient: $0, rightSide: $1).hyperbolicTangent }
      let h = Variable(Tensor(tangents, shape: [tangents.count]).converted(to: type))
      return output - h.broadcast(over: latent) * layer.u
    }
  }
}
