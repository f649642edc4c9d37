import Autodiff
import Foundation
import NormalizingFlows
import Tensors
import TestSupport
import Testing

@testable import NeuralNetworks

/// Every posterior flow through the same checks, in double precision: density, gradients, inverse, single precision.
@Suite struct PosteriorFlowTests {
  private let batch = 3

  private var z0: Tensor { normals([batch, PosteriorExample.latent], 1) }
  private var features: Tensor { normals([batch, PosteriorExample.features], 2) }

  /// log |det| by elimination with pivoting.
  private func logDeterminant(_ rows: [[Double]]) -> Double {
    var (m, sum) = (rows, 0.0)
    for c in m.indices {
      let pivot = (c..<m.count).max { abs(m[$0][c]) < abs(m[$1][c]) } ?? c
      m.swapAt(c, pivot)
      sum += log(abs(m[c][c]))
      for r in (c + 1)..<max(c + 1, m.count) {
        let factor = m[r][c] / m[c][c]
        for k in c..<m.count { m[r][k] -= factor * m[c][k] }
      }
    }
    return sum
  }

  @Test(arguments: PosteriorExample.all)
  func `the density changes by the Jacobian's determinant`(_ example: PosteriorExample) throws {
    let (flow, parameters) = example.make()
    let latent = PosteriorExample.latent
    var jacobians = [[[Double]]](repeating: [], count: batch)
    var change: [Double] = []
    for row in 0..<latent {
      let tape = Tape()
      let x = tape.variable(z0)
      let output = try flow.forward(
        x, features: Variable(features), parameters.constants, PosteriorExample.probes)
      change = output.deltaLogDensity.value.doubles()
      // Images do not meet, so the gradient of a column's sum holds that row of each image's Jacobian.
      let gradient = tape.gradients(
        of: output.z.sliced(axis: 1, start: row, length: 1).sum(), withRespectTo: [x])[0].doubles()
      for s in 0..<batch { jacobians[s].append(Array(gradient[(s * latent)..<((s + 1) * latent)])) }
    }
    let expected = jacobians.map { -logDeterminant($0) }
    #expect(scaledDifference(change, expected) < 1e-8, "\(change) for \(expected)")
    #expect(example.name == "identity" || expected.contains { abs($0) > 1e-3 })
  }

  @Test(arguments: PosteriorExample.all)
  func `gradients equal finite differences`(_ example: PosteriorExample) throws {
    let (flow, parameters) = example.make(PosteriorExample.smooth)
    let weights = Variable(normals(z0.shape, 3))
    let changeWeights = Variable(normals([batch], 4))
    func value(_ all: [Variable]) throws -> Variable {
      let output = try flow.forward(
        all[0], features: all[1], BoundParameters(variables: Array(all[2...])), PosteriorExample.probes)
      return (weights * output.z).sum() + (changeWeights * output.deltaLogDensity).sum()
    }
    let inputs = [z0, features] + parameters.tensors
    let tape = Tape()
    let variables = inputs.map { tape.variable($0) }
    let gradients = tape.gradients(of: try value(variables), withRespectTo: variables)
    let names = ["z0", "features"] + parameters.parameters.map(\.name)
    let step = 1e-5
    for (i, name) in names.enumerated() {
      let (base, gradient) = (inputs[i].doubles(), gradients[i].doubles())
      #expect(name == "features" || gradient.contains { $0 != 0 }, "\(name) has no gradient")
      // Elu and relu have kinks in the first and second derivative, which a difference may straddle.
      guard example.isSmooth else { continue }
      var (found, expected): ([Double], [Double]) = ([], [])
      for j in stride(from: 0, to: base.count, by: example.isContinuous ? 1 + base.count / 20 : 1) {
        func at(_ x: Double) throws -> Double {
          var (moved, all) = (base, inputs)
          moved[j] = x
          all[i] = Tensor(moved, shape: inputs[i].shape)
          return try value(all.map { Variable($0) }).value.scalar
        }
        found.append(gradient[j])
        expected.append((try at(base[j] + step) - at(base[j] - step)) / (2 * step))
      }
      let difference = scaledDifference(found, expected)
      #expect(difference < 1e-8, "\(name): \(difference)")
    }
  }

  @Test(arguments: PosteriorExample.all)
  func `the inverse goes back`(_ example: PosteriorExample) throws {
    let (flow, parameters) = example.make()
    for (type, tolerance) in [(ElementType.float64, example.isContinuous ? 1e-8 : 1e-11), (.float32, 3e-5)] {
      // In single precision a solve cannot be asked for eleven digits.
      if type == .float32 && example.isContinuous { continue }
      let constants = parameters.converted(to: type).constants
      let x = Variable(features.converted(to: type))
      let there = try flow.forward(
        Variable(z0.converted(to: type)), features: x, constants, PosteriorExample.probes)
      let back = try flow.inverse(there.z, features: x, constants, PosteriorExample.probes)
      #expect(scaledDifference(back.z.value.doubles(), z0.doubles()) < tolerance)
      let sum = there.deltaLogDensity + back.deltaLogDensity
      #expect(
        scaledDifference(sum.value.doubles(), [Double](repeating: 0, count: batch)) < 10 * tolerance,
        "\(sum.value.doubles())")
    }
  }

  @Test(arguments: PosteriorExample.all)
  func `single precision agrees with double`(_ example: PosteriorExample) throws {
    let (flow, parameters) = example.make(PosteriorExample.smooth)
    func run(_ type: ElementType) throws -> [[Double]] {
      let tape = Tape()
      let bound = parameters.converted(to: type).tracked(on: tape)
      let output = try flow.forward(
        Variable(z0.converted(to: type)), features: Variable(features.converted(to: type)), bound,
        PosteriorExample.probes)
      let scalar = output.z.applying(.square).sum() + output.deltaLogDensity.sum()
      return [output.z.value.doubles(), output.deltaLogDensity.value.doubles()]
        + tape.gradients(of: scalar, withRespectTo: bound.variables).map { $0.doubles() }
    }
    for (a, b) in zip(try run(.float32), try run(.float64)) { #expect(scaledDifference(a, b) < 2e-5) }
  }

  @Test(arguments: PosteriorExample.all)
  func `an image's flow does not depend on the others`(_ example: PosteriorExample) throws {
    let (flow, parameters) = example.make(PosteriorExample.smooth)
    func run(_ images: Range<Int>) throws -> [Double] {
      let output = try flow.forward(
        Variable(z0.leading(images)), features: Variable(features.leading(images)), parameters.constants,
        PosteriorExample.probes)
      return output.z.value.doubles() + output.deltaLogDensity.value.doubles()
    }
    let (whole, last) = (try run(0..<batch), try run((batch - 1)..<batch))
    let latent = PosteriorExample.latent
    let part = Array(whole[((batch - 1) * latent)..<(batch * latent)]) + [whole[whole.count - 1]]
    #expect(scaledDifference(last, part) < 1e-14)
  }
}
