import Autodiff
import DensityEstimation
import DifferentialEquations
import Foundation
import NeuralNetworks
import NormalizingFlows
import TestSupport
import Tensors
import Testing

/// A layer with its parameters and buffers, as the checks that every layer passes take it.
struct ExampleLayer: CustomStringConvertible {
  let description: String
  let dimensions: Int
  let layer: any DensityLayer
  var parameters: ParameterSet
  var buffers: ParameterSet

  /// The layer that a closure makes, its parameters moved away from their initial values, which may be zeros, so that
  /// every term counts.
  init(
    _ description: String, dimensions: Int, moving scale: Double = 0.1,
    _ make: (inout DensityBuilder) -> any DensityLayer
  ) {
    self.description = description
    self.dimensions = dimensions
    var builder = DensityBuilder(seed: 3)
    layer = make(&builder)
    parameters = builder.parameters.parameters
    buffers = builder.buffers.parameters
    for i in parameters.tensors.indices {
      parameters.tensors[i].add(normals(parameters.tensors[i].shape, UInt64(100 + i), scale: scale, .float32), scale: 1)
    }
  }

  func pass(_ bound: BoundParameters, _ type: ElementType, isTraining: Bool = false) -> DensityPass {
    DensityPass(bound, buffers: buffers.converted(to: type), isTraining: isTraining)
  }

  func batch(_ count: Int, _ type: ElementType = .float64) -> Tensor { normals([count, dimensions], 1, type) }

  /// The dimensions that the layer leaves as they are.
  func unchangedDimensions() throws -> [Int] {
    let x = batch(4)
    let pass = pass(parameters.converted(to: .float64).constants, .float64)
    let z = try layer.forward(Variable(x), pass).z.value.doubles()
    return (0..<dimensions).filter { i in
      stride(from: i, to: z.count, by: dimensions).allSatisfy { z[$0] == x.doubles()[$0] }
    }
  }

  /// log |det dz/dx| is that of the Jacobian by reverse mode, in double precision.
  func checkLogDeterminant(tolerance: Double = 1e-9) throws {
    let wide = parameters.converted(to: .float64)
    let samples = 3
    let x = batch(samples)
    let output = try layer.forward(Variable(x), pass(wide.constants, .float64))
    var rows = [[Double]](repeating: [], count: samples)
    for j in 0..<dimensions {
      let tape = Tape()
      let input = tape.variable(x)
      let z = try layer.forward(input, pass(wide.constants, .float64)).z
      let gradient = tape.gradients(of: z.sliced(axis: 1, start: j, length: 1).sum(), withRespectTo: [input])[0]
        .doubles()
      for s in 0..<samples { rows[s] += gradient[(s * dimensions)..<((s + 1) * dimensions)] }
    }
    let expected = rows.map { logAbsoluteDeterminant($0, dimensions) }
    #expect(largestDifference(output.logDeterminant.value, expected) < tolerance, "\(self)")
    #expect(
      expected.contains { abs($0) > 1e-6 } || description.contains("volume-preserving"), "\(self): a determinant of 1")
  }

  /// The inverse undoes the layer, in single precision, and in double to more digits.
  func checkInverse(single: Double = 1e-5, double: Double = 1e-9) throws {
    for (type, limit) in [(ElementType.float32, single), (.float64, double)] {
      let constants = parameters.converted(to: type).constants
      let x = batch(16, type)
      let z = try layer.forward(Variable(x), pass(constants, type)).z
      let back = try layer.inverse(z.detached, pass(constants, type))
      #expect(largestDifference(back.value, x.doubles()) < limit, "\(self) in \(type)")
      #expect(!back.isTracked)
    }
  }

  /// Gradients with respect to x and all parameters agree with central differences, in double precision.
  func checkGradients(isTraining: Bool = false, tolerance: Double = 1e-6) throws {
    let wide = parameters.converted(to: .float64)
    let x = batch(3)
    let (a, b) = (Variable(normals(x.shape, 2)), Variable(normals([3], 3)))
    func value(_ x: Variable, _ bound: BoundParameters) throws -> Variable {
      let pass = pass(bound, .float64, isTraining: isTraining)
      let output = try layer.forward(x, pass)
      let sum = (output.z * a).sum() + (output.logDeterminant * b).sum()
      return pass.penalty.map { sum + ($0 * b).sum() } ?? sum
    }
    let tape = Tape()
    let (input, bound) = (tape.variable(x), wide.tracked(on: tape))
    let gradients = tape.gradients(of: try value(input, bound), withRespectTo: [input] + bound.variables)
    let stride = max(1, wide.count / 400)
    let differences = try centralDifferences([x] + wide.tensors, every: stride) { tensors in
      var moved = wide
      moved.tensors = Array(tensors.dropFirst())
      return try value(Variable(tensors[0]), moved.constants).value.scalar
    }
    for (i, (gradient, difference)) in zip(gradients, differences).enumerated() {
      let name = i == 0 ? "x" : wide.parameters[i - 1].name
      let taken = Swift.stride(from: 0, to: gradient.count, by: stride).map { gradient.doubles()[$0] }
      #expect(relativeDifference(taken, difference, unit: 1) < tolerance, "\(self): \(name)")
    }
  }
}

/// log |det A| of a square matrix, row-major, by elimination with pivots.
func logAbsoluteDeterminant(_ numbers: [Double], _ n: Int) -> Double {
  var a = numbers
  var sum = 0.0
  for k in 0..<n {
    let pivot = (k..<n).max { abs(a[$0 * n + k]) < abs(a[$1 * n + k]) } ?? k
    if pivot != k { for j in 0..<n { a.swapAt(k * n + j, pivot * n + j) } }
    sum += log(abs(a[k * n + k]))
    for i in (k + 1)..<max(n, k + 1) {
      let factor = a[i * n + k] / a[k * n + k]
      for j in k..<n { a[i * n + j] -= factor * a[k * n + j] }
    }
  }
  return sum
}
