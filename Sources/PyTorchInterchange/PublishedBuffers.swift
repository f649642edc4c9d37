import Safetensors
import VariationalAutoencoder

extension ModelConfiguration {
  /// The buffers of the published modules: the tensors of their state dicts that are not parameters, with the values
  /// of a new module. PyTorch refuses a state dict without them. They include the flows' end times, as `[0, T]` or as
  /// the square root of each block's T.
  func publishedBuffers() -> [SafetensorsTensor] {
    switch flow {
    case .none, .planar: []
    case .iaf: [reversal("flow.flip_idx")]
    case .sylvesterOrthogonal: identity(min(orthogonalVectors, latent)) + triangles(min(orthogonalVectors, latent))
    case .sylvesterHouseholder: identity(latent) + triangles(latent)
    case .sylvesterTriangular: [reversal("flip_idx")] + triangles(latent, eachLayer: false)
    case .ffjord: amortization == .none ? blockTimes() : commonTime()
    }
  }

  private func commonTime() -> [SafetensorsTensor] {
    [SafetensorsTensor(name: "integration_times", shape: [2], values: [0, Float(timeLength(ofBlock: 0))])]
      + (0..<blocks).map { evaluations("odefuncs.\($0)") }
  }

  private func blockTimes() -> [SafetensorsTensor] {
    (0..<blocks).flatMap { block in
      let root = Float(timeLength(ofBlock: block)).squareRoot()
      return [
        SafetensorsTensor(name: "cnf.chain.\(block).sqrt_end_time", shape: [], values: [root]),
        evaluations("cnf.chain.\(block).odefunc"),
      ]
    }
  }

  /// The counter of evaluations of a block's velocity.
  private func evaluations(_ block: String) -> SafetensorsTensor {
    SafetensorsTensor(name: "\(block)._num_evals", shape: [], values: [0] as [Float])
  }

  /// The permutation that reverses the latent dimensions.
  private func reversal(_ name: String) -> SafetensorsTensor {
    SafetensorsTensor(name: name, values: (0..<latent).reversed().map { Int64($0) })
  }

  private func identity(_ width: Int) -> [SafetensorsTensor] {
    [SafetensorsTensor(name: "_eye", shape: [1, width, width], values: square(width) { $0 == $1 })]
  }

  /// The masks of the elements above the diagonal, and the indices of those on it: for the model, and for its layers.
  private func triangles(_ width: Int, eachLayer: Bool = true) -> [SafetensorsTensor] {
    let above = square(width) { $0 < $1 }
    let diagonal = (0..<width).map { Int64($0) }
    return [
      SafetensorsTensor(name: "triu_mask", shape: [1, width, width, 1], values: above),
      SafetensorsTensor(name: "diag_idx", values: diagonal),
    ]
      + (0..<flows).flatMap { layer in
        let mask = SafetensorsTensor(name: "flow_\(layer).triu_mask", shape: [1, width, width], values: above)
        return (eachLayer ? [mask] : []) + [SafetensorsTensor(name: "flow_\(layer).diag_idx", values: diagonal)]
      }
  }

  /// Ones where a condition on row and column holds, row by row.
  private func square(_ width: Int, _ holds: (Int, Int) -> Bool) -> [Float] {
    (0..<(width * width)).map { holds($0 / width, $0 % width) ? 1 : 0 }
  }
}
