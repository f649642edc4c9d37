import Autodiff
import Foundation
import NeuralNetworks
import Tensors
import TestSupport
import Testing

@testable import NormalizingFlows

/// What is particular to one kind of flow.
@Suite struct FlowPropertyTests {
  @Test(arguments: [8, 2])
  func `an inverse autoregressive layer's output depends on inputs up to its own`(_ width: Int) throws {
    let latent = 4
    var builder = ParameterBuilder(seed: 2)
    let flow = InverseAutoregressiveFlow(features: 5, latent: latent, flows: 1, width: width, in: &builder)
    let parameters = builder.parameters.converted(to: .float64)
    func run(_ z: [Double]) throws -> [Double] {
      try flow.forward(
        Variable(Tensor(z, shape: [1, latent])), features: Variable(normals([1, 5], 2)),
        parameters.constants, PosteriorExample.probes
      ).z.value.doubles()
    }
    let z = normals([latent], 1).doubles()
    let before = try run(z)
    for i in 0..<latent {
      var moved = z
      moved[i] += 0.7
      let after = try run(moved)
      for j in 0..<latent {
        #expect((after[j] == before[j]) == (j < i) || j > i, "output \(j) of input \(i)")
      }
      if width > latent && i + 1 < latent { #expect(after[i + 1] != before[i + 1]) }
    }
  }

  @Test(arguments: [(64, 32), (64, 64), (5, 1)])
  func `orthogonalized columns are orthonormal and span the same space`(_ d: Int, _ m: Int) {
    for (type, tolerance) in [(ElementType.float64, 1e-13), (.float32, 1e-5)] {
      let a = Variable(normals([6, d, m], 5).converted(to: type))
      let q = a.orthogonalized()
      let products = Variable.batchedMatrixProduct(q, q, transposingFirst: true).value.doubles()
      let identity = products.indices.map { $0 % (m * m) % (m + 1) == 0 ? 1.0 : 0 }
      #expect(scaledDifference(products, identity) < tolerance, "\(type)")
      // A = Q (Q^T A) where the spaces are one.
      let coordinates = Variable.batchedMatrixProduct(q, a, transposingFirst: true)
      let again = Variable.batchedMatrixProduct(q, coordinates).value.doubles()
      #expect(scaledDifference(again, a.value.doubles()) < 10 * tolerance, "\(type)")
    }
  }

  @Test func `a product of reflections keeps lengths and is undone by its transpose`() {
    let basis = SylvesterBasis.householder(reflections: 3)
    let numbers = Variable(normals([2, 2 * 3 * 4], 6))
    for rotation in basis.rotations(numbers, flows: 2, latent: 4) {
      let z = Variable(normals([2, 4], 7))
      let projected = rotation.project(z)
      #expect(scaledDifference(rotation.lift(projected).value.doubles(), z.value.doubles()) < 1e-14)
      #expect(abs(projected.value.sumOfSquares() - z.value.sumOfSquares()) < 1e-13)
    }
  }

  @Test func `the scalar equation is solved to rounding, also where it is all but flat`() {
    for coefficient in [-1 + 1e-12, -0.999, -0.5, 0, 0.7, 30, 1e6] {
      for x in [-40, -1, -1e-3, 0, 0.2, 3, 18.5] {
        let right = x + coefficient * tanh(x)
        let equation = TanhEquation(coefficient: coefficient, rightSide: right)
        let found = equation.solution
        let scale = max(1, abs(coefficient)) * max(1, abs(x))
        #expect(abs(found + coefficient * tanh(found) - right) < 1e-14 * scale, "coefficient \(coefficient), x \(x)")
      }
    }
  }

  @Test func `a planar layer is invertible whatever its weights`() throws {
    // Weights that without the constraint would fold space: w . u far below -1.
    var builder = ParameterBuilder(seed: 2)
    let flow = PlanarFlow(features: 1, latent: 2, flows: 1, in: &builder)
    var parameters = builder.parameters.converted(to: .float64)
    for (name, numbers) in [("amor_u.bias", [-6.0, 2]), ("amor_w.bias", [3, 1]), ("amor_b.bias", [0])] {
      let parameter = try #require(parameters[name])
      parameters[parameter] = Tensor(numbers, shape: parameter.shape)
    }
    let features = Variable(Tensor(zeros: [9, 1], .float64))
    let z = Tensor((0..<18).map { Double($0 / 2) * 0.5 - 2 }, shape: [9, 2])
    let there = try flow.forward(
      Variable(z), features: features, parameters.constants, PosteriorExample.probes)
    let back = try flow.inverse(there.z, features: features, parameters.constants, PosteriorExample.probes)
    #expect(there.deltaLogDensity.value.firstNonFinite == nil)
    #expect(scaledDifference(back.z.value.doubles(), z.doubles()) < 1e-7)
  }
}
