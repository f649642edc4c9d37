import Tensors

/// The mean and the standard deviation of each column of a table, by which its rows are standardised.
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
  ///
  /// Its numbers are exact in single precision, in which a checkpoint stores them: read again, it is the same.
  init(of rows: Tensor) {
    let (n, columns) = (rows.shape[0], rows.shape[1])
    let numbers = rows.doubles()
    let mean = (0..<columns).map { column in
      (0..<n).reduce(0) { $0 + numbers[$1 * columns + column] } / Double(max(n, 1))
    }
    let deviation = (0..<columns).map { column in
      let squares = (0..<n).reduce(0.0) { sum, row in
        let difference = numbers[row * columns + column] - mean[column]
        return sum + difference * difference
      }
      return (squares / Double(max(n - 1, 1))).squareRoot()
    }
    (self.mean, self.deviation) = (mean.map { Double(Float($0)) }, deviation.map { Double(Float($0)) })
  }

  /// Rows, `[n, columns]`, standardised: (x - mean) / deviation.
  public func standardised(_ rows: Tensor) -> Tensor { mapped(rows) { ($0 - $1) / $2 } }

  /// Standardised rows, `[n, columns]`, in their own units again.
  public func restored(_ rows: Tensor) -> Tensor { mapped(rows) { $0 * $2 + $1 } }

  private func mapped(_ rows: Tensor, _ function: (Double, Double, Double) -> Double) -> Tensor {
    let columns = mean.count
    precondition(rows.shape.last == columns, "standardization: rows \(rows.shape) of \(columns) columns")
    let numbers = rows.doubles().enumerated().map { place, number in
      Float(function(number, mean[place % columns], deviation[place % columns]))
    }
    return Tensor(numbers, shape: rows.shape)
  }
}
