import Autodiff
import NeuralNetworks
import Tensors

/// How a Sylvester flow parameterizes its matrix Q with orthonormal columns, `[latent, width]`.
///
/// Van den Berg et al. 2018, "Sylvester Normalizing Flows for Variational Inference", section 3.2.
public enum SylvesterBasis: Sendable, Equatable {
  /// A number of columns, orthogonalized iteratively (O-SNF).
  case orthogonal(vectors: Int)
  /// A square matrix: a product of Householder reflections H_last ... H_0 with H = I - 2 v v^T / |v|^2 (H-SNF).
  case householder(reflections: Int)
  /// Alternately the identity and the permutation that reverses the order of the latent dimensions (T-SNF).
  case triangular

  /// The number of columns of Q.
  func width(latent: Int) -> Int {
    if case .orthogonal(let vectors) = self { vectors } else { latent }
  }

  /// How many per-sample numbers parameterize the matrix of one layer.
  func count(latent: Int) -> Int {
    switch self {
    case .orthogonal(let vectors): latent * vectors
    case .householder(let reflections): latent * reflections
    case .triangular: 0
    }
  }

  /// The per-sample matrices of all layers.
  ///
  /// - Parameter numbers: What parameterizes them, `[batch, flows count]`, layer after layer; nil for the triangular
  ///   flow.
  func rotations(_ numbers: Variable?, flows: Int, latent: Int) -> [Rotation] {
    guard let numbers else { return (0..<flows).map { $0 % 2 == 1 ? .reversal : .identity } }
    let batch = numbers.shape[0]
    func layers(_ all: Variable, _ shape: [Int]) -> [Variable] {
      let rows = all.shape[0] / flows
      return (0..<flows).map { all.sliced(axis: 0, start: $0 * rows, length: rows).reshaped(shape) }
    }
    switch self {
    case .orthogonal(let vectors):
      let q = numbers.reshaped([batch, flows, latent * vectors]).permuted([1, 0, 2])
        .reshaped([flows * batch, latent, vectors]).orthogonalized()
      return layers(q, [batch, latent, vectors]).map { .matrix($0) }
    case .householder(let reflections):
      let v = numbers.reshaped([batch, flows * reflections, latent]).permuted([1, 0, 2])
        .reshaped([flows * reflections * batch, latent])
      let inverse = Variable.rowDot(v, v).applying(.sqrt).applying(.reciprocal)
      let unit = v * inverse.broadcast(over: latent)
      return layers(unit, [reflections, batch, latent]).map { layer in
        .reflections(
          (0..<reflections).map {
            layer.sliced(axis: 0, start: $0, length: 1).reshaped([batch, latent])
          })
      }
    case .triangular: preconditionFailure("a triangular flow's matrices are made of no numbers")
    }
  }
}

/// A per-sample matrix Q with orthonormal columns, represented by its action.
enum Rotation {
  case identity
  case reversal
  /// The matrix Q itself, `[batch, latent, width]`.
  case matrix(Variable)
  /// The unit vectors of Householder reflections, `[batch, latent]` each; the first is applied first.
  case reflections([Variable])

  /// Q^T z: [batch, latent] -> [batch, width]
  func project(_ z: Variable) -> Variable {
    switch self {
    case .identity: return z
    case .reversal: return z.flipped()
    case .matrix(let q):
      let row = z.reshaped([z.shape[0], 1, z.shape[1]])
      return Variable.batchedMatrixProduct(row, q).reshaped([z.shape[0], q.shape[2]])
    // A reflection is its own transpose.
    case .reflections(let vectors): return vectors.reversed().reduce(z, Self.reflect)
    }
  }

  /// Q y: [batch, width] -> [batch, latent]
  func lift(_ y: Variable) -> Variable {
    switch self {
    case .identity: return y
    case .reversal: return y.flipped()
    case .matrix(let q):
      let row = y.reshaped([y.shape[0], 1, y.shape[1]])
      return Variable.batchedMatrixProduct(row, q, transposingSecond: true).reshaped([y.shape[0], q.shape[1]])
    case .reflections(let vectors): return vectors.reduce(y, Self.reflect)
    }
  }

  private static func reflect(_ x: Variable, _ v: Variable) -> Variable {
    x - (2 * Variable.rowDot(v, x)).broadcast(over: x.shape[1]) * v
  }
}
