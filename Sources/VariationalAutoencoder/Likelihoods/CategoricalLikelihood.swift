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
    let probabilities = probabilities(decoded)
    let intensities = (0..<Self.levels).map { Double($0) / Double(Self.levels - 1) }
    let row = Variable(Tensor(intensities, shape: [1, Self.levels]).converted(to: decoded.value.elementType))
    return probabilities.affine(weight: row).reshaped(Array(probabilities.shape.dropLast()))
  }

  public func sample(decoded: Variable, uniforms: [Float]) -> ImageBatch {
    let probabilities = probabilities(decoded)
    let shape = Array(probabilities.shape.dropLast())
    var levels = [UInt8](repeating: UInt8(Self.levels - 1), count: uniforms.count)
    probabilities.value.floats().withUnsafeBufferPointer { probabilities in
      for (pixel, uniform) in uniforms.enumerated() {
        // The level at which the distribution function passes the number; rounding can keep its last value below one.
        var below: Float = 0
        for level in 0..<Self.levels {
          below += probabilities[pixel * Self.levels + level]
          guard uniform >= below else {
            levels[pixel] = UInt8(level)
            break
          }
        }
      }
    }
    return ImageBatch(Tensor(levels.map { Float($0) / Float(Self.levels - 1) }, shape: shape), levels: levels)
  }

  /// floor(255 x), clamped to 0...255.
  ///
  /// An x = level / 255 that was rounded to single precision gives a product up to 2e-5 less than its level; the 1e-4
  /// added before rounding down makes up for that.
  static func level(of intensity: Float) -> Int {
    min(levels - 1, max(0, Int((Double(intensity) * Double(levels - 1) + 1e-4).rounded(.down))))
  }

  /// The probabilities of the levels, `[batch, pixels, 256]`.
  private func probabilities(_ decoded: Variable) -> Variable {
    let logits = logits(decoded)
    return (logits - logits.logSumExp(axis: -1).broadcast(over: Self.levels)).applying(.exp)
  }

  private func logits(_ decoded: Variable) -> Variable {
    let batch = decoded.shape[0]
    return decoded.reshaped([batch, decoded.value.count / batch / Self.levels, Self.levels])
  }
}
