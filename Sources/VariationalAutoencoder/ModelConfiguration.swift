import NormalizingFlows
import Tensors

/// What determines a model's parameters: sizes and kinds.
public struct ModelConfiguration: Sendable, Equatable, Codable {
  public var imageHeight = 28
  public var imageWidth = 28
  /// What the pixels are.
  public var likelihood = LikelihoodKind.bernoulli
  /// Latent numbers.
  public var latent = 64
  public var flow = PosteriorKind.ffjord

  /// Of a continuous flow, which weights are functions of the image.
  public var amortization = Amortization.lowRank
  /// Widths of the velocity's hidden layers.
  public var hidden = [512, 512]
  /// Continuous flows, one after another.
  public var blocks = 5
  /// The rank of each image's own weights.
  public var rank = 20
  public var activation = ElementwiseFunction.softplus
  public var timeDependence = TimeDependence.concat
  /// T, the time that each block's flow runs.
  public var timeLength = 0.5
  /// T of each block where they differ, as those of a published model that was trained with its times do.
  public var timeLengths: [Double]?
  /// The weight in the training loss of the integral of |f|^2; see ``NormalizingFlows/DynamicsRegularization``.
  public var kineticEnergy = 0.0
  /// The weight in the training loss of the integral of |df/dz|_F^2.
  public var jacobianNorm = 0.0

  /// Planar, inverse autoregressive or Sylvester flows, one after another.
  public var flows = 16
  /// The width of an inverse autoregressive flow's masked network: a multiple of `latent`, or a divisor.
  public var maskedWidth = 1280
  /// Orthonormal vectors of a Sylvester flow; as many as there are latent numbers, where those are fewer.
  public var orthogonalVectors = 32
  /// Householder reflections of a Sylvester flow's matrix.
  public var reflections = 8

  public init() {}

  /// T of a block.
  public func timeLength(ofBlock block: Int) -> Double {
    timeLengths.flatMap { $0.indices.contains(block) ? $0[block] : nil } ?? timeLength
  }

  /// The regularization of a continuous flow's dynamics.
  public var regularization: DynamicsRegularization {
    DynamicsRegularization(kineticEnergy: kineticEnergy, jacobianNorm: jacobianNorm)
  }

  /// The posterior and its sizes, in words.
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

  /// What is wrong with the configuration, if anything.
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
  /// Fields that a file lacks, because it was written before there were any, have their defaults.
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
