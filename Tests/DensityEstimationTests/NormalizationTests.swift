import Autodiff
import DensityEstimation
import Foundation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct NormalizationTests {
  /// Batch normalization whose running averages are not the initial ones.
  private static func batchNormalization(
    _ statistics: BatchNormalizationFlow.Statistics, features: Int, dimensions: Int
  ) -> ExampleLayer {
    var example = ExampleLayer(
      "batch normalization by \(statistics), \(features) of \(dimensions)", dimensions: dimensions, moving: 0.3
    ) { BatchNormalizationFlow("layer", features: features, statistics: statistics, in: &$0) }
    example.buffers.tensors[0] = normals([features], 7, .float32)
    example.buffers.tensors[1] = normals([features], 8, .float32).map { 0.5 + $0 * $0 }
    example.buffers.tensors[2] = Tensor([4] as [Float], shape: [1])
    return example
  }

  static var examples: [ExampleLayer] {
    [BatchNormalizationFlow.Statistics.moving(lag: 0), .moving(lag: 0.9), .batch].flatMap { statistics in
      [(4, 4), (2, 12)].map { batchNormalization(statistics, features: $0, dimensions: $1) }
    } + [
      ExampleLayer("activation normalization", dimensions: 4, moving: 0.3) {
        ActivationNormalization("layer", features: 4, in: &$0)
      },
      ExampleLayer("activation normalization of channels", dimensions: 12, moving: 0.3) {
        ActivationNormalization("layer", features: 2, in: &$0)
      },
    ]
  }

  @Test(arguments: examples)
  func `the log-determinant is that of the Jacobian`(_ example: ExampleLayer) throws {
    try example.checkLogDeterminant()
  }

  @Test(arguments: examples)
  func `the inverse undoes the layer`(_ example: ExampleLayer) throws { try example.checkInverse() }

  @Test(arguments: examples)
  func `gradients agree with central differences`(_ example: ExampleLayer) throws {
    try example.checkGradients()
    try example.checkGradients(isTraining: true)
  }

  /// The mean and the (biased) variance of each feature of rows.
  private func moments(_ x: Tensor, features: Int) -> [(mean: Double, variance: Double)] {
    let numbers = x.doubles()
    return (0..<features).map { f in
      let own = stride(from: f, to: numbers.count, by: features).map { numbers[$0] }
      let mean = own.reduce(0, +) / Double(own.count)
      return (mean, own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(own.count))
    }
  }

  @Test(arguments: [(4, 4), (2, 12)])
  func `activation normalization begins with mean 0 and variance 1`(_ features: Int, _ dimensions: Int) throws {
    var builder = DensityBuilder(seed: 1)
    let layer = ActivationNormalization("layer", features: features, in: &builder)
    let x = normals([50, dimensions], 1, scale: 30, .float32) + 7
    var parameters = builder.parameters.parameters
    layer.initialize(&parameters, buffers: ParameterSet(), for: x)
    let output = layer.forward(Variable(x), DensityPass(parameters.constants))
    for (mean, variance) in moments(output.z.value, features: features) {
      #expect(abs(mean) < 1e-5 && abs(variance - 1) < 1e-5)
    }
    let inputs = moments(x, features: features)
    let expected = Double(dimensions / features) * inputs.reduce(0) { $0 - 0.5 * log($1.variance) }
    #expect(output.logDeterminant.value.doubles().allSatisfy { abs($0 - expected) < 1e-4 })
  }

  /// Layers of a chain and of a scale are initialized for what reaches them, so that each output is normalized.
  @Test func `a chain initializes each of its layers`() throws {
    let shape = ImageShape(height: 8, width: 8, channels: 2)
    var builder = DensityBuilder(seed: 1)
    func normalization(_ name: String, _ channels: Int) -> [any DensityLayer] {
      [
        InvertibleLinear("\(name).mix", features: channels, start: .rotation, in: &builder),
        ActivationNormalization(name, features: channels, in: &builder),
      ]
    }
    let chain = LayerChain(
      normalization("first", 2) + [
        Multiscale(shape) { normalization("scale\($0.scale).\($0.part)", $0.shape.channels) }
      ])
    var parameters = builder.parameters.parameters
    let x = normals([40, shape.dimensions], 1, scale: 3, .float32) + 5
    let buffers = builder.buffers.parameters
    chain.initialize(&parameters, buffers: buffers, for: x)
    let z = try chain.forward(Variable(x), DensityPass(parameters.constants, buffers: buffers)).z
    // What the first scale factors out, with 4 channels, and what the last one ends with.
    for start in [0, 64] {
      let part = z.sliced(axis: 1, start: start, length: 64)
      for (mean, variance) in moments(part.value, features: 4) {
        #expect(abs(mean) < 1e-4 && abs(variance - 1) < 1e-4)
      }
    }
  }

  @Test func `batch statistics normalize a training batch, and running averages another`() throws {
    let example = Self.batchNormalization(.batch, features: 3, dimensions: 3)
    var parameters = example.parameters
    for i in parameters.tensors.indices { parameters.tensors[i] = Tensor(zeros: [3]) }
    let x = normals([50, 3], 1, scale: 30, .float32) + 7
    let z = try example.layer.forward(Variable(x), example.pass(parameters.constants, .float32, isTraining: true)).z
    for (mean, variance) in moments(z.value, features: 3) { #expect(abs(mean) < 1e-5 && abs(variance - 1) < 1e-5) }
    let evaluation = example.pass(parameters.constants, .float32)
    let other = try example.layer.forward(Variable(x), evaluation).z
    let (mean, variance) = (example.buffers.tensors[0].doubles(), example.buffers.tensors[1].doubles())
    let expected = x.doubles().enumerated().map { i, x in (x - mean[i % 3]) / (variance[i % 3] + 1e-4).squareRoot() }
    #expect(largestDifference(other.value, expected) < 1e-4)
    #expect(evaluation.bufferUpdates.isEmpty)
  }

  /// A batch of one row has no variance: dividing by n - 1 would leave NaN in the running averages for good.
  @Test(arguments: [BatchNormalizationFlow.Statistics.moving(lag: 0), .moving(lag: 0.9), .batch])
  func `a batch of one row changes no running average`(_ statistics: BatchNormalizationFlow.Statistics) throws {
    let example = Self.batchNormalization(statistics, features: 3, dimensions: 3)
    let training = example.pass(example.parameters.constants, .float32, isTraining: true)
    let x = Variable(example.batch(1, .float32))
    let z = try example.layer.forward(x, training).z
    #expect(training.bufferUpdates.isEmpty)
    #expect(z.value == (try example.layer.forward(x, example.pass(example.parameters.constants, .float32)).z.value))
  }
}
