import VariationalAutoencoder

/// The table of negative ELBOs that models of images are compared by.
///
/// Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD: Free-form Continuous Dynamics for Scalable
/// Reversible Generative Models", ICLR 2019, section 4.2: means on test images over three runs, in nats, on Frey Faces in
/// bits a dimension. The figures but FFJORD's own are van den Berg et al.'s (UAI 2018); Sylvester is the best of their
/// three kinds.
public enum PublishedResults {
  /// A row of the table.
  public enum Method: String, Sendable, CaseIterable {
    case noFlow = "no flow"
    case planar
    case iaf = "IAF"
    case sylvester = "Sylvester"
    case ffjord = "FFJORD"

    /// The row that a posterior belongs to.
    public init(_ kind: PosteriorKind) {
      switch kind {
      case .none: self = .noFlow
      case .planar: self = .planar
      case .iaf: self = .iaf
      case .sylvesterOrthogonal, .sylvesterHouseholder, .sylvesterTriangular: self = .sylvester
      case .ffjord: self = .ffjord
      }
    }
  }

  private static let table: [String: [Method: Double]] = [
    "mnist": [.noFlow: 86.55, .planar: 86.06, .iaf: 84.20, .sylvester: 83.32, .ffjord: 82.82],
    "omniglot": [.noFlow: 104.28, .planar: 102.65, .iaf: 102.41, .sylvester: 99.00, .ffjord: 98.33],
    "freyfaces": [.noFlow: 4.53, .planar: 4.40, .iaf: 4.47, .sylvester: 4.45, .ffjord: 4.39],
    "caltech101": [.noFlow: 110.80, .planar: 109.66, .iaf: 111.58, .sylvester: 104.62, .ffjord: 104.03],
  ]

  /// The negative ELBO of a method on a dataset's test images: nats, or bits a dimension for `freyfaces` and its other
  /// splits such as `freyfaces:321`; nil for a dataset that the table does not have.
  public static func negativeELBO(_ method: Method, on dataset: String) -> Double? {
    table[dataset.hasPrefix("freyfaces:") ? "freyfaces" : dataset]?[method]
  }
}
