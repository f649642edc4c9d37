import Autodiff
import NeuralNetworks
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import VariationalAutoencoder

/// The encoder's and the decoder's layers, and what comes out of them.
@Suite struct ShapeTests {
  struct Size: CustomTestStringConvertible {
    let height: Int
    let width: Int
    var testDescription: String { "\(height)x\(width)" }
  }

  static let sizes =
    [Size(height: 28, width: 28), Size(height: 28, width: 20), Size(height: 8, width: 12)]
    + [(16, 16), (17, 18), (30, 27), (29, 31), (64, 63)].map { Size(height: $0, width: $1) }

  private func weights(_ set: ParameterSet) -> [[Int]] {
    set.parameters.filter { $0.name.hasSuffix("h.weight") }.map(\.shape)
  }

  @Test(arguments: sizes)
  func `images become 256 features`(_ size: Size) {
    var builder = ParameterBuilder(seed: 1)
    let encoder = Encoder(imageHeight: size.height, imageWidth: size.width, in: &builder)
    let images = binaryImages([2, size.height, size.width, 1], 1).converted(to: .float32)
    let features = encoder(Variable(images), builder.parameters.constants)
    #expect(features.shape == [2, 256])
    #expect(
      weights(builder.parameters) == [
        [32, 1, 5, 5], [32, 32, 5, 5], [64, 32, 5, 5], [64, 64, 5, 5], [64, 64, 5, 5],
        [256, 64, (size.height + 3) / 4, (size.width + 3) / 4],
      ])
    #expect(
      builder.parameters.parameters.prefix(4).map(\.name)
        == ["q_z_nn.0.h.weight", "q_z_nn.0.h.bias", "q_z_nn.0.g.weight", "q_z_nn.0.g.bias"])
  }

  @Test(arguments: sizes)
  func `latent numbers become a logit for each pixel`(_ size: Size) {
    var builder = ParameterBuilder(seed: 1)
    let decoder = Decoder(latent: 5, imageHeight: size.height, imageWidth: size.width, in: &builder)
    let logits = decoder(
      Variable(normals([3, 5], 1).converted(to: .float32)), builder.parameters.constants)
    #expect(logits.shape == [3, size.height * size.width])
    #expect(
      weights(builder.parameters) == [
        [5, 64, (size.height + 3) / 4, (size.width + 3) / 4], [64, 64, 5, 5], [64, 32, 5, 5], [32, 32, 5, 5],
        [32, 32, 5, 5], [32, 32, 5, 5],
      ])
    #expect(builder.parameters["p_x_mean.0.weight"]?.shape == [1, 32, 1, 1])
    #expect(builder.parameters["p_x_mean.0.bias"]?.shape == [1])
  }

  @Test(arguments: sizes)
  func `a model's output has a row for each image`(_ size: Size) throws {
    var configuration = smallConfiguration()
    configuration.imageHeight = size.height
    configuration.imageWidth = size.width
    let (model, parameters) = VariationalAutoencoder.make(configuration, seed: 1)
    let pixels = size.height * size.width
    let output = try model(
      ImageBatch(binaryImages([3, pixels], 1).converted(to: .float32)),
      noise: normals([3, 4], 1).converted(to: .float32), probes: ProbeSource(.gaussian, seed: 1),
      parameters.constants)
    #expect(output.features.shape == [3, 256] && output.decoded.shape == [3, pixels])
    for variable in [output.sample.mean, output.sample.variance, output.sample.z0, output.sample.flow.z] {
      #expect(variable.shape == [3, 4])
    }
    let bound = output.bound
    let terms = [bound.logLikelihood, bound.logPrior, bound.logInitialDensity, bound.deltaLogDensity, bound.value]
    for term in terms { #expect(term.shape == [3] && term.value.doubles().allSatisfy(\.isFinite)) }
    let mean = model.decodeMean(output.sample.flow.z, parameters.constants)
    #expect(mean.shape == [3, pixels] && mean.floats().allSatisfy { (0...1).contains($0) })
  }

  @Test(arguments: [ElementType.float64, .float32])
  func `an image's features do not depend on the batch around it`(_ type: ElementType) {
    let (model, set) = VariationalAutoencoder.make(ModelConfiguration(), seed: 1)
    let parameters = set.converted(to: type).constants
    let images = binaryImages([5, 784], 2).converted(to: type)
    let whole = model.encode(Variable(images), parameters).value
    // In single precision the library may add up a smaller batch in another order.
    let tolerance = type == .float64 ? 1e-15 : 1e-6
    for part in [0..<1, 2..<5] {
      let features = model.encode(Variable(images.leading(part)), parameters).value
      let difference = relativeDifference(features.doubles(), whole.leading(part).doubles())
      #expect(difference <= tolerance, "images \(part): \(difference)")
    }
    let reversed = Tensor.concatenation((0..<5).reversed().map { images.leading($0..<($0 + 1)) }, axis: 0)
    let back = model.encode(Variable(reversed), parameters).value
    for i in 0..<5 {
      #expect(
        relativeDifference(
          back.leading((4 - i)..<(5 - i)).doubles(), whole.leading(i..<(i + 1)).doubles()) <= tolerance)
    }
    #expect(largestDifference(whole.leading(0..<1).doubles(), whole.leading(1..<2).doubles()) > 1e-4)
  }
}
