import Tensors

// log p(x | l) = sum of x l - softplus(l), for pixels x in {0, 1} and logits l: the logarithm of
// sigmoid(l)^x (1 - sigmoid(l))^(1 - x), without overflow for any l.
// Tangent and pullback are those of the operations it is made of.

extension Variable {
  /// log p(x given logits) in nats, summed over the last axis: logits [..., n], images [..., n] -> [...]
  public static func bernoulliLogLikelihood(logits: Variable, images: Variable) -> Variable {
    (images * logits - logits.applying(.softplus)).sum(axis: -1)
  }
}

extension Dual {
  /// log p(x given logits) in nats, summed over the last axis: logits [..., n], images [..., n] -> [...]
  public static func bernoulliLogLikelihood(logits: Dual, images: Dual) -> Dual {
    (images * logits - logits.applying(.softplus)).sum(axis: -1)
  }
}
