import Autodiff
import DensityEstimation
import NeuralNetworks
import Tensors

/// Small layers, conditioners and models of the autoregressive family.
enum AutoregressiveExamples {
  /// Layers of every kind, which pass what every layer must.
  static var layers: [ExampleLayer] {
    var examples: [ExampleLayer] = []
    for order in AutoregressiveOrder.allCases {
      examples += [
        ExampleLayer("affine, \(order)", dimensions: 4) {
          flow(4, AffineTransformer(), hidden: [7, 5], order: order, direct: order == .reversed, in: &$0)
        },
        ExampleLayer("sigmoidal, \(order)", dimensions: 3, moving: 0.3) {
          flow(3, SigmoidalTransformer(units: 5), hidden: [6], order: order, in: &$0)
        },
        ExampleLayer("recurrent shift, \(order), volume-preserving", dimensions: 4) {
          AutoregressiveFlow(
            RecurrentConditioner(
              "l", dimensions: 4, outputs: 1, units: 5, hidden: [], order: order, in: &$0.parameters),
            ShiftTransformer())
        },
      ]
    }
    for layers in 1...3 {
      examples.append(
        ExampleLayer("dense sigmoidal of \(layers) layers", dimensions: 3, moving: 0.3) {
          let transformer = DenseSigmoidalTransformer("t", units: 4, layers: layers, in: &$0.parameters)
          return flow(3, transformer, hidden: [6], order: .natural, in: &$0)
        })
    }
    return examples + [
      ExampleLayer("affine of one dimension", dimensions: 1) {
        flow(1, AffineTransformer(), hidden: [4], order: .natural, in: &$0)
      },
      ExampleLayer("affine with a linear conditioner", dimensions: 4) {
        AutoregressiveFlow(
          LinearConditioner("l", dimensions: 4, outputs: 2, units: 5, hidden: [6], in: &$0.parameters),
          AffineTransformer())
      },
      ExampleLayer("leaky rescaling", dimensions: 4, moving: 0.5) {
        LeakyRescaling("l", dimensions: 4, in: &$0.parameters)
      },
    ]
  }

  /// Chains of layers.
  static var chains: [ExampleLayer] {
    [
      ExampleLayer("MADE", dimensions: 4) {
        LayerChain(MADE.layers(dimensions: 4, hidden: [9], activation: .tanh, in: &$0))
      },
      ExampleLayer("MAF", dimensions: 4) {
        LayerChain(
          MAF.layers(
            dimensions: 4, blocks: 3, hidden: [9], activation: .tanh, batchNormalization: .moving(lag: 0), in: &$0))
      },
      ExampleLayer("MAF-DSF", dimensions: 3) {
        LayerChain(NAF.layers(dimensions: 3, blocks: 2, hidden: [7], units: 4, in: &$0))
      },
      ExampleLayer("MAF-DDSF", dimensions: 3) {
        LayerChain(NAF.layers(dimensions: 3, blocks: 2, hidden: [7], units: 4, denseLayers: 2, in: &$0))
      },
      ExampleLayer("TAN", dimensions: 4) { LayerChain(TAN.layers(dimensions: 4, blocks: 2, units: 5, in: &$0)) },
    ]
  }

  /// A layer with a masked network.
  static func flow(
    _ dimensions: Int, _ transformer: any MonotoneTransformer, hidden: [Int], order: AutoregressiveOrder,
    direct: Bool = false, in builder: inout DensityBuilder
  ) -> AutoregressiveFlow {
    AutoregressiveFlow(
      MaskedNetwork(
        "l", dimensions: dimensions, outputs: transformer.numbers, hidden: hidden, order: order, activation: .tanh,
        hasDirectConnections: direct, in: &builder.parameters), transformer)
  }

  /// Conditioners of five dimensions.
  static func conditioners(
    _ order: AutoregressiveOrder, in builder: inout ParameterBuilder
  ) -> [(name: String, conditioner: any AutoregressiveConditioner)] {
    func masked(_ name: String, _ hidden: [Int], direct: Bool, _ builder: inout ParameterBuilder) -> MaskedNetwork {
      MaskedNetwork(
        name, dimensions: 5, outputs: 3, hidden: hidden, order: order, activation: .tanh, hasDirectConnections: direct,
        in: &builder)
    }
    return [
      ("linear", masked("a", [], direct: false, &builder)),
      ("of unlike widths", masked("b", [11, 6], direct: false, &builder)),
      ("with direct connections", masked("c", [7], direct: true, &builder)),
      ("narrow", masked("d", [2], direct: false, &builder)),
      (
        "LAM",
        LinearConditioner("e", dimensions: 5, outputs: 3, units: 6, hidden: [8], order: order, in: &builder)
      ),
      (
        "RAM",
        RecurrentConditioner("f", dimensions: 5, outputs: 3, units: 6, hidden: [8], order: order, in: &builder)
      ),
    ]
  }
}
