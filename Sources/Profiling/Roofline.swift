/// What the machine can do at best, measured: the yardsticks that a part of a computation is held against.
public struct Roofline: Sendable, Codable {
  /// Single-precision operations a second, in a large matrix product.
  public let floatOperations: Double
  /// Operations a second in a large product of factors rounded to bfloat16, by the instructions that mixed numerics take;
  /// in single precision where rounding gains nothing.
  public let lowPrecisionOperations: Double
  /// Bytes read and written a second where all of it lies in memory.
  public let memoryBytes: Double
  /// Bytes read and written a second where all of it lies in the last cache.
  public let cacheBytes: Double

  /// A machine's limits.
  public init(floatOperations: Double, lowPrecisionOperations: Double, memoryBytes: Double, cacheBytes: Double) {
    self.floatOperations = floatOperations
    self.lowPrecisionOperations = lowPrecisionOperations
    self.memoryBytes = memoryBytes
    self.cacheBytes = cacheBytes
  }

  /// The least seconds that a reading's work could take: its arithmetic or its traffic, whichever takes longer.
  public func leastSeconds(of reading: Profiler.Reading) -> Double {
    max(
      Double(reading.floatOperations) / floatOperations + Double(reading.lowPrecisionOperations)
        / lowPrecisionOperations,
      Double(reading.cachedBytes) / cacheBytes + Double(reading.memoryBytes) / memoryBytes)
  }
}
