import Foundation
import ImageDatasets

/// A score by which outliers are found, in nats: low for images unlike those that a model was trained on.
///
/// The ELBO bounds log p(x). It is low for images that are hard to describe, and high for simple ones, whatever they show
/// (Nalisnick et al. 2019, "Do Deep Generative Models Know What They Don't Know?"). The other scores set it beside what is
/// usual, or beside what another description of the image takes.
public enum OutlierScore: String, Sendable, CaseIterable {
  /// The ELBO.
  case bound
  /// Minus the distance of the ELBO from its mean over images of the training distribution, -|ELBO - mean|: two-sided.
  ///
  /// Nalisnick et al. 2019, "Detecting Out-of-Distribution Inputs to Deep Generative Models Using Typicality", with one
  /// image in a batch. The mean is an estimate of minus the model's entropy.
  case typicality
  /// The ELBO and what the image takes compressed, ELBO + L ln 2 with L bits of a PNG file: how much better than a program
  /// that knows no images the model describes it.
  ///
  /// Minus the score S of Serrà et al. 2020, "Input Complexity and Out-of-Distribution Detection with Likelihood-Based
  /// Generative Models", there in bits.
  case complexity
  /// The ELBO less that of another model, the background: how much better than that one the model describes the image.
  ///
  /// Ren et al. 2019, "Likelihood Ratios for Out-of-Distribution Detection", where the background was trained on the same
  /// images with noise. One trained on many kinds of images serves, too.
  case likelihoodRatio = "likelihood-ratio"

  /// The typicality of images.
  ///
  /// - Parameters:
  ///   - bounds: The ELBO of each image.
  ///   - mean: The mean ELBO of images of the training distribution, which the model was not trained on.
  public static func typicality(of bounds: [Double], around mean: Double) -> [Double] {
    bounds.map { -abs($0 - mean) }
  }

  /// The score by ``complexity`` of images.
  ///
  /// - Parameters:
  ///   - bounds: The ELBO of each image.
  ///   - bytes: The size of each image compressed, as `GreyImages.compressedSizes()` has it.
  public static func complexity(of bounds: [Double], bytes: [Int]) -> [Double] {
    zip(bounds, bytes).map { $0 + 8 * log(2) * Double($1) }
  }

  /// The likelihood ratio of images: minus infinity where either model has no bound, so that they rank as the least
  /// likely.
  ///
  /// - Parameters:
  ///   - bounds: The ELBO of each image.
  ///   - background: The ELBO of each image by the background model.
  public static func likelihoodRatio(of bounds: [Double], background: [Double]) -> [Double] {
    zip(bounds, background).map { $0.isFinite && $1.isFinite ? $0 - $1 : -.infinity }
  }
}
