import Tensors

/// A contribution to a gradient that is computed later, together with others of its kind.
///
/// A solve evaluates its velocity a hundred times with the same weights. Adding to their dense gradient each time would
/// read and write all of it a hundred times; kept as factors, the contributions are added up in one pass.
package protocol DeferredGradient {
  /// Multiplies the contribution.
  var scale: Double { get set }
  /// The shape and type of the gradient it is a part of.
  var shape: [Int] { get }
  var elementType: ElementType { get }
  /// The memory that keeping it costs.
  var byteCount: Int { get }
  /// The contribution as an outer-product gradient, where it is one.
  var factors: Gradient? { get }
  /// Adds contributions of this kind to a gradient.
  static func add(_ terms: [Self], to gradient: inout Tensor)
  /// The dense sum of contributions; at least one.
  static func sum(_ terms: [Self]) -> Tensor
}

extension DeferredGradient {
  package var factors: Gradient? { nil }

  package static func sum(_ terms: [Self]) -> Tensor {
    var gradient = Tensor(zeros: terms[0].shape, terms[0].elementType)
    add(terms, to: &gradient)
    return gradient
  }

  /// Moves the contributions of this one's kind from `terms`, of which it is one, to a dense gradient.
  fileprivate func moveKind(from terms: inout [any DeferredGradient], to gradient: inout Tensor?) {
    var ours = [self]
    // Alone, as most often in a model without solves, it needs no cast, which may take as long as the sum.
    if terms.count == 1 {
      terms = []
    } else {
      ours = terms.compactMap { $0 as? Self }
      terms.removeAll { $0 is Self }
    }
    guard var total = gradient.take() else {
      gradient = Self.sum(ours)
      return
    }
    Self.add(ours, to: &total)
    gradient = total
  }
}

/// A gradient in the making: a dense part, and deferred contributions.
package struct GradientAccumulator {
  /// Deferred contributions are added to the dense part when they hold more memory than this.
  package static let deferredLimit = 192 << 20

  private var dense: Tensor?
  private var deferred: [any DeferredGradient] = []
  private var deferredBytes = 0

  package init() {}

  package init(_ gradient: Tensor) { dense = gradient }

  package var isEmpty: Bool { dense == nil && deferred.isEmpty }

  /// The factors of the only contribution, where it is a product.
  var soleFactors: Gradient? { dense == nil && deferred.count == 1 ? deferred[0].factors : nil }

  /// Whether there are deferred contributions.
  var hasDeferred: Bool { !deferred.isEmpty }

  package mutating func add(_ cotangent: Tensor) {
    guard dense != nil else {
      dense = cotangent
      return
    }
    dense?.add(cotangent)
  }

  /// Adds a contribution that is computed later.
  package mutating func add(deferred term: any DeferredGradient) {
    deferred.append(term)
    deferredBytes += term.byteCount
    if deferredBytes > Self.deferredLimit { dense = takeValue() }
  }

  /// Adds all of another's contributions, times a factor.
  package mutating func merge(_ other: GradientAccumulator, scale: Double = 1) {
    if let tensor = other.dense {
      if dense == nil {
        dense = scale == 1 ? tensor : tensor.scaled(by: scale)
      } else {
        dense?.add(tensor, scale: scale)
      }
    }
    for var term in other.deferred {
      term.scale *= scale
      add(deferred: term)
    }
  }

  /// The dense gradient; zeros if nothing was added.
  package mutating func value(shape: [Int], _ type: ElementType) -> Tensor {
    takeValue() ?? Tensor(zeros: shape, type)
  }

  /// The dense gradient, if anything was added; leaves nothing behind.
  package mutating func takeValue() -> Tensor? {
    var result = dense.take()
    while let first = deferred.first { first.moveKind(from: &deferred, to: &result) }
    deferredBytes = 0
    return result
  }
}
