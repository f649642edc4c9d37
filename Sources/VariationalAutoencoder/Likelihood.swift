import Autodiff
import Tensors

/// The distribution p(x given z) of the pixels, whose parameters the decoder computes.
public protocol Likelihood: Sendable {
  /// log p(x given z) of each image, `[batch]` in nats.
  ///
  /// - Parameters:
  ///   - images: The images x, `[batch, pixels]` in [0, 1].
  ///   - decoded: The decoder's output, `[batch, pixels * outputs per pixel]`.
  func logProbability(of images: Variable, decoded: Variable) -> Variable

  /// The mean of p(x given z), `[batch, pixels]` in [0, 1].
  ///
  /// - Parameter decoded: The decoder's output, `[batch, pixels * outputs per pixel]`.
  func mean(decoded: Variable) -> Variable
}

/// The kind of a model's likelihood.
public enum LikelihoodKind: String, Sendable, CaseIterable, Codable {
  /// Binary pixels; see ``BernoulliLikelihood``.
  case bernoulli
  /// Pixels of 256 grey levels; see ``CategoricalLikelihood``.
  case categorical

  /// How many numbers the decoder computes for each pixel.
  public var outputsPerPixel: Int { self == .bernoulli ? 1 : CategoricalLikelihood.levels }

  /// The likelihood of this kind.
  public var likelihood: any Likelihood {
    switch self {
    case .bernoulli: BernoulliLikelihood()
    case .categorical: CategoricalLikelihood()
    }
  }
}

/// Independent binary pixels, with their logits from the decoder: `[batch, pixels]`.
public struct BernoulliLikelihood: Likelihood {
  /// The likelihood of binary pixels.
  public init() {}

  /// The sum over pixels of x logit - softplus(logit), `[batch]` in nats.
  public func logProbability(of images: Variable, decoded: Variable) -> Variable {
    .bernoulliLogLikelihood(logits: decoded, images: images)
  }

  /// The sigmoid of the logits, `[batch, pixels]`.
  public func mean(decoded: Variable) -> Variable { decoded.applying(.sigmoid) }
}

/// Independent categorical pixels of 256 grey levels, with the levels' logits from the decoder: `[batch, pixels *
/// 256]`.
///
/// The level of an intensity x is floor(255 x), as in the published code, so that x = level / 255 gives back its level.
public struct CategoricalLikelihood: Likelihood {
  /// The number of levels of a pixel.
  public static let levels = 256

  /// The likelihood of grey pixels.
  public init() {}

  /// The sum over pixels of the log-softmax at the pixel's level, `[batch]` in nats.
  public func logProbability(of images: Variable, decoded: Variable) -> Variable {
    .categoricalLogLikelihood(
      logits: logits(decoded), levels: images.value.floats().map { Self.level(of: $0) })
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
