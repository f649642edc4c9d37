import ImageDatasets
import Tensors

/// What there is to say of the columns of a table before a density is fitted to it.
struct TableColumns {
  /// From this correlation on, two columns are said to carry the same information.
  static let correlationLimit = 0.98
  /// The magnitude from which a standardized number is an outlier: the sum of the squares of 100,000 of these is finite.
  private static let outlierLimit: Float = 1e15
  /// The greatest number of columns of which pairs are compared.
  private static let columnLimit = 2000
  /// About how many products are summed at most; of longer tables, rows at equal distances are taken.
  private static let productLimit = 10_000_000_000

  private let names: [String]?

  /// Columns with names, or with numbers from 1.
  init(names: [String]?) { self.names = names }

  private func name(_ column: Int) -> String { names.map { "'\($0[column].visible().prefix(40))'" } ?? "\(column + 1)" }

  /// The columns with the same number in each row.
  func constant(_ standardization: Standardization) -> [String] {
    standardization.deviation.indices.filter { standardization.deviation[$0] == 0 }.map(name)
  }

  /// Also true of what is not a number.
  private static func isOutlier(_ number: Float) -> Bool { !(abs(number) < outlierLimit) }

  /// Whether a number of standardized rows, `[n, columns]`, is so large that squares overflow in single precision.
  func hasOutlier(_ standardized: Tensor) -> Bool {
    standardized.floats().contains(where: Self.isOutlier)
  }

  /// What is wrong with the first number that is an outlier as ``hasOutlier(_:)`` says; nil if there is none.
  ///
  /// - Parameters:
  ///   - rows: The rows in their own units, `[n, columns]`.
  ///   - standardized: The same rows as a model takes them.
  func outlier(in rows: Tensor, standardized: Tensor) -> String? {
    guard let place = standardized.floats().firstIndex(where: Self.isOutlier) else { return nil }
    let (row, column) = (place / rows.shape[1], place % rows.shape[1])
    return "row \(row + 1), column \(name(column)) is \(rows.doubles()[place]), so far from the training rows that its "
      + "density is zero in single precision; leave the row out, or fill the gap"
  }

  /// The pairs of columns whose correlation is at least ``correlationLimit`` in magnitude, with it.
  ///
  /// - Parameter standardized: The rows, standardized, `[n, columns]`.
  func correlated(_ standardized: Tensor) -> [(pair: String, correlation: Double)] {
    let (count, columns) = (standardized.shape[0], standardized.shape[1])
    guard columns > 1, columns <= Self.columnLimit else { return [] }
    let step = count * columns / 2 * columns / Self.productLimit + 1
    let rows = step == 1 ? standardized : standardized.rows(Array(stride(from: 0, to: count, by: step)))
    let (n, transposed) = (rows.shape[0], rows.permuted([1, 0]))
    var found: [(String, Double)] = []
    transposed.withBytes { bytes in
      let numbers = bytes.bindMemory(to: Float.self)
      func column(_ index: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: numbers[(index * n)..<((index + 1) * n)])
      }
      for i in 0..<columns {
        for j in (i + 1)..<max(columns, i + 1) {
          let correlation = Self.product(column(i), column(j)) / Double(max(n - 1, 1))
          if abs(correlation) >= Self.correlationLimit { found.append(("\(name(i)) and \(name(j))", correlation)) }
        }
      }
    }
    return found
  }

  /// The inner product, summed in single precision over short parts, and these in double precision.
  private static func product(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
    let (width, length) = (16, 512)
    var sum = 0.0
    var place = 0
    while place + width <= a.count {
      let end = min(place + length, a.count - (a.count - place) % width)
      var part = SIMD16<Float>()
      while place < end {
        let offset = place * MemoryLayout<Float>.size
        let x = UnsafeRawBufferPointer(a).loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
        let y = UnsafeRawBufferPointer(b).loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
        part += x * y
        place += width
      }
      sum += Double(part.sum())
    }
    for rest in place..<a.count { sum += Double(a[rest]) * Double(b[rest]) }
    return sum
  }
}
