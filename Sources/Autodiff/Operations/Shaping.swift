import Tensors

// Reshape, slice, concatenate, permute: each moves numbers about.
// Tangent: the same of the tangents. Pullback: moves them back; a slice leaves zeros around them.

extension Variable {
  /// The same numbers under another shape.
  public func reshaped(_ newShape: [Int]) -> Variable {
    guard newShape != shape else { return self }
    let old = shape
    return .record(value.reshaped(newShape), [self]) { g, inputs in inputs.add(g.reshaped(old), to: 0) }
  }

  /// The part [start, start + length) of an axis; -1 is the last one.
  public func sliced(axis: Int, start: Int, length: Int) -> Variable {
    let (whole, axis) = (shape, shape.index(ofAxis: axis))
    guard !(start == 0 && length == whole[axis]) else { return self }
    // A leading slice shares the memory.
    let part =
      axis == 0
      ? value.leading(start..<(start + length)) : value.sliced(axis: axis, start: start, length: length)
    return .record(part, [self]) { g, inputs in
      inputs.add(deferred: SliceGradient(shape: whole, axis: axis, start: start, part: g), to: 0)
    }
  }

  /// Variables side by side along an axis.
  public static func concatenation(_ parts: [Variable], axis: Int) -> Variable {
    precondition(!parts.isEmpty, "concatenation: of no variables")
    let axis = parts[0].shape.index(ofAxis: axis)
    let lengths = parts.map { $0.shape[axis] }
    return record(.concatenation(parts.map(\.value), axis: axis), parts) { g, inputs in
      var start = 0
      for (input, length) in lengths.enumerated() {
        let from = start
        inputs.add(
          axis == 0 ? g.leading(from..<(from + length)) : g.sliced(axis: axis, start: from, length: length),
          to: input)
        start += length
      }
    }
  }

  /// The axes in another order: axis i of the result is axis `order[i]`. Up to four axes.
  public func permuted(_ order: [Int]) -> Variable {
    var inverse = order
    for (axis, from) in order.enumerated() { inverse[from] = axis }
    return .record(value.permuted(order), [self]) { [inverse] g, inputs in
      inputs.add(g.permuted(inverse), to: 0)
    }
  }
}

/// The cotangent of a part, to be put in its place: many slices of one tensor are put together in one go.
private struct SliceGradient: DeferredGradient {
  let shape: [Int]
  let axis: Int
  let start: Int
  let part: Tensor
  var scale = 1.0

  var elementType: ElementType { part.elementType }
  var byteCount: Int { part.count * part.elementType.byteCount }

  static func add(_ terms: [SliceGradient], to gradient: inout Tensor) {
    for term in terms {
      let length = term.part.shape[term.axis]
      var sum = gradient.sliced(axis: term.axis, start: term.start, length: length)
      sum.add(term.part, scale: term.scale)
      gradient.replace(axis: term.axis, start: term.start, with: sum)
    }
  }
}

extension Dual {
  /// The same numbers under another shape.
  public func reshaped(_ newShape: [Int]) -> Dual {
    Dual(primalAndTangents: primalAndTangents.reshaped([1 + tangentCount] + newShape))
  }

  /// The part [start, start + length) of an axis; -1 is the last one.
  public func sliced(axis: Int, start: Int, length: Int) -> Dual {
    let axis = shape.index(ofAxis: axis) + 1
    return Dual(primalAndTangents: primalAndTangents.sliced(axis: axis, start: start, length: length))
  }

  /// Duals side by side along an axis.
  public static func concatenation(_ parts: [Dual], axis: Int) -> Dual {
    precondition(!parts.isEmpty, "concatenation: of no duals")
    let (axis, count) = (parts[0].shape.index(ofAxis: axis) + 1, parts.map(\.tangentCount).max() ?? 0)
    return Dual(primalAndTangents: .concatenation(parts.map { $0.padded(to: count).primalAndTangents }, axis: axis))
  }

  /// The axes in another order. Up to three axes.
  public func permuted(_ order: [Int]) -> Dual {
    Dual(primalAndTangents: primalAndTangents.permuted([0] + order.map { $0 + 1 }))
  }
}
