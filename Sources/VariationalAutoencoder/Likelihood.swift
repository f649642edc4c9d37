import Autodiff
import Tensors

/// p(x given z): what the decoder's output means.
public protocol Likelihood: Sendable {
  /// log p(x given z) for each image, `[batch]` in nats; images `[batch, pixels]` in [0, 1], decoder output as the
  /// likelihood says.
  func logProbability(of images: Variable, decoded: Variable) -> Variable

  /// The mean image, `[batch, pixels]` in [0, 1].
  func mean(decoded: Variable) -> Variable
}

/// Which likelihood a model has.
public enum LikelihoodKind: String, Sendable, CaseIterable, Codable {
  /// Binary pixels.
  case bernoulli
  /// Pixels of 256 grey levels.
  case categorical

  /// Numbers that the decoder gives for each pixel.
  public var outputsPerPixel: Int { self == .bernoulli ? 1 : CategoricalLikelihood.levels }

  /// The likelihood itself.
  public var likelihood: any Likelihood {
    switch self {
    case .bernoulli: BernoulliLikelihood()
    case .categorical: CategoricalLikelihood()
    }
  }
}

/// Independent binary pixels; the decoder gives their logits, `[batch, pixels]`.
public struct BernoulliLikelihood: Likelihood {
  public init() {}

  public func logProbability(of images: Variable, decoded: Variable) -> Variable {
    .bernoulliLogLikelihood(logits: decoded, images: images)
  }

  public func mean(decoded: Variable) -> Variable { decoded.applying(.sigmoid) }
}

/// Independent pixels of 256 levels; the decoder gives the logits of the levels, `[batch, pixels * 256]`.
///
/// The level of an intensity x is floor(255 x), as in the published code: an intensity read as level / 255 is its level
/// again.
public struct CategoricalLikelihood: Likelihood {
  /// How many levels a pixel has.
  public static let levels = 256

  public init() {}

  public func logProbability(of images: Variable, decoded: Variable) -> Variable {
    .categoricalLogLikelihood(
      logits: logits(decoded), levels: images.value.floats().map { Self.level(of: $0) })
  }

  public func mean(decoded: Variable) -> Variable {
    let logits = logits(decoded)
    let probabilities = (logits - logits.logSumExpOfLastAxis().broadcast(over: Self.levels)).applying(.exp)
    let intensities = (0..<Self.levels).map { Double($0) / Double(Self.levels - 1) }
    let row = Variable(Tensor(intensities, shape: [1, Self.levels]).converted(to: decoded.value.elementType))
    return probabilities.affine(weight: row).reshaped(Array(logits.shape.dropLast()))
  }

  /// floor(255 x), within 0...255.
  ///
  /// The product is formed in double precision, where x = level / 255 rounded to single precision may fall short of the
  /// level by less than 2e-5: that much is forgiven.
  static func level(of intensity: Float) -> Int {
    min(levels - 1, max(0, Int((Double(intensity) * Double(levels - 1) + 1e-4).rounded(.down))))
  }

  private func logits(_ decoded: Variable) -> Variable {
    let batch = decoded.shape[0]
    return decoded.reshaped([batch, decoded.value.count / batch / Self.levels, Self.levels])
  }
}
