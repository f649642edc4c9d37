import ImageDatasets
import VariationalAutoencoder

/// The published table of negative ELBOs, with which results are compared: Grathwohl et al. 2019 (FFJORD), and van den
/// Berg et al. 2018.
public enum PublishedResults {
  /// A row of the table.
  public typealias Method = PublishedMethod

  /// A figure of the table.
  public struct Figure: Sendable, Equatable {
    /// The mean over runs, in nats or bits/dim.
    public let mean: Double
    /// The deviation that the paper gives with the mean, in the same unit.
    public let deviation: Double

    init(_ mean: Double, _ deviation: Double) { (self.mean, self.deviation) = (mean, deviation) }
  }

  /// The negative ELBO of a method on the test images of a dataset; nil where it is not in the table.
  ///
  /// The unit is nats, or bits/dim for Frey faces, whichever their split.
  ///
  /// The published evaluation averages the means of batches. The images of a smaller last batch therefore have a
  /// larger weight there than in this package's means: on Caltech silhouettes, 7 images have 14 times the weight of
  /// the others.
  public static func figure(_ method: Method, on dataset: String) -> Figure? {
    DatasetCatalog.known(dataset)?.known.flatMap { PublishedExperiment.on[$0]?.results[method] }
  }

  /// The mean of ``figure(_:on:)``, in nats or bits/dim.
  public static func negativeELBO(_ method: Method, on dataset: String) -> Double? {
    figure(method, on: dataset)?.mean
  }
}
