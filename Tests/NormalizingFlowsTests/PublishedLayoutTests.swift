import Autodiff
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

/// Parameter names and shapes, written down from the published PyTorch code: `vae_lib/models/VAE.py`, `flows.py` and
/// `CNFVAE.py` of rtqichen/ffjord (the first two are those of riannevdberg/sylvester-flows), and
/// `lib/layers/diffeq_layers/basic.py` for the layers. Latent 4, features 5, two flows or blocks.
@Suite struct PublishedLayoutTests {
  private func listed(_ build: (inout ParameterBuilder) -> Void) -> [String] {
    var builder = ParameterBuilder(seed: 1)
    build(&builder)
    return builder.parameters.parameters.map { "\($0.name) \($0.shape)" }
  }

  @Test func `planar: PlanarVAE`() {
    #expect(
      listed { _ = PlanarFlow(features: 5, latent: 4, flows: 2, in: &$0) } == [
        "amor_u.weight [8, 5]", "amor_u.bias [8]", "amor_w.weight [8, 5]", "amor_w.bias [8]",
        "amor_b.weight [2, 5]", "amor_b.bias [2]",
      ])
  }

  @Test func `inverse autoregressive: IAFVAE, flows.IAF with one hidden layer`() {
    let layers = (0..<2).flatMap { k in
      zip(
        (8 * k)..<(8 * k + 8), ["[4, 8]", "[8]", "[8, 8]", "[8]", "[8, 4]", "[4]", "[8, 4]", "[4]"]
      ).map { "flow.param_list.\($0) \($1)" }
    }
    #expect(
      listed { _ = InverseAutoregressiveFlow(features: 5, latent: 4, flows: 2, width: 8, in: &$0) }
        == ["h_context.weight [8, 5]", "h_context.bias [8]"] + layers)
  }

  /// OrthogonalSylvesterVAE, HouseholderSylvesterVAE and TriangularSylvesterVAE, for m columns and q numbers.
  private func sylvester(_ m: Int, _ q: Int?) -> [String] {
    let heads: [(String, Int?)] = [
      ("amor_d", m * m), ("amor_diag1.0", m), ("amor_diag2.0", m), ("amor_q", q), ("amor_b", m),
    ]
    return heads.flatMap { name, count in
      count.map { ["\(name).weight [\(2 * $0), 5]", "\(name).bias [\(2 * $0)]"] } ?? []
    }
  }

  @Test func `Sylvester: the three models`() {
    func listed(_ basis: SylvesterBasis) -> [String] {
      self.listed { _ = SylvesterFlow(features: 5, latent: 4, flows: 2, basis: basis, in: &$0) }
    }
    #expect(listed(.orthogonal(vectors: 3)) == sylvester(3, 12))
    #expect(listed(.householder(reflections: 3)) == sylvester(4, 12))
    #expect(listed(.triangular) == sylvester(4, nil))
  }

  private func continuous(
    _ amortization: Amortization, _ time: TimeDependence = .concat, _ activation: ElementwiseFunction = .tanh
  ) -> [String] {
    listed {
      _ = AmortizedContinuousFlow(
        features: 5, latent: 4, hidden: [3], blocks: 2, amortization: amortization, rank: 2,
        activation: activation, timeDependence: time, in: &$0)
    }
  }

  /// Layers 4 -> 3 -> 4 with the time as one more input, in each block.
  private func layers(_ block: String) -> [String] {
    [
      "\(block).diffeq.layers.0._layer.weight [3, 5]", "\(block).diffeq.layers.0._layer.bias [3]",
      "\(block).diffeq.layers.1._layer.weight [4, 4]", "\(block).diffeq.layers.1._layer.bias [4]",
    ]
  }

  @Test(arguments: [
    // AmortizedLowRankCNFVAE: (4 + 3) 2 + 3 and (3 + 4) 2 + 4; AmortizedBiasCNFVAE: 3 + 4.
    (Amortization.lowRank, 35), (.bias, 7),
    // HypernetCNFVAE: (4 + 2) 3 and (3 + 2) 4; LypernetCNFVAE: (3 + 2) 4.
    (.hyper, 38), (.lastLayer, 20),
  ])
  func `ffjord: what is amortized`(_ amortization: Amortization, _ count: Int) {
    let expected = (0..<2).flatMap { b in
      let all = layers("odefuncs.\(b)")
      let shared =
        switch amortization {
        case .hyper: [String]()
        case .lastLayer: Array(all[..<2])
        default: all
        }
      return shared + ["q_am.\(b).weight [\(count), 5]", "q_am.\(b).bias [\(count)]"]
    }
    #expect(continuous(amortization) == expected)
  }

  @Test func `ffjord without amortization: CNFVAE`() {
    #expect(continuous(.none) == (0..<2).flatMap { layers("cnf.chain.\($0).odefunc") })
  }

  @Test(arguments: [
    (TimeDependence.ignore, ["_layer.weight [3, 4]", "_layer.bias [3]"]),
    (.concat, ["_layer.weight [3, 5]", "_layer.bias [3]"]),
    (.squash, ["_layer.weight [3, 4]", "_layer.bias [3]", "_hyper.weight [3, 1]", "_hyper.bias [3]"]),
    (
      .concatsquash,
      [
        "_layer.weight [3, 4]", "_layer.bias [3]", "_hyper_bias.weight [3, 1]", "_hyper_gate.weight [3, 1]",
        "_hyper_gate.bias [3]",
      ]
    ),
    (
      .hyper,
      [
        "_hypernet.0.weight [8, 1]", "_hypernet.0.bias [8]", "_hypernet.2.weight [15, 8]",
        "_hypernet.2.bias [15]",
      ]
    ),
    (.blend, ["_layer0.weight [3, 4]", "_layer0.bias [3]", "_layer1.weight [3, 4]", "_layer1.bias [3]"]),
    (.gated, ["layer_f.weight [3, 4]", "layer_f.bias [3]", "layer_g.weight [3, 4]", "layer_g.bias [3]"]),
  ])
  func `layers of the velocity`(_ time: TimeDependence, _ parts: [String]) {
    let prefix = "odefuncs.0.diffeq.layers.0."
    #expect(continuous(.bias, time).filter { $0.hasPrefix(prefix) } == parts.map { prefix + $0 })
  }

  @Test func `swish has a beta that all layers of all blocks share, under a name for each`() {
    #expect(
      continuous(.bias, .concat, .swish).filter { $0.contains("beta") }
        == ["odefuncs.0.diffeq.activation_fns.0.beta []"])
    var builder = ParameterBuilder(seed: 1)
    _ = AmortizedContinuousFlow(
      features: 5, latent: 4, hidden: [3, 3], blocks: 2, amortization: .bias, activation: .swish, in: &builder)
    let names = builder.parameters.otherNames.map(\.name)
    #expect(
      names == [(0, 1), (1, 0), (1, 1)].map { "odefuncs.\($0.0).diffeq.activation_fns.\($0.1).beta" })
    #expect(Set(names.compactMap { builder.parameters[$0]?.name }) == ["odefuncs.0.diffeq.activation_fns.0.beta"])
  }

  @Test func `each block runs for its own time`() throws {
    func output(_ blocks: Int, _ times: [Double]?) throws -> [Double] {
      var builder = ParameterBuilder(seed: 1)
      let flow = AmortizedContinuousFlow(
        features: 5, latent: 4, hidden: [6], blocks: blocks, amortization: .none, timeLengths: times, in: &builder)
      let z = normals([3, 4], 1).converted(to: .float32)
      let features = Variable(Tensor(zeros: [3, 5]))
      return try flow.forward(
        Variable(z), features: features, builder.parameters.constants, PosteriorExample.probes
      ).z.value.doubles()
    }
    #expect(try output(2, [0.5, 0.5]) == output(2, nil))
    // A block that runs for next to no time does next to nothing.
    #expect(scaledDifference(try output(2, [0.5, 1e-9]), try output(1, nil)) < 1e-6)
    #expect(scaledDifference(try output(2, [0.5, 2]), try output(2, nil)) > 1e-3)
  }
}
