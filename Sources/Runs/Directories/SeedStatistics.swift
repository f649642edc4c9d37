/// The mean of a figure over runs of several seeds, and how much it varies from one to another.
public struct SeedStatistics: Sendable, Equatable, Encodable {
  /// The number of runs.
  public let count: Int
  /// The mean over runs.
  public let mean: Double
  /// The standard deviation over runs, of a sample of them; nil for a single run.
  public let standardDeviation: Double?

  /// The statistics of a run's figures; nil where there are none.
  public init?(_ figures: [Double]) {
    guard let mean = figures.mean else { return nil }
    (count, self.mean, standardDeviation) = (figures.count, mean, figures.standardDeviation)
  }
}

extension TrainingConfiguration {
  /// Whether another configuration is this one but for the seed, and for the folder where the images lay.
  public func differsOnlyInSeed(from other: TrainingConfiguration) -> Bool {
    var other = other
    (other.seed, other.dataDirectory) = (seed, dataDirectory)
    return other == self
  }
}
