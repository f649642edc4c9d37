import Profiling
import Tensors

/// For each sample, the matrix C = M_2^T o (M_3 M_1) of three layers' weights M_1 [latent, first], M_2 [first, second] and
/// M_3 [second, latent], for bilinear forms y^T C x, many with the same C: what the trace of a product of layers with
/// derivatives x and y between them is.
package struct TraceForms: Sendable {
  /// How a backend keeps the matrices.
  package enum Matrices: Sendable {
    /// In an order and a precision of its own, `stride` bytes apart.
    case packed(TensorStorage, stride: Int)
    /// [count, second, first]
    case plain(Tensor)
  }

  /// Samples.
  package let count: Int
  let (first, second): (Int, Int)
  let matrices: Matrices

  /// - Parameter layers: The three layers of a sample; their sizes are the same for all.
  package init(_ type: ElementType, count: Int, layers: (_ sample: Int) -> [LayerWeights]) {
    let sizes = layers(0)
    let (latent, first, second) = (sizes[0].inputs, sizes[0].outputs, sizes[1].outputs)
    precondition(
      sizes.count == 3 && sizes[1].inputs == first && sizes[2].inputs == second && sizes[2].outputs == latent,
      "trace forms: layers \(sizes.map { [$0.inputs, $0.outputs] })")
    (self.count, self.first, self.second) = (count, first, second)
    Profiler.count(
      operations: count * 2 * first * second * latent,
      bytes: count * (2 * latent * (first + second) + first * second) * type.byteCount)
    matrices = Backends.current.traceForms(type, count: count, layers: layers)
  }

  /// C itself, [second, first], of three layers that all samples share.
  package static func matrix(_ type: ElementType, _ layers: [LayerWeights]) -> Tensor {
    let factors = TraceFactors(type, layers)
    let result = Tensor(uninitialized: [layers[1].outputs, layers[0].outputs], type)
    factors.form(layers)
    factors.multiply(into: result.freshAddress)
    return result
  }

  /// y^T C x for each sample: y [n, second], x [n, first] -> [n]
  package func values(_ y: Tensor, _ x: Tensor) -> Tensor {
    precondition(
      y.shape == [count, second] && x.shape == [count, first] && y.elementType == x.elementType,
      "trace forms: \(y.shape), \(count) matrices [\(second), \(first)], \(x.shape)")
    return Backends.current.values(of: self, y, x)
  }
}
