import Tensors

// log p(x | l) = sum over pixels of l[x] - log of the sum of exp(l): the logarithm of the softmax of the logits l at the
// pixel's level x. Tangent and pullback are those of the operations it is made of.

extension Variable {
  /// log p(levels given logits) in nats, summed over the pixels: logits [batch, pixels, levels], a level for each
  /// pixel of each image -> [batch]
  public static func categoricalLogLikelihood(logits: Variable, levels: [Int]) -> Variable {
    (logits.gathered(at: levels) - logits.logSumExp(axis: -1)).sum(axis: -1)
  }
}

extension Dual {
  /// log p(levels given logits) in nats, summed over the pixels: logits [batch, pixels, levels], a level for each
  /// pixel of each image -> [batch]
  public static func categoricalLogLikelihood(logits: Dual, levels: [Int]) -> Dual {
    (logits.gathered(at: levels) - logits.logSumExp(axis: -1)).sum(axis: -1)
  }
}
