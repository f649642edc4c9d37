import NormalizingFlows

/// The kind of a model's posterior: which flow transforms the encoder's Gaussian.
///
/// This is the registry of posteriors: all else about one is in its ``PosteriorDescription``.
public enum PosteriorKind: String, Sendable, CaseIterable, Codable {
  /// No flow: the encoder's Gaussian.
  case none
  /// Planar flows (Rezende and Mohamed 2015).
  case planar
  /// Inverse autoregressive flows (Kingma et al. 2016).
  case iaf
  /// Sylvester flows with orthogonal vectors (van den Berg et al. 2018).
  case sylvesterOrthogonal = "sylvester-orthogonal"
  /// Sylvester flows with Householder reflections (van den Berg et al. 2018).
  case sylvesterHouseholder = "sylvester-householder"
  /// Sylvester flows with alternating permutations (van den Berg et al. 2018).
  case sylvesterTriangular = "sylvester-triangular"
  /// Amortized continuous flows (Grathwohl et al. 2019).
  case ffjord

  /// What there is to know of this kind.
  public var posterior: any PosteriorDescription {
    switch self {
    case .none: NoFlow()
    case .planar: PlanarPosterior()
    case .iaf: InverseAutoregressivePosterior()
    case .sylvesterOrthogonal: SylvesterPosterior(basis: .orthogonal)
    case .sylvesterHouseholder: SylvesterPosterior(basis: .householder)
    case .sylvesterTriangular: SylvesterPosterior(basis: .triangular)
    case .ffjord: ContinuousPosterior()
    }
  }

  /// The options of all kinds, each once.
  public static let options: [any AnyModelOption] = {
    var keys: Set<String> = []
    return allCases.flatMap(\.posterior.options).filter { keys.insert($0.key).inserted }
  }()

  /// The kinds that have an option.
  public static func having(_ option: some AnyModelOption) -> [PosteriorKind] {
    allCases.filter { kind in kind.posterior.options.contains { $0.key == option.key } }
  }
}
