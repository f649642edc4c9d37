import Autodiff
import DensityEstimation
import Foundation
import NeuralNetworks
import Randomness
import TestSupport
import Tensors
import Testing

/// A model of two dimensions: layers and the density that they end in.
private struct PlaneModel: CustomStringConvertible {
  let description: String
  let layers: LayerChain
  let base: any BaseDensity
  let parameters: ParameterSet
  let buffers: ParameterSet

  init(
    _ description: String, moving scale: Double,
    _ make: (inout DensityBuilder) -> (layers: [any DensityLayer], base: any BaseDensity)
  ) {
    self.description = description
    var builder = DensityBuilder(seed: 8)
    let (layers, base) = make(&builder)
    (self.layers, self.base) = (LayerChain(layers), base)
    var parameters = builder.parameters.parameters
    for i in parameters.tensors.indices {
      parameters.tensors[i].add(normals(parameters.tensors[i].shape, UInt64(100 + i), scale: scale, .float32))
    }
    self.parameters = parameters
    buffers = builder.buffers.parameters
  }

  func pass(_ type: ElementType) -> DensityPass {
    DensityPass(parameters.converted(to: type).constants, buffers: buffers.converted(to: type))
  }

  func density(_ x: Tensor) throws -> [Double] {
    let pass = pass(x.elementType)
    let output = try layers.forward(Variable(x), pass)
    return (base.logDensity(output.z, pass) + output.logDeterminant).value.doubles().map { exp($0) }
  }

  func samples(_ count: Int) throws -> [Double] {
    let stream = RandomStream(seed: 21, purpose: .test)
    let noise = Variable(Tensor(stream.normals(0..<(2 * count)), shape: [count, 2]))
    let pass = pass(.float32)
    return try layers.inverse(base.sample(noise, pass), pass).value.doubles()
  }

  static var all: [PlaneModel] {
    [
      PlaneModel("MADE", moving: 0.4) {
        (MADE.layers(dimensions: 2, hidden: [8], activation: .tanh, in: &$0), StandardNormal())
      },
      PlaneModel("MAF", moving: 0.3) {
        (MAF.layers(dimensions: 2, blocks: 3, hidden: [8], activation: .tanh, in: &$0), StandardNormal())
      },
      PlaneModel("MAF-DSF", moving: 0.3) {
        (NAF.layers(dimensions: 2, blocks: 2, hidden: [8], units: 4, in: &$0), StandardNormal())
      },
      PlaneModel("MAF-DDSF", moving: 0.3) {
        (NAF.layers(dimensions: 2, blocks: 2, hidden: [8], units: 4, denseLayers: 2, in: &$0), StandardNormal())
      },
      PlaneModel("MADE MoG", moving: 0.4) {
        ([], MADE.mixture(dimensions: 2, hidden: [8], components: 3, in: &$0))
      },
      PlaneModel("MAF MoG", moving: 0.3) {
        let layers = MAF.layers(dimensions: 2, blocks: 2, hidden: [8], activation: .tanh, in: &$0)
        return (layers, MADE.mixture(dimensions: 2, hidden: [8], components: 3, in: &$0))
      },
    ]
      + TAN.Conditionals.allCases.map { conditionals in
        PlaneModel("TAN, \(conditionals)", moving: 0.3) {
          let layers = TAN.layers(dimensions: 2, blocks: 2, units: 5, in: &$0)
          return (
            layers,
            TAN.base(dimensions: 2, conditionals: conditionals, units: 5, hidden: [6], components: 3, in: &$0)
          )
        }
      }
  }
}

@Suite struct AutoregressiveDensityTests {
  /// Shares of cells of a side, as the density has them by the midpoint rule and as samples fall; and the whole.
  @Test(arguments: PlaneModel.all) fileprivate func `samples fall as the density says`(model: PlaneModel) throws {
    let (side, cell, fine) = (40.0, 1.0, 10)
    let cells = Int(side / cell)
    let points = cells * fine
    let step = cell / Double(fine)
    func place(_ i: Int) -> Double { -side / 2 + (Double(i) + 0.5) * step }
    var shares = [Double](repeating: 0, count: cells * cells)
    for i in 0..<points {
      let row = Tensor((0..<points).flatMap { [place(i), place($0)] }, shape: [points, 2])
      for (j, density) in try model.density(row).enumerated() {
        shares[i / fine * cells + j / fine] += density * step * step
      }
    }
    let whole = shares.reduce(0, +)
    // The rule is exact to 1e-8 for smooth densities; networks with rectifiers, and the steps of TAN's, make others.
    #expect(abs(whole - 1) < (["MADE", "MAF"].contains(model.description) ? 1e-8 : 1e-3), "\(model): \(whole)")
    let count = 20_000
    let samples = try model.samples(count)
    var counts = [Double](repeating: 0, count: cells * cells)
    for s in 0..<count {
      let place = (0...1).map { Int(((samples[2 * s + $0] + side / 2) / cell).rounded(.down)) }
      if place.allSatisfy({ (0..<cells).contains($0) }) { counts[place[0] * cells + place[1]] += 1 }
    }
    var (chiSquare, freedom) = (0.0, -1.0)
    for (share, found) in zip(shares, counts) where share * Double(count) > 10 {
      let expected = share * Double(count)
      chiSquare += (found - expected) * (found - expected) / (expected * (1 - share))
      freedom += 1
    }
    // The statistic's mean is its degrees of freedom, its variance twice that.
    #expect(freedom > 5, "\(model) lies in \(freedom + 1) cells")
    #expect(abs(chiSquare - freedom) < 5 * (2 * freedom).squareRoot(), "\(model): \(chiSquare) of \(freedom)")
  }

  @Test func `a density's gradient agrees with central differences`() throws {
    for model in PlaneModel.all {
      let wide = model.parameters.converted(to: .float64)
      let x = normals([3, 2], 4)
      func value(_ x: Variable, _ bound: BoundParameters) throws -> Variable {
        let pass = DensityPass(bound, buffers: model.buffers.converted(to: .float64))
        let output = try model.layers.forward(x, pass)
        return (model.base.logDensity(output.z, pass) + output.logDeterminant).sum()
      }
      let tape = Tape()
      let (input, bound) = (tape.variable(x), wide.tracked(on: tape))
      let gradients = tape.gradients(of: try value(input, bound), withRespectTo: [input] + bound.variables)
      let differences = try centralDifferences([x] + wide.tensors) { tensors in
        var moved = wide
        moved.tensors = Array(tensors.dropFirst())
        return try value(Variable(tensors[0]), moved.constants).value.scalar
      }
      for (i, (gradient, difference)) in zip(gradients, differences).enumerated() {
        let name = i == 0 ? "x" : wide.parameters[i - 1].name
        #expect(relativeDifference(gradient, difference, unit: 1) < 1e-6, "\(model): \(name)")
      }
    }
  }

  @Test func `noise and sample are level with each other, far into the tails`() throws {
    var builder = DensityBuilder(seed: 8)
    let base = MADE.mixture(dimensions: 1, hidden: [], components: 2, in: &builder)
    // Weights e^0 and e^-2, means -1 and 3, deviations 0.5 and 2, as biases: there is nothing before the one dimension.
    var parameters = builder.parameters.parameters
    let bias = try #require(parameters["base.layers.0.bias"])
    parameters[bias] = Tensor([0, -2, -1, 3, log(0.5), log(2)] as [Double], shape: [6]).converted(to: .float32)
    let pass = DensityPass(parameters.converted(to: .float64).constants)
    let levels = [-35.0, -8, -3, -1, 0, 1e-9, 0.5, 2, 8, 35]
    let x = base.sample(Variable(Tensor(levels, shape: [levels.count, 1])), pass).value.doubles()
    let wide = 1 / (1 + exp(2.0))
    let shares = [1 - wide, wide]
    for (level, x) in zip(levels, x) where abs(level) < 30 {
      let sign: Double = level > 0 ? -1 : 1
      func tail(_ t: Double) -> Double { 0.5 * erfc(-sign * t / 2.0.squareRoot()) }
      let found = shares[0] * tail((x + 1) / 0.5) + shares[1] * tail((x - 3) / 2)
      #expect(abs(found / tail(level) - 1) < 2e-5, "\(level)")
    }
    // Far out, the wide component has all of the tail: log(share) + log tail(t) = log tail(level).
    #expect(zip(x, x.dropFirst()).allSatisfy { $0 < $1 })
    for (level, x) in [(-35.0, x[0]), (35.0, x[9])] {
      let t = abs((x - 3) / 2)
      let found = log(shares[1]) - 0.5 * t * t - log(t)
      let difference = found - (-0.5 * level * level - log(abs(level)))
      #expect(abs(difference) < 2e-3, "\(level)")
    }
    // Single precision: far out the density's logarithm is finite, and the sample is that of double precision.
    let single = DensityPass(parameters.constants)
    let noise = Variable(Tensor(levels.map { Float($0) }, shape: [levels.count, 1]))
    let rounded = base.sample(noise, single)
    for (a, b) in zip(rounded.value.doubles(), x) { #expect(abs(a - b) < 1e-5 * max(1, abs(b))) }
    let far = Variable(Tensor([-1e4, 1e4] as [Float], shape: [2, 1]))
    for (a, t) in zip(base.logDensity(far, single).value.doubles(), [-10003.0 / 2, 9997.0 / 2]) {
      let expected: Double = log(shares[1]) - 0.5 * t * t - log(2 * (2 * Double.pi).squareRoot())
      #expect(abs(a / expected - 1) < 1e-6)
    }
  }
}
