import Autodiff
import FileTestSupport
import Foundation
import Randomness
import Tensors
import TestSupport
import Testing

/// Walks the registry of operations: every derivative of every one of them against finite differences in double
/// precision, and single precision on every instruction set against double.
@Suite struct OperationDerivativeTests {
  private func weighted(_ y: Variable) -> Variable {
    let weights = normals(y.shape, 99, y.value.elementType)
    return (y * Variable(weights)).sum()
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
    let expected = centralDifferences(x) { value($0.map { Variable($0) }).value.scalar }
    for (g, e) in zip(gradients, expected) { #expect(relativeDifference(g, e, unit: 1) <= 1e-8) }
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
    #expect(relativeDifference(result.value.leading(0..<1), value(x).doubles(), unit: 1) <= 1e-14)
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
      let tangent = result.value.leading((k + 1)..<(k + 2))
      #expect(relativeDifference(tangent, difference.doubles(), unit: 1) <= 1e-7, "tangent \(k)")
    }
  }

  @Test(arguments: operationExamples)
  func `the gradient of value and tangents equals finite differences`(_ example: OperationExample) {
    let all = dualInputs(example)
    let tape = Tape()
    let variables = all.map { tape.variable($0) }
    let gradients = tape.gradients(of: weighted(dual(example, variables)), withRespectTo: variables)
    let expected = centralDifferences(all) { weighted(dual(example, $0.map { Variable($0) })).value.scalar }
    for (g, e) in zip(gradients, expected) { #expect(relativeDifference(g, e, unit: 1) <= 1e-7) }
  }

  @Test(arguments: operationExamples)
  func `single precision agrees with double on every instruction set`(_ example: OperationExample) {
    func run(_ type: ElementType) -> [[Double]] {
      let tape = Tape()
      let variables = dualInputs(example).map { tape.variable($0.converted(to: type)) }
      let y = dual(example, variables)
      return [y.value.doubles()]
        + tape.gradients(of: weighted(y), withRespectTo: variables).map { $0.doubles() }
    }
    let expected = Compute.with(.portable) { run(.float64) } ?? []
    #expect(!expected.isEmpty)
    for set in Compute.InstructionSet.allCases {
      for (a, e) in zip(Compute.with(set) { run(.float32) } ?? [], expected) {
        #expect(relativeDifference(a, e, unit: 1) <= 2e-6, "\(set)")
      }
    }
  }

  @Test func `every operation's file has an example`() throws {
    let folder = PackageDirectory.file("Sources/Autodiff/Operations")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .map { $0.replacingOccurrences(of: ".swift", with: "") }
    #expect(Set(files) == Set(operationExamples.map(\.file)))
  }
}
