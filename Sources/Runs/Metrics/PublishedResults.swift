import VariationalAutoencoder

/// The published table of negative ELBOs, with which results are compared.
///
/// Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD: Free-form Continuous Dynamics for Scalable
/// Reversible Generative Models", ICLR 2019: the results with variational autoencoders. The figures are means over three
/// runs of the negative ELBO of the test images, in nats, or for Frey faces in bits/dim. All but FFJORD's are from van
/// den Berg et al. (UAI 2018); Sylvester is the best of their three kinds.
public enum PublishedResults {
  /// A row of the table.
  public enum Method: String, Sendable, CaseIterable {
    /// A Gaussian posterior.
    case noFlow = "no flow"
    /// Planar flows.
    case planar
    /// Inverse autoregressive flows.
    case iaf = "IAF"
    /// Sylvester flows of the best kind.
    case sylvester = "Sylvester"
    /// Continuous flows.
    case ffjord = "FFJORD"

    /// The row of a kind of posterior.
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

  /// A figure of the table.
  public struct Figure: Sendable, Equatable {
    /// The mean over runs, in nats or bits/dim.
    public let mean: Double
    /// The deviation that the paper gives with the mean, in the same unit.
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

  /// The negative ELBO of a method on the test images of a dataset; nil for a dataset that is not in the table.
  ///
  /// The unit is nats, or bits/dim for `freyfaces` and its other splits such as `freyfaces:321`.
  ///
  /// The published evaluation averages the means of batches. The images of a smaller last batch therefore have a
  /// larger weight there than in this package's means: on Caltech silhouettes, 7 images have 14 times the weight of
  /// the others.
  public static func figure(_ method: Method, on dataset: String) -> Figure? {
    table[dataset.hasPrefix("freyfaces:") ? "freyfaces" : dataset]?[method]
  }

  /// The mean of ``figure(_:on:)``, in nats or bits/dim.
  public static func negativeELBO(_ method: Method, on dataset: String) -> Double? {
    figure(method, on: dataset)?.mean
  }
}
