import Runs
import VariationalAutoencoder

extension DensityConfiguration {
  /// The most dimensions that a model may have.
  static let mostDimensions = 100_000
  /// The greatest height, width and number of channels of images.
  static let largestImageSide = 10_000
  /// The greatest width of a hidden layer.
  static let greatestWidth = 65536

  /// Checks that all values are in their ranges and fit together.
  ///
  /// - Throws: `RunError.invalidValue`, `RunError.invalidConfiguration`
  public func validate() throws(RunError) {
    func require(_ holds: Bool, _ key: String, _ value: some CustomStringConvertible, _ requirement: String)
      throws(RunError)
    {
      if !holds { throw .invalidValue(InvalidValue(key, value.description, mustBe: requirement)) }
    }
    func require(_ key: String, _ value: Int?, in range: ClosedRange<Int>) throws(RunError) {
      guard let value else { return }
      try require(range.contains(value), key, value, range.inWords)
    }
    func require(_ key: String, notNegative value: Double) throws(RunError) {
      try require(value >= 0 && value.isFinite, key, value, "at least 0")
    }
    try require(kind == Self.kind, "kind", kind, Self.kind)
    try require(!flows.isEmpty && flows.count <= 16, "flows", flows.count, "1…16 kinds of flows")
    try require("blocks", blocks, in: 1...1000)
    try require("dimensions", dimensions, in: 1...Self.mostDimensions)
    if let image {
      let sizes = [image.height, image.width, image.channels]
      try require(
        sizes.allSatisfy { (1...Self.largestImageSide).contains($0) }, "image", "\(sizes)",
        "sizes of 1…\(Self.largestImageSide)")
      try require(
        dimensions == image.dimensions, "dimensions", dimensions ?? 0, "\(image.dimensions), those of the images")
    }
    try require(
      !hidden.isEmpty && hidden.count <= 64 && hidden.allSatisfy { (1...Self.greatestWidth).contains($0) },
      "hidden", hidden.map(String.init).joined(separator: "-"), "widths of 1…\(Self.greatestWidth), joined by -")
    try require(timeLength > 0 && timeLength <= 1000, "timeLength", timeLength, "above 0, and at most 1000")
    try require("components", components, in: 1...4096)
    try require(logitAlpha > 0 && logitAlpha < 0.5, "logitAlpha", logitAlpha, "between 0 and 0.5")
    try require(tolerance > 0 && tolerance < 1, "tolerance", tolerance, "between 0 and 1")
    try require(
      relativeTolerance.map { $0 > 0 && $0 < 1 } ?? true, "relativeTolerance", relativeTolerance ?? 0,
      "between 0 and 1")
    try require("solverSteps", solverSteps, in: 1...100_000)
    try require("kineticEnergy", notNegative: regularization.kineticEnergy)
    try require("jacobianNorm", notNegative: regularization.jacobianNorm)
    try require("polynomial", notNegative: polynomial.weight)
    try require("polynomialDegree", polynomial.degree, in: 1...8)
    try require("steps", steps, in: 1...TrainingProgress.stepLimit)
    try require("batchSize", batchSize, in: 1...1_000_000)
    try require(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "positive")
    try require("learningRateWarmup", learningRateWarmup, in: 0...TrainingProgress.stepLimit)
    try require("weightDecay", notNegative: weightDecay)
    try require(clipNorm.map { $0 > 0 && $0.isFinite } ?? true, "clipNorm", clipNorm ?? 0, "positive")
    try require("validationInterval", validationInterval, in: 1...TrainingProgress.stepLimit)
    try require("patience", patience, in: 1...TrainingProgress.stepLimit)
    try require("limitValidation", limitValidation, in: 1...TrainingProgress.stepLimit)
    try requireFittingModel()
    _ = try solverOptions()
  }

  private func requireFittingModel() throws(RunError) {
    if isMultiscale {
      guard let image else { throw .invalidConfiguration("multiscale models are for images, and these data are none") }
      guard hasConvolutions else {
        throw .invalidConfiguration("multiscale models are made of ffjord, real-nvp or glow; choose a single scale")
      }
      guard Multiscale.scales(of: image) > 1 else {
        throw .invalidConfiguration(
          "a multiscale model halves images whose sides are even and at least 8; these are \(image.height)x\(image.width): choose a single scale (--no-multiscale)"
        )
      }
    }
    if let dimensions, dimensions == 1, let kind = flows.first(where: { [.nice, .realNVP, .glow].contains($0) }) {
      throw .invalidConfiguration("\(kind.rawValue) couples dimensions, and these data have only one")
    }
    if flows.contains(.tan), flows.last != .tan {
      throw .invalidConfiguration("tan ends with a mixture in place of the noise: it must be the last flow of a block")
    }
    if flows.contains(.tan), blocks > 1, flows.count > 1 {
      throw .invalidConfiguration("with tan, other flows may only come before it: choose one block")
    }
    if isContinuous, dimensions ?? 0 > Self.mostDimensionsOfTrace, divergence == .exact {
      throw .invalidConfiguration(
        "the exact divergence takes a pass for each of \(dimensions ?? 0) dimensions: train with random probes, gaussian or rademacher"
      )
    }
  }
}
