import Tensors

/// Where one layer's affine weights lie in a sample's row of flow weights: the bias [out], then the weights
/// [1 + in, out], row-major, whose first row multiplies the time.
public struct PerSampleAffineLayout: Hashable, Sendable {
  /// Inputs of the layer, without the time.
  public let inputs: Int
  /// Outputs of the layer.
  public let outputs: Int
  /// The first number of the bias within the row.
  public let offset: Int

  /// The layout of a layer whose bias begins at number `offset` of the row.
  public init(inputs: Int, outputs: Int, offset: Int) {
    self.inputs = inputs
    self.outputs = outputs
    self.offset = offset
  }

  /// How many numbers the layer takes of the row.
  public var count: Int { (inputs + 2) * outputs }

  var timeOffset: Int { offset + outputs }
  var weightOffset: Int { offset + 2 * outputs }
}

/// One product's contribution to the gradient of a layer's per-sample affine weights.
package struct PerSampleAffineTerm {
  /// What the product took, [components, n, in], and the cotangent of what it gave, [components, n, out].
  package let (x, g): (Tensor, Tensor)
  package let components: Int
  package let time: Double
  package let scale: Double

  package init(x: Tensor, g: Tensor, components: Int, time: Double, scale: Double) {
    (self.x, self.g, self.components, self.time, self.scale) = (x, g, components, time, scale)
  }
}
