import Autodiff
import Foundation
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

/// The amortized velocity against its formula, written out in loops.
@Suite struct AmortizedNetworkTests {
  private func activated(_ function: ElementwiseFunction, _ x: Double) -> Double {
    switch function {
    case .softplus: log1p(exp(-abs(x))) + max(x, 0)
    case .tanh: tanh(x)
    case .swish: x / (1 + exp(-x))
    case .sigmoid: 1 / (1 + exp(-x))
    case .elu: x > 0 ? x : expm1(x)
    default: preconditionFailure("no formula for \(function)")
    }
  }

  /// layer(a) = a W^T + t w + c + (a U) V + bias, an activation between layers, none after the last;
  /// `weights` are one image's: U [in, rank], V [rank, out], bias [out], layer after layer.
  private func naive(
    _ example: SmallNetwork, _ z: [Double], time: Double, weights: [Double], _ parameters: ParameterSet
  ) throws -> [Double] {
    let widths = [example.latent] + example.hidden + [example.latent]
    var a = z
    var offset = 0
    for l in 0..<(widths.count - 1) {
      let (n, m, k) = (widths[l], widths[l + 1], example.rank)
      let layer = "block.diffeq.layers.\(l)._layer"
      let w = parameters[try #require(parameters["\(layer).weight"])].doubles()
      let c = parameters[try #require(parameters["\(layer).bias"])].doubles()
      let (u, v, bias) = (offset, offset + n * k, offset + n * k + k * m)
      let first = example.timeDependence == .concat ? 1 : 0
      let au = (0..<k).map { r in (0..<n).reduce(0) { $0 + a[$1] * weights[u + $1 * k + r] } }
      var next = (0..<m).map { o in
        var sum = c[o] + weights[bias + o]
        for i in 0..<n { sum += a[i] * w[o * (first + n) + first + i] }
        for r in 0..<k { sum += au[r] * weights[v + r * m + o] }
        return first == 1 ? sum + time * w[o * (1 + n)] : sum
      }
      if l < widths.count - 2 { next = next.map { activated(example.activation, $0) } }
      a = next
      offset = bias + m
    }
    #expect(offset == weights.count)
    return a
  }

  @Test(arguments: SmallNetwork.examples)
  func `the network is its formula`(_ example: SmallNetwork) throws {
    let (network, parameters) = example.make()
    let batch = 3
    let weights = example.perSampleWeights(batch: batch)
    let z = normals([batch, example.latent], 1)
    for (type, tolerance) in [(ElementType.float64, 1e-14), (.float32, 2e-6)] {
      let conditioning = network.conditioning(
        perSampleWeights: Variable(weights.converted(to: type)), parameters.converted(to: type).constants)
      let velocity = network(time: 0.37, z: Dual(Variable(z.converted(to: type))), conditioning: conditioning)
      #expect(velocity.shape == [batch, example.latent])
      for image in 0..<batch {
        let expected = try naive(
          example, z.leading(image..<(image + 1)).doubles(), time: 0.37,
          weights: weights.leading(image..<(image + 1)).doubles(), parameters)
        let actual = velocity.primal.value.leading(image..<(image + 1)).doubles()
        #expect(relativeDifference(actual, expected) < tolerance, "\(type), image \(image)")
      }
    }
  }

  @Test(arguments: SmallNetwork.examples)
  func `only a network that concatenates the time depends on it`(_ example: SmallNetwork) {
    let (network, conditioning) = example.conditioned(batch: 2)
    let z = Dual(Variable(normals([2, example.latent], 1)))
    let (early, late) = (
      network(time: 0, z: z, conditioning: conditioning).primal.value.doubles(),
      network(time: 0.5, z: z, conditioning: conditioning).primal.value.doubles()
    )
    #expect((early == late) == (example.timeDependence == .ignore))
  }

  @Test func `an image has U, V and bias of every layer as its own`() {
    // Layers 4 -> 6 -> 5 -> 4 at rank 2: (4 + 6) 2 + 6, (6 + 5) 2 + 5, (5 + 4) 2 + 4.
    #expect(SmallNetwork().make().network.conditionalCount == 26 + 27 + 22)
  }

  @Test func `the Omniglot preset's images have 44,608 weights a block`() {
    var builder = ParameterBuilder(seed: 1)
    let network = AmortizedNetwork("b", latent: 64, hidden: [512, 512], rank: 20, in: &builder)
    #expect(network.conditionalCount == 44_608)
  }

  @Test func `shared parameters have the published names and shapes`() {
    func listed(_ set: ParameterSet) -> [String] { set.parameters.map { "\($0.name) \($0.shape)" } }
    #expect(
      listed(SmallNetwork().make().parameters) == [
        "block.diffeq.layers.0._layer.weight [6, 5]", "block.diffeq.layers.0._layer.bias [6]",
        "block.diffeq.layers.1._layer.weight [5, 7]", "block.diffeq.layers.1._layer.bias [5]",
        "block.diffeq.layers.2._layer.weight [4, 6]", "block.diffeq.layers.2._layer.bias [4]",
      ])
    var ignoring = SmallNetwork()
    ignoring.timeDependence = .ignore
    #expect(listed(ignoring.make().parameters)[0] == "block.diffeq.layers.0._layer.weight [6, 4]")
    var builder = ParameterBuilder(seed: 1)
    _ = AmortizedContinuousFlow(features: 5, latent: 3, hidden: [4], blocks: 2, rank: 1, in: &builder)
    #expect(
      listed(builder.parameters)
        == (0..<2).flatMap { block in
          [
            "odefuncs.\(block).diffeq.layers.0._layer.weight [4, 4]",
            "odefuncs.\(block).diffeq.layers.0._layer.bias [4]",
            "odefuncs.\(block).diffeq.layers.1._layer.weight [3, 5]",
            "odefuncs.\(block).diffeq.layers.1._layer.bias [3]",
            // (3 + 4) + 4 and (4 + 3) + 3 weights of each image.
            "q_am.\(block).weight [21, 5]", "q_am.\(block).bias [21]",
          ]
        })
  }
}
