import Foundation

extension Tensor: CustomStringConvertible {
  /// The numbers in nested brackets, aligned, with four digits after the point, then shape and type. Of long axes of a
  /// large tensor, only the first and last three indices are shown, as NumPy and PyTorch do.
  ///
  /// ```
  /// [[ 1.0000, -2.5000],
  ///  [10.0000,  0.0000]] shape [2, 2], float32
  /// ```
  public var description: String {
    let limit = count > Self.shownCount ? Self.shownEnds : Int.max
    let shown = shownPlaces(limit: limit)
    let numbers = withBytes { bytes in
      shown.map { place in
        switch elementType {
        case .float32: Double(bytes.load(fromByteOffset: 4 * place, as: Float.self))
        case .float64: bytes.load(fromByteOffset: 8 * place, as: Double.self)
        }
      }
    }
    let magnitudes = numbers.filter { $0.isFinite && $0 != 0 }.map { abs($0) }
    let isScientific = (magnitudes.max() ?? 1) >= 1e6 || (magnitudes.min() ?? 1) < 1e-4
    let texts = numbers.map { String(format: isScientific ? "%.4e" : "%.4f", $0) }
    let width = texts.map(\.count).max() ?? 0
    var rest = texts[...]
    return "\(text(axis: 0, limit, width, &rest)) shape \(shape), \(elementType)"
  }

  /// The greatest number of numbers that are all shown, and the number of indices shown at each end of an axis of more.
  private static let shownCount = 1000
  private static let shownEnds = 3

  /// The indices of an axis that are shown; where there is a gap, nil.
  private func shownIndices(axis: Int, limit: Int) -> [Int?] {
    let size = shape[axis]
    guard size / 2 > limit else { return Array(0..<size) }
    return Array(0..<limit) + [nil] + Array((size - limit)..<size)
  }

  /// The places, in row-major order, of the numbers that are shown.
  private func shownPlaces(limit: Int) -> [Int] {
    (0..<rank).reduce([0]) { places, axis in
      let indices = shownIndices(axis: axis, limit: limit).compactMap { $0 }
      return places.flatMap { place in indices.map { place * shape[axis] + $0 } }
    }
  }

  /// The text from an axis on, which takes its numbers from the front of `numbers`.
  private func text(axis: Int, _ limit: Int, _ width: Int, _ numbers: inout ArraySlice<String>) -> String {
    guard axis < rank else {
      let number = numbers.popFirst() ?? ""
      return String(repeating: " ", count: width - number.count) + number
    }
    let parts = shownIndices(axis: axis, limit: limit).map { index in
      index == nil ? "..." : text(axis: axis + 1, limit, width, &numbers)
    }
    let isLast = axis == rank - 1
    let separator =
      isLast
      ? ", "
      : "," + String(repeating: "\n", count: max(rank - axis - 1, 1))
        + String(repeating: " ", count: axis + 1)
    return "[" + parts.joined(separator: separator) + "]"
  }
}
