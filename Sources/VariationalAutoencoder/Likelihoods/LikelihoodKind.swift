/// The kind of a model's likelihood.
///
/// This is the registry of likelihoods: all else about one is in its ``Likelihood``. For pixels that several kinds are
/// for, the first is the default.
public enum LikelihoodKind: String, Sendable, CaseIterable, Codable {
  /// Binary pixels; see ``BernoulliLikelihood``.
  case bernoulli
  /// Pixels of 256 grey levels; see ``CategoricalLikelihood``.
  case categorical

  /// The likelihood of this kind.
  public var likelihood: any Likelihood {
    switch self {
    case .bernoulli: BernoulliLikelihood()
    case .categorical: CategoricalLikelihood()
    }
  }

  /// The default for pixels of given values.
  public init(for pixels: PixelValues) {
    self = Self.allCases.first { $0.likelihood.pixels == pixels } ?? .bernoulli
  }

  /// The kind whose decoder a published state dict has. Where several have the same layers, it is the first.
  public init(_ stateDict: StateDictOutline) {
    var channels: [Int] = []
    while let next = stateDict.outputs("p_x_mean.\(channels.count)") { channels.append(next) }
    func layers(_ kind: LikelihoodKind) -> [Int] { kind.likelihood.outputLayers.map(\.channels) }
    self =
      Self.allCases.first { layers($0) == channels }
      ?? Self.allCases.first { layers($0).count == channels.count } ?? .bernoulli
  }
}
