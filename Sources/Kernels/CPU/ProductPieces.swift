import CKernels
import CPrimitives
import Tensors

// Left alone, the library shares a product out by the number of threads, and with it decides how the sums are formed. So
// the pieces are made here, by the product's sizes alone, and each is one thread's: the same bits result on any number of
// threads. A piece's numbers depend on where its rows and columns begin, since the library takes some of them at a time;
// that is why threads share out whole pieces, and not rows or columns.

/// How a matrix product in single precision is cut into pieces, each formed by one thread.
struct ProductPieces {
  private let rows, columns, inner: Int
  /// How many pieces there are along each.
  private let rowPieces, columnPieces, innerPieces: Int

  /// About as many operations as one thread does in ten microseconds; fewer are not worth a piece.
  private static let leastWork = 1 << 20
  /// More pieces than most machines have cores, and few enough that what each packs for itself takes little time.
  private static let most = 20
  private static let columnStep = 64
  private static let rowStep = 8
  private static let fewestRows = 32
  /// What a piece takes of the shorter side at most: all pieces along the longer one pack it anew.
  private static let widest = 512
  /// A sum as long as this over a small result is formed in parts, none shorter than the least.
  static let longSum = 2048
  private static let (leastSum, smallResult) = (512, 1 << 16)

  /// - Parameter dividesSum: Whether a long sum over a small result may be formed in parts.
  init(rows: Int, columns: Int, inner: Int, dividesSum: Bool = true) {
    (self.rows, self.columns, self.inner) = (rows, columns, inner)
    let wanted = min(Self.most, max(1, 2 * rows * columns * inner / Self.leastWork))
    guard !dividesSum || inner < Self.longSum || rows * columns > Self.smallResult else {
      (rowPieces, columnPieces, innerPieces) = (1, 1, min(wanted, inner / Self.leastSum))
      return
    }
    innerPieces = 1
    /// Pieces along the longer and the shorter side, at least `step` of the first and `least` of the second.
    func pieces(_ long: Int, step: Int, _ short: Int, least: Int) -> (long: Int, short: Int) {
      let few = (short + Self.widest - 1) / Self.widest
      let many = max(1, min(wanted / few, long / step))
      return (many, max(min(few, wanted), min(wanted / many, short / least)))
    }
    if columns >= rows {
      (columnPieces, rowPieces) = pieces(columns, step: Self.columnStep, rows, least: Self.fewestRows)
    } else {
      (rowPieces, columnPieces) = pieces(rows, step: Self.fewestRows, columns, least: Self.columnStep)
    }
  }

  /// Where piece `index` of `count` begins along an axis; those of axes with steps at a multiple of theirs.
  private static func beginning(_ index: Int, of count: Int, along length: Int, step: Int) -> Int {
    index == count ? length : (length + step - 1) / step * index / count * step
  }

  /// c = alpha a b + beta c in single precision, by our kernels or by the library.
  func multiply(
    _ a: MatrixAddress, _ b: MatrixAddress, alpha: Double, beta: Double, into c: UnsafeMutableRawPointer, leading: Int,
    by own: OwnProduct? = nil
  ) {
    guard innerPieces == 1 else { return multiplyInParts(a, b, alpha, beta, c, leading, own) }
    let count = rowPieces * columnPieces
    nonisolated(unsafe) let c = c
    Compute.parallel(count, cost: 2 * rows * columns * inner / count) { begin, end in
      var (left, right) = (PackedLines(), PackedLines())
      for piece in begin..<end {
        let (i, j) = (piece % rowPieces, piece / rowPieces)
        let row = Self.beginning(i, of: rowPieces, along: rows, step: Self.rowStep)
        let column = Self.beginning(j, of: columnPieces, along: columns, step: Self.columnStep)
        let height = Self.beginning(i + 1, of: rowPieces, along: rows, step: Self.rowStep) - row
        let width = Self.beginning(j + 1, of: columnPieces, along: columns, step: Self.columnStep) - column
        var (x, y) = (a.part(row: row), b.part(column: column))
        let result = c + 4 * (row * leading + column)
        if let own {
          own.from(row: row, column: column).multiply(
            x, y, rows: height, columns: width, inner: inner, alpha: alpha, beta: beta, into: result, leading: leading)
          continue
        }
        // Where they are used often enough.
        if a.transposed, width >= 64 { x = left.packing(x, lines: inner, width: height) }
        if !b.transposed, height >= 64 { y = right.packing(y, lines: inner, width: width) }
        multiplyOnOneThread(
          x, y, rows: height, columns: width, inner: inner, alpha: alpha, beta: beta, into: result, leading: leading)
      }
      withExtendedLifetime((left, right)) {}
    }
  }

  /// The same with sums in parts, added up in their order.
  private func multiplyInParts(
    _ a: MatrixAddress, _ b: MatrixAddress, _ alpha: Double, _ beta: Double, _ c: UnsafeMutableRawPointer,
    _ leading: Int, _ own: OwnProduct?
  ) {
    let size = rows * columns
    let parts = Tensor(uninitialized: [innerPieces + 1, size], .float32)
    nonisolated(unsafe) let (c, total) = (c, parts.freshAddress)
    Compute.parallel(innerPieces, cost: 2 * size * inner / innerPieces) { begin, end in
      for piece in begin..<end {
        let start = Self.beginning(piece, of: innerPieces, along: inner, step: 1)
        let stop = Self.beginning(piece + 1, of: innerPieces, along: inner, step: 1)
        let (x, y) = (a.part(column: start), b.part(row: start))
        let (result, apart) = piece == 0 ? (c, leading) : (total + 4 * piece * size, columns)
        let beta = piece == 0 ? beta : 0
        if let own {
          (piece == 0 ? own : own.withoutBias).multiply(
            x, y, rows: rows, columns: columns, inner: stop - start, alpha: alpha, beta: beta, into: result,
            leading: apart)
        } else {
          multiplyOnOneThread(
            x, y, rows: rows, columns: columns, inner: stop - start, alpha: alpha, beta: beta, into: result,
            leading: apart)
        }
      }
    }
    let kernels = ElementType.float32.kernels
    let others: [UnsafeRawPointer] = (1..<innerPieces).map { UnsafeRawPointer(total + 4 * $0 * size) }
    let ones = others.map { _ in 1.0 }
    guard !others.isEmpty else { return }
    Compute.parallel(rows, cost: columns * innerPieces) { begin, end in
      kernels.linear_combination(others.count, ones, others, begin * columns, end * columns, total)
      for row in begin..<end {
        kernels.add_row(columns, 0, 1, 1, total + 4 * row * columns, c + 4 * row * leading)
      }
    }
    withExtendedLifetime(parts) {}
  }
}

/// Part of a matrix whose lines lie a multiple of a kilobyte apart, copied to where they do not: a walk across such lines
/// meets few sets of the first-level cache, and a product takes up to twice the time.
private struct PackedLines {
  private var storage: TensorStorage?
  private var source: UnsafeRawPointer?
  private var packed: MatrixAddress?

  /// The matrix packed, or as it is where that lies well.
  mutating func packing(_ matrix: MatrixAddress, lines: Int, width: Int) -> MatrixAddress {
    guard matrix.leading % 256 == 0, matrix.leading > width else { return matrix }
    if let packed, source == matrix.pointer { return packed }
    let leading = width + 16
    let place = TensorStorage(byteCount: 4 * lines * leading)
    for line in 0..<lines {
      (place.pointer + 4 * line * leading).copyMemory(
        from: matrix.pointer + 4 * line * matrix.leading, byteCount: 4 * width)
    }
    let result = MatrixAddress(UnsafeRawPointer(place.pointer), leading: leading, transposed: matrix.transposed)
    (storage, source, packed) = (place, matrix.pointer, result)
    return result
  }
}

/// c = alpha a b + beta c in single precision on the calling thread alone, wherever it is called from.
func multiplyOnOneThread(
  _ a: MatrixAddress, _ b: MatrixAddress, rows: Int, columns: Int, inner: Int, alpha: Double, beta: Double,
  into c: UnsafeMutableRawPointer, leading: Int
) {
  guard rows > 0, columns > 0 else { return }
  let status = Compute.onOneThread {
    cp_matrix_product(
      a.transposed, b.transposed, rows, columns, inner, Float(alpha), a.pointer.assumingMemoryBound(to: Float.self),
      a.leading, b.pointer.assumingMemoryBound(to: Float.self), b.leading, Float(beta),
      c.assumingMemoryBound(to: Float.self), leading)
  }
  Compute.check(
    status,
    """
    product of [\(rows), \(inner)] and [\(inner), \(columns)], rows \(a.leading), \(b.leading) and \(leading) numbers apart
    """)
}

extension MatrixAddress {
  /// The single-precision matrix without what comes before a row and a column of what a product takes.
  fileprivate func part(row: Int = 0, column: Int = 0) -> MatrixAddress {
    let (along, across) = transposed ? (column, row) : (row, column)
    return MatrixAddress(pointer + 4 * (along * leading + across), leading: leading, transposed: transposed)
  }
}
