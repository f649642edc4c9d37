import Tensors

/// The mean and the standard deviation of each column of a table, by which its rows are standardized.
public struct Standardization: Sendable, Equatable {
  /// The means.
  public let mean: [Double]
  /// The standard deviations, positive.
  public let deviation: [Double]

  /// A standardization.
  public init(mean: [Double], deviation: [Double]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// The standardization of rows, `[n, columns]`, whose deviations are those of a sample: divided by n - 1.
  init(of rows: Tensor) {
    let (n, columns) = (rows.shape[0], rows.shape[1])
    let numbers = rows.doubles()
    // The mean of equal numbers may differ from them by rounding, and is to have no deviation.
    let isConstant = (0..<columns).map { column in
      (0..<n).allSatisfy { numbers[$0 * columns + column] == numbers[column] }
    }
    let mean = (0..<columns).map { column in
      isConstant[column]
        ? numbers[column] : (0..<n).reduce(0) { $0 + numbers[$1 * columns + column] } / Double(max(n, 1))
    }
    self.mean = mean
    deviation = (0..<columns).map { column in
      let squares = (0..<n).reduce(0.0) { sum, row in
        let difference = numbers[row * columns + column] - mean[column]
        return sum + difference * difference
      }
      return (squares / Double(max(n - 1, 1))).squareRoot()
    }
  }

  /// Rows, `[n, columns]`, standardized: (x - mean) / deviation, in single precision.
  public func standardized(_ rows: Tensor) -> Tensor {
    Tensor(mapped(rows) { ($0 - $1) / $2 }.map { Float($0) }, shape: rows.shape)
  }

  /// Standardized rows, `[n, columns]`, in their own units again, in double precision: these may have a mean that is large
  /// beside their deviation, as times have.
  public func restored(_ rows: Tensor) -> Tensor { Tensor(mapped(rows) { $0 * $2 + $1 }, shape: rows.shape) }

  private func mapped(_ rows: Tensor, _ function: (Double, Double, Double) -> Double) -> [Double] {
    let columns = mean.count
    precondition(rows.shape.last == columns, "standardization: rows \(rows.shape) of \(columns) columns")
    return rows.doubles().enumerated().map { place, number in
      function(number, mean[place % columns], deviation[place % columns])
    }
  }
}
