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

  /// A mean and the deviation that the paper gives beside it.
  public struct Figure: Sendable, Equatable {
    public let mean: Double
    public let deviation: Double

    init(_ mean: Double, _ deviation: Double) { (self.mean, self.deviation) = (mean, deviation) }
  }

  private static let table: [String: [Method: Figure]] = [
    "mnist": [
      .noFlow: Figure(86.55, 0.06), .planar: Figure(86.06, 0.31), .iaf: Figure(84.20, 0.17),
      .sylvester: Figure(83.32, 0.06), .ffjord: Figure(82.82, 0.01),
    ],
    "omniglot": [
      .noFlow: Figure(104.28, 0.39), .planar: Figure(102.65, 0.42), .iaf: Figure(102.41, 0.04),
      .sylvester: Figure(99.00, 0.04), .ffjord: Figure(98.33, 0.09),
    ],
    "freyfaces": [
      .noFlow: Figure(4.53, 0.02), .planar: Figure(4.40, 0.06), .iaf: Figure(4.47, 0.05),
      .sylvester: Figure(4.45, 0.04), .ffjord: Figure(4.39, 0.01),
    ],
    "caltech101": [
      .noFlow: Figure(110.80, 0.46), .planar: Figure(109.66, 0.42), .iaf: Figure(111.58, 0.38),
      .sylvester: Figure(104.62, 0.29), .ffjord: Figure(104.03, 0.43),
    ],
  ]

  /// The negative ELBO of a method on a dataset's test images: nats, or bits a dimension for `freyfaces` and its other
  /// splits such as `freyfaces:321`; nil for a dataset that the table does not have.
  ///
  /// The published evaluation averages the means of batches; where the last batch is short, its images weigh more there
  /// than in this program's means (on Caltech silhouettes 7 images, 14 times as much).
  public static func figure(_ method: Method, on dataset: String) -> Figure? {
    table[dataset.hasPrefix("freyfaces:") ? "freyfaces" : dataset]?[method]
  }

  /// The mean of ``figure(_:on:)``.
  public static func negativeELBO(_ method: Method, on dataset: String) -> Double? {
    figure(method, on: dataset)?.mean
  }
}
