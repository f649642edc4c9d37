import Tensors

/// A contribution to a gradient that is formed later, together with others of its kind.
///
/// A solve evaluates its velocity a hundred times with the same weights. Forming their gradient each time would read
/// and write all of it a hundred times; kept as factors, the contributions are formed in one pass.
package protocol DeferredGradient {
  /// Multiplies the contribution.
  var scale: Double { get set }
  /// The shape and type of the gradient it is a part of.
  var shape: [Int] { get }
  var elementType: ElementType { get }
  /// The memory that keeping it costs.
  var byteCount: Int { get }
  /// The contribution as a product g^T x left unformed, where it is one.
  var factors: Gradient? { get }
  /// Adds contributions of this kind to a gradient.
  static func add(_ terms: [Self], to gradient: inout Tensor)
  /// The gradient that contributions of this kind alone make; at least one.
  static func formed(_ terms: [Self]) -> Tensor
}

extension DeferredGradient {
  package var factors: Gradient? { nil }

  package static func formed(_ terms: [Self]) -> Tensor {
    var gradient = Tensor(zeros: terms[0].shape, terms[0].elementType)
    add(terms, to: &gradient)
    return gradient
  }

  /// Takes the contributions of this kind out of `terms` and forms them: added to a gradient, or by themselves.
  fileprivate static func form(_ terms: inout [any DeferredGradient], into gradient: inout Tensor?) {
    let ours = terms.compactMap { $0 as? Self }
    terms.removeAll { $0 is Self }
    guard var sum = gradient.take() else {
      gradient = formed(ours)
      return
    }
    add(ours, to: &sum)
    gradient = sum
  }
}

/// A gradient in the making: a formed part, and contributions yet to be formed.
package struct GradientAccumulator {
  /// Deferred contributions are formed when they hold more memory than this.
  package static let deferredLimit = 192 << 20

  private var formed: Tensor?
  private var deferred: [any DeferredGradient] = []
  private var deferredBytes = 0

  package init() {}

  package init(_ gradient: Tensor) { formed = gradient }

  package var isEmpty: Bool { formed == nil && deferred.isEmpty }

  /// The factors of the only contribution, where it is a product.
  var soleFactors: Gradient? { formed == nil && deferred.count == 1 ? deferred[0].factors : nil }

  /// Whether some contributions are yet to be formed.
  var hasDeferred: Bool { !deferred.isEmpty }

  package mutating func add(_ cotangent: Tensor) {
    guard formed != nil else {
      formed = cotangent
      return
    }
    formed?.add(cotangent)
  }

  /// Adds a contribution that is formed later.
  package mutating func add(deferred term: any DeferredGradient) {
    deferred.append(term)
    deferredBytes += term.byteCount
    if deferredBytes > Self.deferredLimit { formed = takeValue() }
  }

  /// Adds all of another's contributions, times a factor.
  package mutating func merge(_ other: GradientAccumulator, scale: Double = 1) {
    if let tensor = other.formed {
      if formed == nil {
        formed = scale == 1 ? tensor : tensor.scaled(by: scale)
      } else {
        formed?.add(tensor, scale: scale)
      }
    }
    for var term in other.deferred {
      term.scale *= scale
      add(deferred: term)
    }
  }

  /// The gradient, formed; zeros if nothing was added.
  package mutating func value(shape: [Int], _ type: ElementType) -> Tensor {
    takeValue() ?? Tensor(zeros: shape, type)
  }

  /// The gradient, formed, if anything was added; leaves nothing behind.
  package mutating func takeValue() -> Tensor? {
    var result = formed.take()
    while let first = deferred.first { type(of: first).form(&deferred, into: &result) }
    deferredBytes = 0
    return result
  }
}
