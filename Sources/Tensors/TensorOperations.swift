import CKernels
import Profiling

extension Tensor {
  /// sum of coefficient * tensor, all of one shape.
  public static func linearCombination(_ terms: [(coefficient: Double, tensor: Tensor)]) -> Tensor {
    precondition(!terms.isEmpty, "linear combination of nothing")
    let first = terms[0].tensor
    for (_, tensor) in terms {
      precondition(
        tensor.shape == first.shape && tensor.elementType == first.elementType,
        "linear combination: shapes \(first.shape) and \(tensor.shape)")
    }
    let result = Tensor(uninitialized: first.shape, first.elementType)
    let coefficients = terms.map(\.coefficient)
    let inputs = terms.map(\.tensor.address)
    let kernels = first.elementType.kernels
    Profiler.count(
      operations: 2 * terms.count * result.count,
      bytes: (terms.count + 1) * result.count * first.elementType.byteCount)
    Compute.parallel(result.count, cost: terms.count) { begin, end in
      kernels.linear_combination(inputs.count, coefficients, inputs, begin, end, result.freshAddress)
    }
    withExtendedLifetime(terms) {}
    return result
  }

  /// self += coefficient * other
  public mutating func add(_ other: Tensor, scale: Double = 1) {
    precondition(
      other.shape == shape && other.elementType == elementType, "add: shapes \(shape) and \(other.shape)")
    let kernels = elementType.kernels
    let count = count
    withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      // As a row added to itself: one pass that reads and writes in place.
      let size = other.elementType.byteCount
      Compute.parallel(count, cost: 1) { begin, end in
        kernels.add_row(end - begin, 0, 1, scale, other.address + begin * size, base + begin * size)
      }
    }
    withExtendedLifetime(other) {}
  }

  /// self += sums of the columns of `matrix` [rows, count], times a factor.
  package mutating func addColumnSums(of matrix: Tensor, rows: Int, scale: Double = 1) {
    let columns = count
    let kernels = elementType.kernels
    withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      Compute.parallel((columns + 63) / 64, cost: 64 * rows) { begin, end in
        kernels.column_sum(rows, columns, 64 * begin, min(64 * end, columns), scale, matrix.address, base)
      }
    }
    withExtendedLifetime(matrix) {}
  }

  /// y[row] += scale * self for the first `rows` rows of `columns` numbers.
  package func addToRows(_ rows: Int, of y: inout Tensor, scale: Double = 1) {
    let columns = count
    let kernels = elementType.kernels
    y.withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      Compute.parallel(rows, cost: columns) { begin, end in
        kernels.add_row(columns, begin, end, scale, address, base)
      }
    }
  }

  /// self times a number.
  public func scaled(by factor: Double) -> Tensor { .linearCombination([(factor, self)]) }

  /// The axes in another order: axis i of the result is axis `order[i]` of self. Up to four axes.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<rank) && rank <= 4, "permuted: \(order) is no order of \(shape)")
    var steps = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { steps[axis] = steps[axis + 1] * shape[axis + 1] }
    let result = Tensor(uninitialized: order.map { shape[$0] }, elementType)
    let missing = 4 - rank
    let dims = [Int](repeating: 1, count: missing) + result.shape
    let strides = [Int](repeating: 0, count: missing) + order.map { steps[$0] }
    let kernels = elementType.kernels
    let inner = dims[1...].reduce(1, *)
    Compute.parallel(dims[0], cost: inner) { begin, end in
      kernels.permute(dims, strides, begin, end, address, result.freshAddress)
    }
    return result
  }

  /// The part [start, start + length) of an axis; -1 is the last one.
  public func sliced(axis: Int, start: Int, length: Int) -> Tensor {
    let axis = shape.index(ofAxis: axis)
    precondition(
      start >= 0 && start + length <= shape[axis], "sliced: \(start)+\(length) of \(shape)[\(axis)]")
    var newShape = shape
    newShape[axis] = length
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let result = Tensor(uninitialized: newShape, elementType)
    let size = elementType.byteCount
    // A column, such as the one of a weight that the time multiplies: number by number.
    if length * inner == 1 {
      switch elementType {
      case .float32: copyColumn(start, Float.self, to: result)
      case .float64: copyColumn(start, Double.self, to: result)
      }
      return result
    }
    for i in 0..<outer {
      (result.freshAddress + i * length * inner * size).copyMemory(
        from: address + (i * shape[axis] + start) * inner * size, byteCount: length * inner * size)
    }
    return result
  }

  private func copyColumn<Scalar: TensorScalar>(_ column: Int, _: Scalar.Type, to result: Tensor) {
    let from = address.assumingMemoryBound(to: Scalar.self) + column
    let to = result.freshAddress.assumingMemoryBound(to: Scalar.self)
    let step = count / max(result.count, 1)
    for i in 0..<result.count { to[i] = from[i * step] }
  }

  /// Writes `part` into the part of an axis that begins at `start`.
  package mutating func replace(axis: Int, start: Int, with part: Tensor) {
    let axis = shape.index(ofAxis: axis)
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let (whole, length, size) = (shape[axis], part.shape[axis], elementType.byteCount)
    withMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for i in 0..<outer {
        (base + (i * whole + start) * inner * size).copyMemory(
          from: part.address + i * length * inner * size, byteCount: length * inner * size)
      }
    }
    withExtendedLifetime(part) {}
  }

  /// Tensors side by side along an axis.
  public static func concatenation(_ parts: [Tensor], axis: Int) -> Tensor {
    precondition(!parts.isEmpty, "concatenation: of no tensors")
    var shape = parts[0].shape
    let axis = shape.index(ofAxis: axis)
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    var result = Tensor(uninitialized: shape, parts[0].elementType)
    var start = 0
    for part in parts {
      result.replace(axis: axis, start: start, with: part)
      start += part.shape[axis]
    }
    return result
  }

  /// Sums over the last axis, accumulated in double precision: [..., n] -> [...]
  package func sumOfLastAxis() -> Tensor {
    let columns = shape.last ?? 1
    let result = Tensor(uninitialized: Array(shape.dropLast()), elementType)
    let kernels = elementType.kernels
    Compute.parallel(result.count, cost: columns) { begin, end in
      kernels.row_sum(columns, begin, end, address, result.freshAddress)
    }
    return result
  }

  /// Each number repeated along a new last axis: [...] -> [..., n]
  package func broadcast(over columns: Int) -> Tensor {
    let result = Tensor(uninitialized: shape + [columns], elementType)
    let kernels = elementType.kernels
    Compute.parallel(count, cost: columns) { begin, end in
      kernels.broadcast_rows(columns, begin, end, address, result.freshAddress)
    }
    return result
  }

  /// Rows times their factors: self [..., n], factors [...]
  package func scalingRows(by factors: Tensor) -> Tensor {
    let columns = shape.last ?? 1
    let result = Tensor(uninitialized: shape, elementType)
    let kernels = elementType.kernels
    Compute.parallel(factors.count, cost: columns) { begin, end in
      kernels.scale_rows(columns, begin, end, factors.address, address, result.freshAddress)
    }
    withExtendedLifetime(factors) {}
    return result
  }

  /// log of the sum of exp over the last axis: [..., n] -> [...]
  package func logSumExpOfLastAxis() -> Tensor {
    let columns = shape.last ?? 1
    let result = Tensor(uninitialized: Array(shape.dropLast()), elementType)
    let kernels = elementType.kernels
    Compute.parallel(result.count, cost: 8 * columns) { begin, end in
      kernels.log_sum_exp(columns, begin, end, address, result.freshAddress)
    }
    return result
  }

  /// s exp(x - shift), row by row: self [..., n], s and shift [...]
  package func scaledExp(_ s: Tensor, shift: Tensor) -> Tensor {
    let columns = shape.last ?? 1
    let result = Tensor(uninitialized: shape, elementType)
    let kernels = elementType.kernels
    Compute.parallel(s.count, cost: 8 * columns) { begin, end in
      kernels.scaled_exp(columns, begin, end, s.address, shift.address, address, result.freshAddress)
    }
    withExtendedLifetime((s, shift)) {}
    return result
  }

  /// Dot products of rows, accumulated in double precision: [..., n], [..., n] -> [...]
  package func rowDots(_ other: Tensor) -> Tensor {
    let columns = shape.last ?? 1
    let result = Tensor(uninitialized: Array(shape.dropLast()), elementType)
    let kernels = elementType.kernels
    Compute.parallel(result.count, cost: columns) { begin, end in
      kernels.row_dot(columns, begin, end, address, other.address, result.freshAddress)
    }
    withExtendedLifetime(other) {}
    return result
  }

  /// For each sample, the sum over its numbers of (sum of coefficient * term / (atol + rtol max(|before|, |after|)))^2.
  /// Samples lie along the first axis of all the tensors.
  package static func scaledErrorSquares(
    _ terms: [(Double, Tensor)], before: Tensor, after: Tensor, absoluteTolerance: Double,
    relativeTolerance: Double, samples: Int
  ) -> [Double] {
    let width = before.count / samples
    let coefficients = terms.map(\.0)
    let derivatives = terms.map(\.1.address)
    let kernels = before.elementType.kernels
    return [Double](unsafeUninitializedCapacity: samples) { squares, count in
      nonisolated(unsafe) let squares = squares
      Compute.parallel(samples, cost: 4 * width * terms.count) { begin, end in
        for s in begin..<end {
          squares[s] = kernels.error_squares(
            terms.count, coefficients, derivatives, before.address, after.address, absoluteTolerance,
            relativeTolerance, s * width, (s + 1) * width)
        }
      }
      count = samples
      withExtendedLifetime(terms) {}
    }
  }

  /// The numbers at flat places, under a shape.
  package func gathered(_ places: [Int], shape: [Int]) -> Tensor {
    let size = elementType.byteCount
    let result = Tensor(uninitialized: shape, elementType)
    precondition(result.count == places.count, "gathered: \(places.count) places for \(shape)")
    for (i, place) in places.enumerated() {
      (result.freshAddress + i * size).copyMemory(from: address + place * size, byteCount: size)
    }
    return result
  }

  /// Zeros under a shape, but for these numbers at flat places, each named once.
  package func scattered(to places: [Int], shape: [Int]) -> Tensor {
    let size = elementType.byteCount
    let result = Tensor(zeros: shape, elementType)
    for (i, place) in places.enumerated() {
      (result.freshAddress + place * size).copyMemory(from: address + i * size, byteCount: size)
    }
    return result
  }

  /// The sum of the squares, in double precision.
  public func sumOfSquares() -> Double { elementType.kernels.sum_squares(0, count, address) }

  /// The flat index of the first number that is infinite or not a number.
  package var firstNonFinite: Int? {
    let index = elementType.kernels.first_not_finite(0, count, address)
    return index < 0 ? nil : index
  }
}
