import Autodiff
import NeuralNetworks
import Tensors

// Output i of a layer is z'_i = g_i z_i + (1 - g_i) m_i, where g_i and m_i are functions of the image and of z_j for j
// < i. The Jacobian is therefore triangular with g on its diagonal: log |det| = sum of log g_i, and log sigmoid(x) =
// -softplus(-x).

/// Inverse autoregressive flows: gated updates of z. A masked autoregressive network (MADE) computes the gate and the
/// mean of each latent dimension from the dimensions before it, with a context h that is linear in the image's
/// features.
///
///     a = elu(z A) + h   a = elu(a B)   m = a M   g = sigmoid(a G + 1)   z' = g * z + (1 - g) * m
///     log q(z') = log q(z) - sum of log g
///
/// The masked products also add biases. Every second layer reverses the order of the latent dimensions, and does not
/// restore it.
///
/// Kingma et al. 2016, "Improving Variational Inference with Inverse Autoregressive Flow", algorithm 1, with the
/// numerically stable gate of section 4; MADE of Germain et al. 2015 as in the code of van den Berg et al. 2018: one
/// hidden layer beyond the first, the context added after the first activation, forget bias 1.
public struct InverseAutoregressiveFlow: FiniteFlow {
  private struct Layer: Sendable {
    let first: MaskedLinear
    let hidden: MaskedLinear
    let mean: MaskedLinear
    let gate: MaskedLinear

    /// The output z', `[batch, latent]`, and log |det dz'/dz|, `[batch]`.
    func apply(
      _ z: Variable, context: Variable, _ parameters: BoundParameters
    ) -> (z: Variable, logDeterminant: Variable) {
      let (mean, gate) = update(z, context: context, parameters)
      let opening = gate.applying(.sigmoid)
      let next = mean + opening * (z - mean)
      return (next, -(-gate).applying(.softplus).sum(axis: -1))
    }

    /// The mean m, and the gate before its sigmoid; `[batch, latent]` each.
    func update(
      _ z: Variable, context: Variable, _ parameters: BoundParameters
    ) -> (mean: Variable, gate: Variable) {
      var a = first(z, parameters).applying(.elu) + context
      a = hidden(a, parameters).applying(.elu)
      return (mean(a, parameters), gate(a, parameters) + 1)
    }
  }

  private let layers: [Layer]
  private let context: Linear
  private let latent: Int

  /// The number of layers.
  public var flows: Int { layers.count }

  /// Adds the flow's parameters to a builder.
  ///
  /// They are `h_context.weight` `[width, features]` and its bias, and in `flow.param_list`, layer after layer: A
  /// `[latent, width]`, B `[width, width]`, M `[width, latent]`, G `[width, latent]`, each followed by its bias.
  ///
  /// - Parameters:
  ///   - features: The number of the encoder's features.
  ///   - latent: The number of latent dimensions.
  ///   - flows: The number of layers.
  ///   - width: The width of the masked network: a multiple of `latent`, or a divisor of it.
  ///   - builder: What makes the parameters.
  public init(features: Int, latent: Int, flows: Int, width: Int, in builder: inout ParameterBuilder) {
    self.latent = latent
    context = Linear("h_context", inputs: features, outputs: width, in: &builder)
    var count = 0
    func masked(_ inputs: Int, _ outputs: Int, isStrict: Bool = false, _ builder: inout ParameterBuilder)
      -> MaskedLinear
    {
      defer { count += 2 }
      return MaskedLinear(
        weightName: "flow.param_list.\(count)", biasName: "flow.param_list.\(count + 1)", inputs: inputs,
        outputs: outputs, isStrict: isStrict, in: &builder)
    }
    layers = (0..<flows).map { _ in
      Layer(
        first: masked(latent, width, &builder), hidden: masked(width, width, &builder),
        mean: masked(width, latent, isStrict: true, &builder),
        gate: masked(width, latent, isStrict: true, &builder))
    }
  }

  /// Transforms z0 to zT, layer by layer.
  public func callAsFunction(_ z0: Variable, features: Variable, _ parameters: BoundParameters) -> FlowOutput {
    let context = context(features, parameters)
    var output = FlowOutput(z: z0, deltaLogDensity: .zeros(ofRowsOf: z0))
    for (k, layer) in layers.enumerated() {
      let z = k % 2 == 1 ? output.z.flipped() : output.z
      let (next, logDeterminant) = layer.apply(z, context: context, parameters)
      output.z = next
      output.deltaLogDensity = output.deltaLogDensity - logDeterminant
    }
    return output
  }

  /// Transforms zT back to z0, as a constant. Each dimension of a layer's input depends on those before it, so that a
  /// layer takes as many passes as there are latent dimensions.
  public func inverse(_ zT: Variable, features: Variable, _ parameters: BoundParameters) -> FlowOutput {
    let constants = parameters.detached
    let context = context(features.detached, constants)
    var output = FlowOutput(z: zT.detached, deltaLogDensity: .zeros(ofRowsOf: zT))
    for (k, layer) in layers.enumerated().reversed() {
      var z = output.z
      for _ in 0..<latent {
        // After pass i, the first i dimensions are right, since they depend only on those before them.
        let (mean, gate) = layer.update(z, context: context, constants)
        z = mean + (output.z - mean) / gate.applying(.sigmoid)
      }
      let logDeterminant = layer.apply(z, context: context, constants).logDeterminant
      output.z = k % 2 == 1 ? z.flipped() : z
      output.deltaLogDensity = output.deltaLogDensity + logDeterminant
    }
    return output
  }
}
