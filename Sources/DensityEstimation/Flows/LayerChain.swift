import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// Layers one after another.
public struct LayerChain: DensityLayer {
  /// The layers, from the data to the noise.
  public let layers: [any DensityLayer]

  /// A chain of layers, from the data to the noise.
  public init(_ layers: [any DensityLayer]) { self.layers = layers }

  /// Applies the layers, first to last.
  public func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput {
    var output = LayerOutput(z: x, logDeterminant: .zeros(ofRowsOf: x))
    for layer in layers {
      let next = try layer.forward(output.z, pass)
      output = LayerOutput(z: next.z, logDeterminant: output.logDeterminant + next.logDeterminant)
    }
    return output
  }

  /// Inverts the layers, last to first.
  public func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable {
    var x = z
    for layer in layers.reversed() { x = try layer.inverse(x, pass) }
    return x
  }

  /// The first layer's problem.
  public func problem(with buffers: ParameterSet) -> String? {
    layers.lazy.compactMap { $0.problem(with: buffers) }.first
  }

  /// Whether one of the layers is initialized by data.
  public var isInitializedByData: Bool { layers.contains(where: \.isInitializedByData) }

  /// Initializes each layer for the batch as the layers before it transform it.
  public func initialize(_ parameters: inout ParameterSet, buffers: ParameterSet, for x: Tensor) {
    var x = x
    let last = layers.lastIndex(where: \.isInitializedByData) ?? -1
    for (place, layer) in layers.enumerated() where place <= last {
      layer.initialize(&parameters, buffers: buffers, for: x)
      guard place < last else { return }
      // A layer after a solve that fails keeps its parameters: training reports the failure at its first step.
      let pass = DensityPass(
        parameters.constants, buffers: buffers, isTraining: true, probes: DensityPass.Probes(.rademacher, seed: 0))
      guard let next = try? layer.forward(Variable(x), pass) else { return }
      x = next.z.value
    }
  }
}

extension LayerChain {
  /// The layers of blocks, and a batch normalization after each where there is to be one.
  ///
  /// - Parameters:
  ///   - prefix: What names begin with.
  ///   - dimensions: The number of dimensions.
  ///   - blocks: The number of blocks.
  ///   - batchNormalization: What normalizes after each block; nil for nothing.
  ///   - builder: What makes the parameters and buffers.
  ///   - make: Makes the layers of a block, which take their names in order.
  static func layers(
    named prefix: String, dimensions: Int, blocks: Int, batchNormalization: BatchNormalizationFlow.Statistics?,
    in builder: inout DensityBuilder,
    _ make: (_ block: Int, _ names: inout LayerNames, _ builder: inout DensityBuilder) -> [any DensityLayer]
  ) -> [any DensityLayer] {
    var names = LayerNames(prefix)
    var layers: [any DensityLayer] = []
    for block in 0..<blocks {
      layers += make(block, &names, &builder)
      guard let batchNormalization else { continue }
      layers.append(
        BatchNormalizationFlow(names.next(), features: dimensions, statistics: batchNormalization, in: &builder))
    }
    return layers
  }
}
