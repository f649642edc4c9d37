import Autodiff
import Tensors

/// Independent categorical pixels of 256 grey levels, with the levels' logits from the decoder: `[batch, pixels *
/// 256]`.
///
/// Where images have no levels, that of an intensity x is floor(255 x), as in the published code.
public struct CategoricalLikelihood: Likelihood {
  /// The number of levels of a pixel.
  public static let levels = 256

  public let pixels = PixelValues.grey
  public let outputLayers = [OutputLayer(channels: levels, kernel: 5), OutputLayer(channels: levels, kernel: 1)]
  /// As in the published model of grey images.
  public let varianceRange: ClosedRange<Double>? = 0.01...7
  public let unit = LikelihoodUnit.bitsPerDimension

  /// The likelihood of grey pixels.
  public init() {}

  /// The sum over pixels of the log-softmax at the pixel's level, `[batch]` in nats.
  public func logProbability(of images: ImageBatch, decoded: Variable) -> Variable {
    .categoricalLogLikelihood(
      logits: logits(decoded),
      levels: images.levels?.map(Int.init) ?? images.intensities.floats().map { Self.level(of: $0) })
  }

  /// The mean over levels of level / 255, `[batch, pixels]`.
  public func mean(decoded: Variable) -> Variable {
    let logits = logits(decoded)
    let probabilities = (logits - logits.logSumExp(axis: -1).broadcast(over: Self.levels)).applying(.exp)
    let intensities = (0..<Self.levels).map { Double($0) / Double(Self.levels - 1) }
    let row = Variable(Tensor(intensities, shape: [1, Self.levels]).converted(to: decoded.value.elementType))
    return probabilities.affine(weight: row).reshaped(Array(logits.shape.dropLast()))
  }

  /// floor(255 x), clamped to 0...255.
  ///
  /// An x = level / 255 that was rounded to single precision gives a product up to 2e-5 less than its level; the 1e-4
  /// added before rounding down makes up for that.
  static func level(of intensity: Float) -> Int {
    min(levels - 1, max(0, Int((Double(intensity) * Double(levels - 1) + 1e-4).rounded(.down))))
  }

  private func logits(_ decoded: Variable) -> Variable {
    let batch = decoded.shape[0]
    return decoded.reshaped([batch, decoded.value.count / batch / Self.levels, Self.levels])
  }
}
