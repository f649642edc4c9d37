import Autodiff
import Foundation
import NeuralNetworks
import Randomness
import Tensors
import Testing

@testable import VariationalAutoencoder

/// What every description of a likelihood must hold.
@Suite struct LikelihoodKindTests {
  private static let (batch, pixelCount) = (3, 24)

  /// Numbers that look random and are the same everywhere.
  private func uniforms(_ count: Int, _ step: UInt64) -> [Double] {
    RandomStream(seed: 9, purpose: .test, step: step).uniforms(0..<count).map { Double($0) }
  }

  /// Images of valid values, `[batch, pixels]`, and the decoder's output for them.
  private func example(_ likelihood: any Likelihood) -> (images: Tensor, decoded: Tensor) {
    let count = Self.batch * Self.pixelCount
    let values = uniforms(count, 1).map { x in
      switch likelihood.pixels {
      case .binary: x < 0.3 ? 1.0 : 0
      case .grey: (x * 256).rounded(.down) / 255
      }
    }
    let decoded = uniforms(count * likelihood.parametersPerPixel, 2).map { 4 * $0 - 2 }
    return (
      Tensor(values.map { min(1, $0) }, shape: [Self.batch, Self.pixelCount]),
      Tensor(decoded, shape: [Self.batch, Self.pixelCount * likelihood.parametersPerPixel])
    )
  }

  @Test(arguments: LikelihoodKind.allCases)
  func `density and mean are defined, and have gradients that differences confirm`(_ kind: LikelihoodKind) {
    let likelihood = kind.likelihood
    let (images, decoded) = example(likelihood)
    func value(_ decoded: Variable) -> Variable {
      likelihood.logProbability(of: ImageBatch(images), decoded: decoded).sum()
        + likelihood.mean(decoded: decoded).sum()
    }
    let density = likelihood.logProbability(of: ImageBatch(images), decoded: Variable(decoded)).value
    #expect(density.shape == [Self.batch] && density.isFinite)
    let mean = likelihood.mean(decoded: Variable(decoded)).value
    #expect(mean.shape == images.shape && mean.doubles().allSatisfy { (0...1).contains($0) })
    let tape = Tape()
    let variable = tape.variable(decoded)
    let gradient = tape.gradients(of: value(variable), withRespectTo: [variable])[0].doubles()
    for j in stride(from: 0, to: decoded.count, by: 1 + decoded.count / 40) {
      func at(_ step: Double) -> Double {
        var moved = decoded.doubles()
        moved[j] += step
        return value(Variable(Tensor(moved, shape: decoded.shape))).value.scalar
      }
      let difference = (at(1e-4) - at(-1e-4)) / 2e-4
      #expect(abs(difference - gradient[j]) < 1e-6 * max(1, abs(difference)), "\(j)")
    }
  }

  @Test(arguments: LikelihoodKind.allCases)
  func `images drawn are of valid values, and their mean is the distribution's`(_ kind: LikelihoodKind) {
    let likelihood = kind.likelihood
    let (images, decoded) = example(likelihood)
    let (count, draws) = (images.count, 4000)
    var (sums, squares) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    for draw in 0..<draws {
      let uniforms = RandomStream(seed: 9, purpose: .test, step: UInt64(10 + draw)).uniforms(0..<count)
      let drawn = likelihood.sample(decoded: Variable(decoded.converted(to: .float32)), uniforms: uniforms)
      #expect(drawn.intensities.shape == images.shape)
      if let levels = drawn.levels { #expect(levels.map { Float($0) / 255 } == drawn.intensities.floats()) }
      for (pixel, x) in drawn.intensities.doubles().enumerated() {
        if likelihood.pixels == .binary { #expect(x == 0 || x == 1) }
        sums[pixel] += x
        squares[pixel] += x * x
      }
    }
    let n = Double(draws)
    for (pixel, expected) in likelihood.mean(decoded: Variable(decoded)).value.doubles().enumerated() {
      let mean = sums[pixel] / n
      let error = ((squares[pixel] / n - mean * mean) / n).squareRoot()
      #expect(abs(mean - expected) < 5 * error, "pixel \(pixel)")
    }
  }

  @Test func `a level is drawn where the distribution function passes the number`() {
    // Two pixels with the probabilities 1/4, 1/2 and 1/4 of the levels 0, 10 and 255.
    var logits = [Float](repeating: -200, count: 2 * 256)
    for pixel in 0..<2 {
      for (level, probability) in [(0, 0.25), (10, 0.5), (255, 0.25)] {
        logits[pixel * 256 + level] = Float(Foundation.log(probability))
      }
    }
    let decoded = Variable(Tensor(logits, shape: [1, 2 * 256]))
    func levels(_ a: Float, _ b: Float) -> [UInt8]? {
      CategoricalLikelihood().sample(decoded: decoded, uniforms: [a, b]).levels
    }
    #expect(levels(0, 0.24) == [0, 0] && levels(0.26, 0.74) == [10, 10] && levels(0.76, 0x0.ffffffp0) == [255, 255])
  }

  @Test(arguments: LikelihoodKind.allCases)
  func `single precision agrees with double`(_ kind: LikelihoodKind) {
    let (images, decoded) = example(kind.likelihood)
    func density(_ type: ElementType) -> [Double] {
      kind.likelihood.logProbability(
        of: ImageBatch(images.converted(to: type)), decoded: Variable(decoded.converted(to: type))
      ).value.doubles()
    }
    for (a, b) in zip(density(.float32), density(.float64)) { #expect(abs(a - b) < 1e-5 * max(1, abs(b))) }
  }

  @Test(arguments: LikelihoodKind.allCases)
  func `a decoder computes its parameters, and its layers tell it`(_ kind: LikelihoodKind) {
    var model = ModelConfiguration()
    (model.imageHeight, model.imageWidth, model.latent, model.likelihood) = (8, 4, 3, kind)
    model.flow = .none
    let (made, parameters) = VariationalAutoencoder.make(model, seed: 1)
    let decoded = made.decoder(Variable(Tensor(zeros: [2, 3])), parameters.constants)
    #expect(decoded.shape == [2, 32 * kind.likelihood.parametersPerPixel])
    let shapes = Dictionary(uniqueKeysWithValues: parameters.parameters.map { ($0.name, $0.shape) })
    func layers(_ kind: LikelihoodKind) -> [OutputLayer] { kind.likelihood.outputLayers }
    // Kinds with the same layers are not told apart: the first is taken.
    #expect(layers(LikelihoodKind(StateDictOutline(shapes: shapes))) == layers(kind))
  }

  @Test func `pixels have a default`() {
    #expect(LikelihoodKind(for: .binary) == .bernoulli && LikelihoodKind(for: .grey) == .categorical)
  }

  @Test func `levels are those of their 255ths, whatever the intensities say`() {
    let levels = (0..<2 * 256).map { UInt8($0 % 256) }
    let intensities = Tensor(levels.map { Float($0) / 255 }, shape: [2, 256])
    let decoded = Variable(Tensor(uniforms(2 * 256 * 256, 1), shape: [2, 256 * 256]).converted(to: .float32))
    func density(_ images: ImageBatch) -> [Double] {
      CategoricalLikelihood().logProbability(of: images, decoded: decoded).value.doubles()
    }
    let expected = density(ImageBatch(intensities))
    #expect(density(ImageBatch(intensities, levels: levels)) == expected)
    #expect(density(ImageBatch(intensities, levels: levels.reversed())) != expected)
  }
}
