import Autodiff
import Communication
import NeuralNetworks
import Tensors

extension BatchShare {
  /// The gradients of the whole batch, the same on all ranks, from those of each rank's part of it.
  ///
  /// Dense gradients are added up in the order of ranks. Of an outer product, the factors are gathered where they are fewer
  /// numbers: its sum over images is then taken in their order. Those of divided parameters are of the whole batch already.
  func combined(_ gradients: [Gradient], apartFrom divided: Set<Int> = []) -> [Gradient] {
    guard isSplit else { return gradients }
    var combined = gradients
    var dense: [(place: Int, tensor: Tensor)] = []
    for (place, gradient) in gradients.enumerated() where !divided.contains(place) {
      if case .outerProduct(let g, let x, let numerics) = gradient, g.shape[0].isMultiple(of: count),
        Self.areFactorsFewer(rows: g.shape[0] / count * total, outputs: g.shape[1], inputs: x.shape[1])
      {
        combined[place] = .outerProduct(cotangents: gathered(g), inputs: gathered(x), numerics: numerics)
      } else {
        dense.append((place, gradient.tensor))
      }
    }
    guard !dense.isEmpty else { return combined }
    // All at once: the fewer exchanges, the fewer waits for the network.
    var sums = Tensor.concatenation(dense.map { $0.tensor.reshaped([$0.tensor.count]) }, axis: 0)
    communicator.sum(&sums)
    var start = 0
    for (place, tensor) in dense {
      combined[place] = .dense(sums.leading(start..<start + tensor.count).reshaped(tensor.shape))
      start += tensor.count
    }
    return combined
  }

  /// Whether the factors of all images are fewer numbers to send than twice the gradient, which a sum over ranks sends.
  static func areFactorsFewer(rows: Int, outputs: Int, inputs: Int) -> Bool {
    rows * (outputs + inputs) < 2 * outputs * inputs
  }
}
