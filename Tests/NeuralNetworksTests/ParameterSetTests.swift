import Autodiff
import NeuralNetworks
import Tensors
import Testing

/// Sets of parameters, and the builder that makes them.
@Suite struct ParameterSetTests {
  private func set() -> (set: ParameterSet, a: Parameter, b: Parameter) {
    var set = ParameterSet()
    let a = set.add("a.weight", Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]))
    let b = set.add("b", Tensor([0.1, -7] as [Float], shape: [2]))
    return (set, a, b)
  }

  @Test func `parameters are found by name and handle, in the order they came`() {
    var (set, a, b) = set()
    #expect(set.parameters == [a, b] && set.count == 8 && set.tensors.count == 2)
    #expect(set["a.weight"] == a && set["b"] == b && set["c"] == nil)
    #expect(a.name == "a.weight" && a.shape == [2, 3])
    #expect(set[b].floats() == [0.1, -7])
    set[b] = Tensor([3, 4] as [Float], shape: [2])
    #expect(set[b].floats() == [3, 4] && set[a].floats() == [1, 2, 3, 4, 5, 6])
  }

  @Test func `a conversion to double and back keeps every number`() {
    let (set, a, b) = set()
    let double = set.converted(to: .float64)
    #expect(double.tensors.allSatisfy { $0.elementType == .float64 })
    #expect(double.parameters == set.parameters && double["b"] == b)
    #expect(double[b].doubles() == [Double(Float(0.1)), -7])
    let back = double.converted(to: .float32)
    #expect(back.tensors.allSatisfy { $0.elementType == .float32 })
    #expect(back[a].floats() == set[a].floats() && back[b].floats() == set[b].floats())
  }

  @Test func `tracked parameters take gradients, constants do not`() {
    let (set, a, b) = set()
    let tape = Tape()
    let bound = set.tracked(on: tape)
    #expect(bound[a].isTracked && bound[a].value.floats() == set[a].floats())
    let gradients = tape.gradients(
      of: bound[b].applying(.square).sum(), withRespectTo: bound.variables)
    #expect(gradients[0].floats() == [0, 0, 0, 0, 0, 0] && gradients[0].shape == [2, 3])
    #expect(gradients[1].floats() == [0.2, -14])
    #expect(!set.constants[a].isTracked && set.constants[b].value.floats() == set[b].floats())
  }

  @Test func `given values are taken by name, whatever else is there`() {
    let values = [
      "head.weight": Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
      "head.bias": Tensor([7, 8] as [Float], shape: [2]),
      "other": Tensor([9] as [Float], shape: [1]),
    ]
    var builder = ParameterBuilder(values: values)
    let head = Linear("head", inputs: 3, outputs: 2, in: &builder)
    #expect(builder.validationErrors.isEmpty)
    #expect(builder.parameters[head.weight].floats() == [1, 2, 3, 4, 5, 6])
    #expect(builder.parameters[head.bias].floats() == [7, 8])
    #expect(builder.parameters.parameters.count == 2)
  }

  @Test func `each missing and each misshaped value is told of`() {
    let values = [
      "one.weight": Tensor(zeros: [3, 2]), "one.bias": Tensor(zeros: [2]), "two.bias": Tensor(zeros: [1, 4]),
    ]
    var builder = ParameterBuilder(values: values)
    _ = Linear("one", inputs: 3, outputs: 2, in: &builder)
    _ = Linear("two", inputs: 2, outputs: 4, in: &builder)
    #expect(
      builder.validationErrors == [
        "one.weight is [3, 2], not [2, 3]", "two.weight [4, 2] is missing", "two.bias is [1, 4], not [4]",
      ])
  }
}
