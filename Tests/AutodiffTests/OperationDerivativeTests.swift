import Randomness
import Autodiff
import Foundation
import Tensors
import TestSupport
import Testing

/// Walks the registry of operations: every derivative of every one of them against finite differences in double
/// precision, and single precision on every instruction set against double.
@Suite struct OperationDerivativeTests {
  /// Central differences of `function` in every number of every input; with a step of 1e-5 in double precision their
  /// error is about 1e-10 for functions with derivatives of order one.
  private func differences(_ inputs: [Tensor], _ function: ([Tensor]) -> Double) -> [[Double]] {
    let step = 1e-5
    return inputs.indices.map { i in
      let base = inputs[i].doubles()
      return base.indices.map { j in
        func at(_ x: Double) -> Double {
          var moved = base
          moved[j] = x
          var all = inputs
          all[i] = Tensor(moved, shape: inputs[i].shape)
          return function(all)
        }
        return (at(base[j] + step) - at(base[j] - step)) / (2 * step)
      }
    }
  }

  private func expectEqual(
    _ a: [Double], _ b: [Double], within tolerance: Double, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    let scale = max(1, b.map { abs($0) }.max() ?? 0)
    let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= tolerance * scale, "\(what): off by \(worst)", sourceLocation: sourceLocation)
  }

  private func weighted(_ y: Variable) -> Variable {
    let weights = RandomStream(seed: 3, purpose: .test, step: 99).normals(0..<y.value.count).map {
      Double($0)
    }
    return (y * Variable(Tensor(weights, shape: y.shape).converted(to: y.value.elementType))).sum()
  }

  private func inputs(_ example: OperationExample) -> [Tensor] {
    (example.inputs + example.weights).enumerated().map { example.draw($1, $0) }
  }

  /// Inputs, then weights, then two tangents for each input.
  private func dualInputs(_ example: OperationExample) -> [Tensor] {
    inputs(example) + example.inputs.enumerated().map { example.draw([2] + $1, 50 + $0) }
  }

  private func dual(_ example: OperationExample, _ all: [Variable]) -> Variable {
    let (n, w) = (example.inputs.count, example.weights.count)
    let duals = (0..<n).map { Dual(primal: all[$0], tangents: all[n + w + $0]) }
    return example.onDuals(duals, Array(all[n..<(n + w)])).primalAndTangents
  }

  @Test(arguments: operationExamples)
  func `the reverse-mode gradient equals finite differences`(_ example: OperationExample) {
    let x = inputs(example)
    let n = example.inputs.count
    func value(_ v: [Variable]) -> Variable {
      weighted(example.onVariables(Array(v[..<n]), Array(v[n...])))
    }
    let tape = Tape()
    let variables = x.map { tape.variable($0) }
    let gradients = tape.gradients(of: value(variables), withRespectTo: variables)
    let expected = differences(x) { value($0.map { Variable($0) }).value.scalar }
    for (g, e) in zip(gradients, expected) { expectEqual(g.doubles(), e, within: 1e-8, example.name) }
  }

  @Test(arguments: operationExamples)
  func `tangents equal finite differences along them`(_ example: OperationExample) {
    let all = dualInputs(example)
    let (n, w) = (example.inputs.count, example.weights.count)
    let result = dual(example, all.map { Variable($0) })
    func value(_ x: [Tensor]) -> Tensor {
      let v = x.map { Variable($0) }
      return example.onVariables(Array(v[..<n]), Array(v[n...])).value
    }
    let x = Array(all[..<(n + w)])
    expectEqual(
      result.value.leading(0..<1).doubles(), value(x).doubles(), within: 1e-14, "\(example.name): value")
    for k in 0..<2 {
      func moved(_ step: Double) -> Tensor {
        value(
          x.enumerated().map { i, t in
            guard i < n else { return t }
            return .linearCombination([
              (1, t), (step, all[n + w + i].leading(k..<(k + 1)).reshaped(t.shape)),
            ])
          })
      }
      let difference = Tensor.linearCombination([(0.5e5, moved(1e-5)), (-0.5e5, moved(-1e-5))])
      expectEqual(
        result.value.leading((k + 1)..<(k + 2)).doubles(), difference.doubles(), within: 1e-7, example.name)
    }
  }

  @Test(arguments: operationExamples)
  func `the gradient of value and tangents equals finite differences`(_ example: OperationExample) {
    let all = dualInputs(example)
    let tape = Tape()
    let variables = all.map { tape.variable($0) }
    let gradients = tape.gradients(of: weighted(dual(example, variables)), withRespectTo: variables)
    let expected = differences(all) { weighted(dual(example, $0.map { Variable($0) })).value.scalar }
    for (g, e) in zip(gradients, expected) { expectEqual(g.doubles(), e, within: 1e-7, example.name) }
  }

  @Test(arguments: operationExamples)
  func `single precision agrees with double on every instruction set`(_ example: OperationExample) {
    let best = Compute.instructionSet
    defer { Compute.use(best) }
    func run(_ type: ElementType) -> [[Double]] {
      let tape = Tape()
      let variables = dualInputs(example).map { tape.variable($0.converted(to: type)) }
      let y = dual(example, variables)
      return [y.value.doubles()]
        + tape.gradients(of: weighted(y), withRespectTo: variables).map { $0.doubles() }
    }
    Compute.use(.portable)
    let expected = run(.float64)
    for set in Compute.InstructionSet.allCases where Compute.use(set) {
      for (a, e) in zip(run(.float32), expected) {
        expectEqual(a, e, within: 2e-6, "\(example.name), \(set)")
      }
    }
  }

  @Test func `every operation's file has an example`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Autodiff/Operations")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .map { $0.replacingOccurrences(of: ".swift", with: "") }
    #expect(Set(files) == Set(operationExamples.map(\.file)))
  }
}
