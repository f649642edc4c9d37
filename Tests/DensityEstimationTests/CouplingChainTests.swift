import Autodiff
import DensityEstimation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

/// The chains of each family, as configurations use them.
@Suite struct CouplingChainTests {
  static var examples: [ExampleLayer] {
    let image = ImageShape(height: 8, width: 8, channels: 1)
    return [
      ExampleLayer("NICE", dimensions: 5) {
        LayerChain(NICE.layers(dimensions: 5, blocks: 4, hidden: [6, 6], in: &$0))
      },
      ExampleLayer("Real NVP", dimensions: 5) {
        LayerChain(RealNVP.layers(dimensions: 5, blocks: 4, hidden: [6, 6], batchNormalization: .batch, in: &$0))
      },
      ExampleLayer("Real NVP of toys", dimensions: 2) {
        LayerChain(RealNVP.layers(dimensions: 2, blocks: 10, hidden: [6, 6], form: .split, in: &$0))
      },
      ExampleLayer("Glow", dimensions: 5) {
        LayerChain(
          Glow.layers(dimensions: 5, blocks: 4, hidden: [6, 6], batchNormalization: .moving(lag: 0), in: &$0))
      },
      ExampleLayer("Glow of toys", dimensions: 2) {
        LayerChain(Glow.layers(dimensions: 2, blocks: 10, hidden: [6, 6], form: .split, in: &$0))
      },
      ExampleLayer("Real NVP of images", dimensions: image.dimensions, moving: 0.05) {
        LayerChain(
          RealNVP.imageLayers(
            shape: image, blocks: 2, hidden: [4, 4], batchNormalization: .moving(lag: 0.5), in: &$0))
      },
      ExampleLayer("Glow of images", dimensions: image.dimensions, moving: 0.05) {
        LayerChain(Glow.imageLayers(shape: image, blocks: 2, hidden: [4, 4], in: &$0))
      },
      ExampleLayer("Glow of images at one scale", dimensions: 12, moving: 0.05) {
        LayerChain(
          Glow.imageLayers(shape: ImageShape(height: 4, width: 3), scales: 1, blocks: 2, hidden: [4], in: &$0))
      },
    ]
  }

  @Test(arguments: examples)
  func `the log-determinant is that of the Jacobian`(_ example: ExampleLayer) throws {
    try example.checkLogDeterminant()
  }

  @Test(arguments: examples)
  func `the inverse undoes the layers`(_ example: ExampleLayer) throws { try example.checkInverse() }

  @Test(arguments: examples)
  func `gradients agree with central differences`(_ example: ExampleLayer) throws {
    try example.checkGradients()
    try example.checkGradients(isTraining: true)
  }

  /// The published numbers of layers and units, with initial parameters.
  static var publishedSizes: [ExampleLayer] {
    let (image, tables) = (ImageShape(height: 28, width: 28), [2, 43])
    return tables.flatMap { d in
      [
        ExampleLayer("NICE of \(d) dimensions", dimensions: d, moving: 0) {
          LayerChain(NICE.layers(dimensions: d, blocks: 10, hidden: [100, 100], in: &$0))
        },
        ExampleLayer("Real NVP of \(d) dimensions", dimensions: d, moving: 0) {
          LayerChain(RealNVP.layers(dimensions: d, in: &$0))
        },
        ExampleLayer("Glow of \(d) dimensions", dimensions: d, moving: 0) {
          LayerChain(Glow.layers(dimensions: d, in: &$0))
        },
        ExampleLayer("split Real NVP of \(d) dimensions", dimensions: d, moving: 0) {
          LayerChain(RealNVP.layers(dimensions: d, hidden: [64, 64], form: .split, in: &$0))
        },
      ]
    } + [
      ExampleLayer("Real NVP of MNIST", dimensions: 784, moving: 0.01) {
        LayerChain(RealNVP.imageLayers(shape: image, hidden: [16, 16], in: &$0))
      },
      ExampleLayer("Glow of MNIST", dimensions: 784, moving: 0.01) {
        LayerChain(Glow.imageLayers(shape: image, hidden: [16, 16], in: &$0))
      },
    ]
  }

  @Test(arguments: publishedSizes)
  func `the inverse undoes layers of published sizes`(_ example: ExampleLayer) throws { try example.checkInverse() }

  /// Training brings rows of another mean and deviation toward the noise. What it has learned holds in evaluation, where
  /// normalizations use running averages, and can be inverted.
  @Test(arguments: examples)
  func `training raises the density`(_ example: ExampleLayer) throws {
    var example = example
    func loss(_ x: Tensor, _ pass: DensityPass) throws -> Variable {
      let output = try example.layer.forward(Variable(x), pass)
      return (0.5 * output.z.applying(.square).sum(axis: -1) - output.logDeterminant).mean()
    }
    func rows(_ index: UInt64) -> Tensor { normals([64, example.dimensions], index, scale: 1.5, .float32) + 0.5 }
    func evaluation() throws -> Double {
      try loss(rows(1), example.pass(example.parameters.constants, .float32)).value.scalar
    }
    let before = try evaluation()
    example.layer.initialize(&example.parameters, buffers: example.buffers, for: rows(2))
    var optimizer = Optimizer(.adam, for: example.parameters, learningRate: 5e-3)
    for step in 0..<60 {
      let tape = Tape()
      let bound = example.parameters.tracked(on: tape)
      let pass = example.pass(bound, .float32, isTraining: true)
      let value = try loss(rows(UInt64(2 + step)), pass)
      optimizer.update(&example.parameters, tape.gradients(of: value, withRespectTo: bound.variables))
      for (buffer, value) in pass.bufferUpdates { example.buffers[buffer] = value }
    }
    #expect(try evaluation() < before - 0.02 * Double(example.dimensions), "from \(before)")
    try example.checkInverse(single: 1e-4)
  }

  /// Parameters and buffers have the published names and shapes.
  @Test func `the names are the published ones`() throws {
    var builder = DensityBuilder(seed: 1)
    _ = RealNVP.layers(
      dimensions: 43, blocks: 2, hidden: [100, 100], batchNormalization: .moving(lag: 0), in: &builder)
    _ = RealNVP.layers(named: "toys", dimensions: 2, blocks: 1, hidden: [64, 64], form: .split, in: &builder)
    let shapes = builder.parameters.parameters.parameters.map { "\($0.name) \($0.shape)" }
    func masked(_ coupling: Int) -> [String] {
      ["net_scale", "net_shift"].flatMap { network in
        [(0, [100, 43]), (2, [100, 100]), (4, [43, 100])].flatMap { layer, shape in
          [
            "chain.\(coupling).\(network).\(layer).weight \(shape)",
            "chain.\(coupling).\(network).\(layer).bias [\(shape[0])]",
          ]
        }
      }
    }
    func normalized(_ layer: Int) -> [String] { ["weight", "bias"].map { "chain.\(layer).\($0) [43]" } }
    let split = [(0, [64, 1]), (2, [64, 64]), (4, [2, 64])].flatMap { layer, shape in
      ["toys.0.net_s_t.\(layer).weight \(shape)", "toys.0.net_s_t.\(layer).bias [\(shape[0])]"]
    }
    #expect(shapes == masked(0) + normalized(1) + masked(2) + normalized(3) + split)
    #expect(
      builder.buffers.parameters.parameters.map { "\($0.name) \($0.shape)" }
        == [1, 3].flatMap { i in
          ["chain.\(i).running_mean [43]", "chain.\(i).running_var [43]", "chain.\(i).step [1]"]
        })
  }

  /// The layout, for which nothing is computed, is that of the parameters that are made.
  @Test func `a layout has the parameters of the model`() {
    func make(_ builder: inout DensityBuilder) {
      _ = Glow.imageLayers(shape: ImageShape(height: 8, width: 8, channels: 3), blocks: 1, hidden: [4], in: &builder)
      _ = NICE.layers(named: "nice", dimensions: 4, hidden: [3], in: &builder)
    }
    var builder = DensityBuilder(seed: 1)
    make(&builder)
    let layout = ParameterBuilder.layout { parameters in
      var empty = DensityBuilder(seed: 1)
      empty.parameters = parameters
      make(&empty)
      parameters = empty.parameters
    }
    #expect(layout.parameters == builder.parameters.parameters.parameters)
  }

  /// Given the tensors of a model under their names, a builder makes the same model.
  @Test func `a model read back is the same`() throws {
    let shape = ImageShape(height: 8, width: 8, channels: 1)
    let example = ExampleLayer("Glow", dimensions: 64) {
      LayerChain(Glow.imageLayers(shape: shape, blocks: 1, hidden: [4], in: &$0))
    }
    func named(_ set: ParameterSet) -> [String: Tensor] {
      Dictionary(uniqueKeysWithValues: zip(set.parameters.map(\.name), set.tensors))
    }
    var builder = DensityBuilder(values: named(example.parameters), buffers: named(example.buffers))
    let layer = LayerChain(Glow.imageLayers(shape: shape, blocks: 1, hidden: [4], in: &builder))
    #expect(builder.parameters.validationErrors.isEmpty && builder.buffers.validationErrors.isEmpty)
    let pass = DensityPass(builder.parameters.parameters.constants, buffers: builder.buffers.parameters)
    let x = Variable(example.batch(3, .float32))
    let expected = try example.layer.forward(x, example.pass(example.parameters.constants, .float32))
    #expect(try layer.forward(x, pass).z.value == expected.z.value)
  }
}
