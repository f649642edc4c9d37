/// The mean of a figure over runs of several seeds, and how much it varies from one to another.
public struct SeedStatistics: Sendable, Equatable, Encodable {
  /// The number of runs.
  public let count: Int
  /// The mean over runs.
  public let mean: Double
  /// The standard deviation over runs, the square root of the sum of squared differences from the mean, divided by
  /// `count - 1`; nil for a single run.
  public let standardDeviation: Double?

  /// The statistics of a run's figures; nil where there are none.
  public init?(_ figures: [Double]) {
    guard !figures.isEmpty else { return nil }
    count = figures.count
    let mean = figures.reduce(0, +) / Double(count)
    self.mean = mean
    guard count > 1 else {
      standardDeviation = nil
      return
    }
    let squares = figures.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = (squares / Double(count - 1)).squareRoot()
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
