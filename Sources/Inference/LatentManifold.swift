import Foundation
import ImageDatasets
import Runs
import Tensors

/// The number that a share of standard normal numbers lies below: the inverse of their distribution function.
///
/// - Parameter share: Between 0 and 1, both excluded.
public func standardNormalQuantile(_ share: Double) -> Double {
  precondition(share > 0 && share < 1, "quantile: a share of \(share)")
  // Below zero, where erfc has no cancellation; the rest is symmetric.
  if share > 0.5 { return -standardNormalQuantile(1 - share) }
  var (low, high) = (-40.0, 0.0)
  while true {
    let middle = (low + high) / 2
    if middle <= low || middle >= high { return middle }
    if erfc(-middle / 2.0.squareRoot()) / 2 < share { low = middle } else { high = middle }
  }
}

extension Evaluator {
  /// Images that the decoder makes of a grid of codes, for a model of two latent dimensions: row by row from the top, where
  /// the second coordinate is greatest, each row from the least first coordinate.
  ///
  /// The coordinates are quantiles of the prior in steps of equal probability, at the shares (i + 1/2) / side (Kingma and
  /// Welling 2014, "Auto-Encoding Variational Bayes", appendix A).
  ///
  /// - Parameter side: The number of images along either axis.
  /// - Throws: `RunError.undefinedResult`
  public func manifold(side: Int) throws(RunError) -> GreyImages {
    precondition(
      model.configuration.latent == 2, "manifold: a model of \(model.configuration.latent) latent dimensions")
    let quantiles = (0..<side).map { Float(standardNormalQuantile((Double($0) + 0.5) / Double(side))) }
    var pixels: [Float] = []
    for (row, second) in quantiles.reversed().enumerated() {
      let codes = Tensor(quantiles.flatMap { [$0, second] }, shape: [side, 2])
      pixels += try decoded(codes, "image", row * side..<(row + 1) * side)
    }
    return GreyImages(
      height: model.configuration.imageHeight, width: model.configuration.imageWidth, pixels: pixels)
  }
}
