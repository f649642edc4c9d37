import Autodiff
import DensityEstimation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

/// Layers compute what the same layers made of PyTorch's modules do, in double precision: outputs, log-determinants,
/// gradients and, over several training steps, buffers.
@Suite(.enabled(if: PyTorchLayers.python.isHere, "\(PyTorchLayers.python.lack)")) struct PyTorchLayersTests {
  private static func normalization(_ statistics: BatchNormalizationFlow.Statistics, _ features: Int) -> ExampleLayer {
    ExampleLayer("batch normalization by \(statistics)", dimensions: 12, moving: 0.3) {
      BatchNormalizationFlow("n", features: features, statistics: statistics, in: &$0)
    }
  }

  private static var pairs: [PyTorchPair] {
    var pairs: [PyTorchPair] = []
    for isSwapped in [false, true] {
      let swap = isSwapped ? "True" : "False"
      for mask in CouplingMask.allCases {
        pairs += [
          PyTorchPair(
            ours: ExampleLayer("additive coupling", dimensions: 5) {
              AdditiveCoupling("c", dimensions: 5, hidden: [7, 6], mask: mask, isSwapped: isSwapped, in: &$0)
            }, theirs: ["additive('c', '\(mask)', \(swap))"]),
          PyTorchPair(
            ours: ExampleLayer("affine coupling", dimensions: 5) {
              AffineCoupling("c", dimensions: 5, hidden: [7, 6], mask: mask, isSwapped: isSwapped, in: &$0)
            }, theirs: ["affine('c', '\(mask)', \(swap))"]),
        ]
      }
      for dimensions in [2, 5] {
        pairs.append(
          PyTorchPair(
            ours: ExampleLayer("split affine coupling", dimensions: dimensions) {
              SplitAffineCoupling("c", dimensions: dimensions, hidden: [7, 6], isSwapped: isSwapped, in: &$0)
            }, theirs: ["split('c', \(swap))"]))
      }
      for mask in ImageMask.allCases {
        for scale in [ImageCoupling.Scale.tanh, .sigmoid] {
          pairs.append(
            PyTorchPair(
              ours: ExampleLayer("image coupling", dimensions: 24) {
                ImageCoupling(
                  "c", shape: ImageShape(height: 4, width: 3, channels: 2), hidden: [5, 4], mask: mask,
                  isSwapped: isSwapped, scale: scale, in: &$0)
              }, theirs: ["coupling('c', (4, 3, 2), '\(mask)', \(swap), '\(scale)')"]))
        }
      }
    }
    for start in [InvertibleLinear.Start.identity, .rotation] {
      pairs += [
        PyTorchPair(
          ours: ExampleLayer("invertible linear map", dimensions: 5) {
            InvertibleLinear("l", features: 5, start: start, in: &$0)
          }, theirs: ["linear('l')"]),
        PyTorchPair(
          ours: ExampleLayer("1x1 convolution", dimensions: 24) {
            InvertibleLinear("l", features: 4, start: start, in: &$0)
          }, theirs: ["linear('l', (2, 3, 4))"]),
      ]
    }
    for isTraining in [false, true] {
      pairs += [
        PyTorchPair(
          ours: normalization(.batch, 12), theirs: ["batchnorm('n')"], isTraining: isTraining, steps: 4),
        PyTorchPair(
          ours: normalization(.batch, 2), theirs: ["batchnorm('n', (2, 3, 2))"], isTraining: isTraining, steps: 4),
        PyTorchPair(
          ours: normalization(.moving(lag: 0), 12), theirs: ["moving('n', 0)"], isTraining: isTraining, steps: 4),
        PyTorchPair(
          ours: normalization(.moving(lag: 0.7), 12), theirs: ["moving('n', 0.7)"], isTraining: isTraining, steps: 4),
      ]
    }
    return pairs + chains
  }

  private static var chains: [PyTorchPair] {
    let shape = ImageShape(height: 8, width: 8, channels: 1)
    func steps(_ first: Int, _ size: String) -> String {
      (0..<2).flatMap { i in
        let n = first + 3 * i
        return [
          "actnorm('chain.\(n)', \(size))", "linear('chain.\(n + 1)', \(size))",
          "coupling('chain.\(n + 2)', \(size), 'channel', \(i == 0 ? "True" : "False"), 'sigmoid')",
        ]
      }.joined(separator: ", ")
    }
    let glow = """
      halves([([squeeze((8, 8, 1)), \(steps(0, "(4, 4, 4)"))], (4, 4, 4)), ([\(steps(6, "(4, 4, 2)"))], None)])
      """
    return [
      PyTorchPair(
        ours: ExampleLayer("NICE", dimensions: 5) {
          LayerChain(NICE.layers(dimensions: 5, blocks: 2, hidden: [7], in: &$0))
        },
        theirs: ["additive('chain.0', 'alternate', True)", "additive('chain.1', 'alternate', False)"]
          + ["scaling('chain.2')"]),
      PyTorchPair(
        ours: ExampleLayer("Real NVP", dimensions: 5) {
          LayerChain(
            RealNVP.layers(dimensions: 5, blocks: 2, hidden: [7], batchNormalization: .moving(lag: 0), in: &$0))
        },
        theirs: [
          "affine('chain.0', 'alternate', True)", "moving('chain.1', 0)", "affine('chain.2', 'alternate', False)",
          "moving('chain.3', 0)",
        ], isTraining: true, steps: 3),
      PyTorchPair(
        ours: ExampleLayer("Glow of toys", dimensions: 2) {
          LayerChain(Glow.layers(dimensions: 2, blocks: 2, hidden: [7], form: .split, in: &$0))
        },
        theirs: ["linear('chain.0')", "split('chain.1', True)", "linear('chain.2')", "split('chain.3', False)"]),
      PyTorchPair(
        ours: ExampleLayer("Glow of images", dimensions: 64) {
          LayerChain(Glow.imageLayers(shape: shape, blocks: 2, hidden: [5, 4], in: &$0))
        }, theirs: [glow]),
      PyTorchPair(
        ours: ExampleLayer("squeeze, volume-preserving", dimensions: 48) { _ in
          Squeeze(ImageShape(height: 4, width: 4, channels: 3))
        }, theirs: ["squeeze((4, 4, 3))"]),
    ]
  }

  @Test func `layers compute what PyTorch's do`() throws {
    try PyTorchPair.check(Self.pairs)
  }
}
