import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

// A layer is z' = z + Q R1 tanh(R2 Q^T z + b) with orthonormal columns in Q and upper triangular R1, R2. By Sylvester's
// identity det(I + A B) = det(I + B A), with A = Q R1 and B = diag(h') R2 Q^T, h' = 1 - tanh^2: (theorem 1 of the paper)
//
//     det = det(I + diag(h') R2 R1) = product of (1 + h'_i r1_ii r2_ii)
//
// since R2 Q^T Q R1 is R2 R1, upper triangular. The diagonals of R1 and R2 are passed through tanh, so that
// |r1_ii r2_ii| < 1: every factor is positive, and the layer is invertible (theorem 2).
//
// Its inverse: a = R2 Q^T z + b satisfies R2 Q^T z' + b = a + R2 R1 tanh(a), a triangular system of scalar equations,
// each monotone in its unknown. They are solved from the last to the first. Then z = z' - Q R1 tanh(a).
//
// One matrix D holds the off-diagonal parts of both: R1 takes its part above the diagonal, R2 the transpose of its part
// below.

/// Sylvester flows, one after another, whose matrices are functions of the image's features.
///
///     z' = z + Q R1 tanh(R2 Q^T z + b)        log q(z') = log q(z) - sum of log(1 + (1 - tanh^2) r1_ii r2_ii)
///
/// Van den Berg et al. 2018, "Sylvester Normalizing Flows for Variational Inference"; Q is one of ``SylvesterBasis``.
public struct SylvesterFlow: PosteriorFlow {
  /// How the matrices Q are parameterized.
  public let basis: SylvesterBasis
  /// The number of layers.
  public let flows: Int
  private let latent: Int
  private let width: Int
  private let matrix: Linear
  private let diagonals: [Linear]
  private let rotation: Linear?
  private let shift: Linear
  private let masks: (upper: Tensor, lower: Tensor)

  /// Adds the flow's parameters to a builder.
  ///
  /// With m columns of Q, they are `amor_d.weight` `[flows m m, features]`, `amor_diag1.0.weight` and
  /// `amor_diag2.0.weight` `[flows m, features]`, `amor_q.weight` `[flows latent vectors, features]` (reflections in
  /// place of vectors for Householder flows; none for triangular ones), `amor_b.weight` `[flows m, features]` and
  /// their biases. As in the published model, the layer is the first axis of the output of `amor_q`, and the last axis
  /// of the others'.
  ///
  /// - Parameters:
  ///   - features: The number of the encoder's features.
  ///   - latent: The number of latent dimensions.
  ///   - flows: The number of layers.
  ///   - basis: How the matrices Q are parameterized.
  ///   - builder: What makes the parameters.
  public init(
    features: Int, latent: Int, flows: Int, basis: SylvesterBasis, in builder: inout ParameterBuilder
  ) {
    let width = basis.width(latent: latent)
    precondition(
      (1...latent).contains(width), "Sylvester flow: \(width) orthonormal vectors of \(latent) numbers")
    self.basis = basis
    self.flows = flows
    self.latent = latent
    self.width = width
    matrix = Linear("amor_d", inputs: features, outputs: flows * width * width, in: &builder)
    diagonals = ["amor_diag1.0", "amor_diag2.0"].map {
      Linear($0, inputs: features, outputs: flows * width, in: &builder)
    }
    let count = flows * basis.count(latent: latent)
    rotation = count > 0 ? Linear("amor_q", inputs: features, outputs: count, in: &builder) : nil
    shift = Linear("amor_b", inputs: features, outputs: flows * width, in: &builder)
    func mask(_ holds: (_ row: Int, _ column: Int) -> Bool) -> Tensor {
      let numbers: [Float] = (0..<(width * width)).map { holds($0 / width, $0 % width) ? 1 : 0 }
      return Tensor(numbers, shape: [width * width])
    }
    masks = (mask { $0 < $1 }, mask { $0 > $1 })
  }

  /// One layer with its per-sample weights.
  private struct Layer: FlowLayer {
    let rotation: Rotation
    /// R1 above its diagonal, and the transpose of R2 below its diagonal: `[batch, m, m]`
    let upper: Variable
    let lower: Variable
    /// The diagonals of R1 and R2, `[batch, m]`
    let first: Variable
    let second: Variable
    /// b, `[batch, m]`
    let shift: Variable

    private func row(_ x: Variable) -> Variable { x.reshaped([x.shape[0], 1, x.shape[1]]) }

    /// R2 Q^T z + b, `[batch, m]`
    func position(_ z: Variable) -> Variable {
      let p = rotation.project(z)
      return Variable.batchedMatrixProduct(row(p), lower).reshaped(p.shape) + second * p + shift
    }

    /// Q R1 h, `[batch, latent]`
    func displacement(_ h: Variable) -> Variable {
      let product = Variable.batchedMatrixProduct(row(h), upper, transposingSecond: true).reshaped(h.shape)
      return rotation.lift(product + first * h)
    }

    func apply(_ z: Variable) -> (z: Variable, logDeterminant: Variable) {
      let h = position(z).applying(.tanh)
      let derivative = -h.applying(.square) + 1
      let factors = derivative * (first * second) + 1
      return (z + displacement(h), factors.applying(.log).sum(axis: -1))
    }
  }

  private func layers(_ features: Variable, _ parameters: BoundParameters) -> [Layer] {
    let batch = features.shape[0]
    // [batch, size flows] -> [flows batch, size]
    func byLayer(_ head: Linear, _ size: Int) -> Variable {
      head(features, parameters).reshaped([batch, size, flows]).permuted([2, 0, 1])
        .reshaped([flows * batch, size])
    }
    func constant(_ mask: Tensor) -> Variable { Variable(mask.converted(to: features.value.elementType)) }
    let d = byLayer(matrix, width * width)
    let upper = d.scalingColumns(by: constant(masks.upper))
    let lower = d.scalingColumns(by: constant(masks.lower))
    let diagonals = diagonals.map { byLayer($0, width).applying(.tanh) }
    let b = byLayer(shift, width)
    let rotations = basis.rotations(
      rotation.map { $0(features, parameters) }, flows: flows, latent: latent)
    return rotations.enumerated().map { k, rotation in
      func rows(_ x: Variable) -> Variable { x.sliced(axis: 0, start: k * batch, length: batch) }
      return Layer(
        rotation: rotation, upper: rows(upper).reshaped([batch, width, width]),
        lower: rows(lower).reshaped([batch, width, width]), first: rows(diagonals[0]),
        second: rows(diagonals[1]), shift: rows(b))
    }
  }

  /// Transforms z0 to zT, layer by layer.
  public func forward(
    _ z0: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(z0, through: layers(features, parameters))
  }

  /// Transforms zT back to z0, as a constant: solves a triangular system of scalar equations for each layer and sample.
  public func inverse(
    _ zT: Variable, features: Variable, _ parameters: BoundParameters, _ probes: ProbeSource
  ) throws(SolveError) -> FlowOutput {
    FlowOutput(zT, backThrough: layers(features.detached, parameters.detached)) { layer, output in
      output - layer.displacement(hidden(layer, output))
    }
  }

  /// tanh(a), `[batch, m]`, where a = R2 Q^T z + b for the layer's input z, which is found from the layer's output.
  private func hidden(_ layer: Layer, _ z: Variable) -> Variable {
    let batch = z.shape[0]
    func triangle(_ strict: Variable, transposed: Bool, _ diagonal: Variable) -> [Double] {
      var r = (transposed ? strict.permuted([0, 2, 1]) : strict).value.doubles()
      for (i, number) in diagonal.value.doubles().enumerated() {
        r[i / width * width * width + i % width * (width + 1)] = number
      }
      return r
    }
    let r1 = Tensor(triangle(layer.upper, transposed: false, layer.first), shape: [batch, width, width])
    let r2 = Tensor(triangle(layer.lower, transposed: true, layer.second), shape: [batch, width, width])
    let product = Variable.batchedMatrixProduct(Variable(r2), Variable(r1)).value.doubles()
    let right = layer.position(z).value.doubles()
    var h = [Double](repeating: 0, count: right.count)
    for s in 0..<batch {
      for i in (0..<width).reversed() {
        let row = (s * width + i) * width
        let later = ((i + 1)..<width).reduce(0) { $0 + product[row + $1] * h[s * width + $1] }
        let equation = TanhEquation(coefficient: product[row + i], rightSide: right[s * width + i] - later)
        h[s * width + i] = equation.hyperbolicTangent
      }
    }
    return Variable(Tensor(h, shape: [batch, width]).converted(to: z.value.elementType))
  }
}
