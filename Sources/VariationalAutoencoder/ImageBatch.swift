import Tensors

/// Images as a model takes them: intensities for the encoder, and for a likelihood of levels the levels themselves.
public struct ImageBatch: Sendable {
  /// The intensities, `[batch, height * width]` in [0, 1], row-major.
  public let intensities: Tensor
  /// The grey levels from 0 (black) to 255 (white), `[batch, height * width]`, of which the intensities are 255ths; nil
  /// where only these are known.
  public let levels: [UInt8]?

  /// Images of the given intensities, and of the given levels where they have any.
  public init(_ intensities: Tensor, levels: [UInt8]? = nil) {
    precondition(
      levels.map { $0.count == intensities.count } ?? true, "images: levels and intensities are not of one size")
    (self.intensities, self.levels) = (intensities, levels)
  }
}
