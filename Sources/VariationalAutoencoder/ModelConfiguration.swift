import NormalizingFlows
import Tensors

/// The architecture of a model: sizes and kinds, which determine its parameters.
///
/// Fields that a kind of posterior does not use have no effect. The defaults are the published model of Omniglot.
public struct ModelConfiguration: Sendable, Equatable, Codable {
  /// The rows of an image, from 4 to 512.
  public var imageHeight = 28
  /// The columns of an image, from 4 to 512.
  public var imageWidth = 28
  /// The likelihood of the pixels.
  public var likelihood = LikelihoodKind.bernoulli
  /// The number of latent dimensions.
  public var latent = 64
  /// The kind of the posterior.
  public var flow = PosteriorKind.ffjord

  /// Continuous flows: which weights are amortized, that is, functions of the image.
  public var amortization = Amortization.lowRank
  /// Continuous flows: the widths of the velocity's hidden layers.
  public var hidden = [512, 512]
  /// Continuous flows: the number of blocks.
  public var blocks = 5
  /// Continuous flows: the rank of the per-sample weights, where they are low-rank.
  public var rank = 20
  /// Continuous flows: the activation between the velocity's layers.
  public var activation = ElementwiseFunction.softplus
  /// Continuous flows: how shared layers depend on the time.
  public var timeDependence = TimeDependence.concat
  /// Continuous flows: the end time T of each block.
  public var timeLength = 0.5
  /// Continuous flows: the end time of each block where they differ, as in published models whose end times were
  /// trained.
  public var timeLengths: [Double]?
  /// Continuous flows: the weight in the training loss of the integral of |f|^2; see `DynamicsRegularization`.
  public var kineticEnergy = 0.0
  /// Continuous flows: the weight in the training loss of the integral of |df/dz|_F^2.
  public var jacobianNorm = 0.0

  /// Planar, inverse autoregressive and Sylvester flows: the number of layers.
  public var flows = 16
  /// Inverse autoregressive flows: the width of the masked network, a multiple of `latent` or a divisor of it.
  public var maskedWidth = 1280
  /// Sylvester flows with orthogonal vectors: their number, or the number of latent dimensions where that is less.
  public var orthogonalVectors = 32
  /// Sylvester flows with Householder reflections: their number.
  public var reflections = 8

  /// The published model of Omniglot.
  public init() {}

  /// The end time T of a block, counted from zero.
  public func timeLength(ofBlock block: Int) -> Double {
    timeLengths.flatMap { $0.indices.contains(block) ? $0[block] : nil } ?? timeLength
  }

  /// The regularization of a continuous flow's dynamics.
  public var regularization: DynamicsRegularization {
    DynamicsRegularization(kineticEnergy: kineticEnergy, jacobianNorm: jacobianNorm)
  }

  /// A phrase that describes the posterior and its sizes, such as "5 flows of 512-512, rank 20".
  public var posteriorSummary: String {
    func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
    switch flow {
    case .none: return "no flow"
    case .planar: return counted(flows, "planar flow")
    case .iaf: return "\(counted(flows, "inverse autoregressive flow")) of width \(maskedWidth)"
    case .sylvesterOrthogonal:
      let vectors = counted(min(orthogonalVectors, latent), "orthogonal vector")
      return "\(counted(flows, "Sylvester flow")) with \(vectors)"
    case .sylvesterHouseholder:
      return "\(counted(flows, "Sylvester flow")) with \(counted(reflections, "reflection"))"
    case .sylvesterTriangular: return "\(counted(flows, "triangular Sylvester flow"))"
    case .ffjord:
      let widths = hidden.map(String.init).joined(separator: "-")
      let amortized =
        switch amortization {
        case .lowRank: "rank \(rank)"
        case .none: "no amortization"
        default: "\(amortization.rawValue) amortization"
        }
      let variations = [
        timeDependence == .concat ? nil : "layers \(timeDependence.rawValue)",
        activation == .softplus ? nil : activation.rawValue,
      ]
      return (["\(counted(blocks, "flow")) of \(widths), \(amortized)"] + variations.compactMap { $0 })
        .joined(separator: ", ")
    }
  }

  /// Why the configuration is invalid; nil where it is valid.
  public var validationError: String? {
    func require(_ holds: Bool, _ text: String) -> String? { holds ? nil : text }
    return require(
      (4...512).contains(imageHeight) && (4...512).contains(imageWidth),
      "images of \(imageHeight)x\(imageWidth): the sides must be from 4 to 512")
      ?? require((1...4096).contains(latent), "latent \(latent): from 1 to 4096")
      ?? (flow == .ffjord ? dynamicsComplaint(require) : layersComplaint(require))
  }

  private func dynamicsComplaint(_ require: (Bool, String) -> String?) -> String? {
    let known = ElementwiseFunction.activations.map(\.rawValue).joined(separator: ", ")
    return require(!hidden.isEmpty, "hidden: at least one layer")
      ?? require(
        hidden.allSatisfy { (1...65536).contains($0) },
        "hidden \(hidden.map(String.init).joined(separator: "-")): widths from 1 to 65536")
      ?? require((1...1000).contains(blocks), "blocks \(blocks): from 1 to 1000")
      ?? require((1...256).contains(rank), "rank \(rank): from 1 to 256")
      ?? require(timeLength > 0 && timeLength.isFinite, "time length \(timeLength): a positive number")
      ?? timesComplaint
      ?? require(
        ElementwiseFunction.activations.contains(activation),
        "activation \(activation.rawValue): one of \(known)")
      ?? require(
        amortization != .hyper || timeDependence == .concat,
        "time dependence \(timeDependence.rawValue) with the amortization hyper, which has no shared layers: leave it "
          + "at concat")
      ?? require(
        kineticEnergy >= 0 && kineticEnergy.isFinite,
        "kinetic energy weight \(kineticEnergy): no negative number")
      ?? require(
        jacobianNorm >= 0 && jacobianNorm.isFinite, "Jacobian norm weight \(jacobianNorm): no negative number"
      )
  }

  private var timesComplaint: String? {
    guard let timeLengths else { return nil }
    if timeLengths.count != blocks { return "\(timeLengths.count) time lengths for \(blocks) blocks: one for each" }
    let arePositive = timeLengths.allSatisfy { $0 > 0 && $0.isFinite }
    return arePositive ? nil : "time lengths \(timeLengths): positive numbers"
  }

  private func layersComplaint(_ require: (Bool, String) -> String?) -> String? {
    switch flow {
    case .none, .ffjord: nil
    case .planar, .sylvesterTriangular: flowsComplaint(require)
    case .iaf:
      flowsComplaint(require)
        ?? require(
          (1...65536).contains(maskedWidth)
            && (maskedWidth.isMultiple(of: latent) || latent.isMultiple(of: maskedWidth)),
          "masked width \(maskedWidth): a multiple of the \(latent) latent numbers, or a divisor, up to 65536"
        )
    case .sylvesterOrthogonal:
      flowsComplaint(require)
        ?? require(
          (1...4096).contains(orthogonalVectors), "orthogonal vectors \(orthogonalVectors): from 1 to 4096")
    case .sylvesterHouseholder:
      flowsComplaint(require)
        ?? require((1...4096).contains(reflections), "reflections \(reflections): from 1 to 4096")
    }
  }

  private func flowsComplaint(_ require: (Bool, String) -> String?) -> String? {
    require((1...1000).contains(flows), "flows \(flows): from 1 to 1000")
  }
}

extension ModelConfiguration {
  /// Reads a configuration. Fields that are missing, because the file was written before they existed, take their
  /// defaults.
  ///
  /// - Throws: `DecodingError` where a value is of the wrong type.
  public init(from decoder: any Swift.Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ field: inout Value, _ key: CodingKeys) throws {
      field = try values.decodeIfPresent(Value.self, forKey: key) ?? field
    }
    try read(&imageHeight, .imageHeight)
    try read(&imageWidth, .imageWidth)
    try read(&likelihood, .likelihood)
    try read(&latent, .latent)
    try read(&flow, .flow)
    try read(&amortization, .amortization)
    try read(&hidden, .hidden)
    try read(&blocks, .blocks)
    try read(&rank, .rank)
    try read(&activation, .activation)
    try read(&timeDependence, .timeDependence)
    try read(&timeLength, .timeLength)
    timeLengths = try values.decodeIfPresent([Double].self, forKey: .timeLengths)
    try read(&kineticEnergy, .kineticEnergy)
    try read(&jacobianNorm, .jacobianNorm)
    try read(&flows, .flows)
    try read(&maskedWidth, .maskedWidth)
    try read(&orthogonalVectors, .orthogonalVectors)
    try read(&reflections, .reflections)
  }
}
