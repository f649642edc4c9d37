import Autodiff
import DensityEstimation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct AutoregressiveLayerTests {
  @Test(arguments: AutoregressiveExamples.layers + AutoregressiveExamples.chains)
  func `the log-determinant is that of the Jacobian`(example: ExampleLayer) throws {
    try example.checkLogDeterminant()
  }

  @Test(arguments: AutoregressiveExamples.layers + AutoregressiveExamples.chains)
  func `the inverse undoes the layer`(example: ExampleLayer) throws { try example.checkInverse() }

  @Test(arguments: AutoregressiveExamples.layers + AutoregressiveExamples.chains)
  func `gradients agree with central differences`(example: ExampleLayer) throws { try example.checkGradients() }

  @Test(arguments: AutoregressiveOrder.allCases)
  func `numbers depend on the dimensions before, on all of them, and on no other`(order: AutoregressiveOrder) throws {
    var builder = ParameterBuilder(seed: 5)
    for (name, conditioner) in AutoregressiveExamples.conditioners(order, in: &builder) {
      let d = conditioner.dimensions
      let constants = builder.parameters.converted(to: .float64).constants
      for i in 0..<d {
        let tape = Tape()
        let x = tape.variable(normals([1, d], 6))
        let numbers = conditioner(x, constants).sliced(axis: 1, start: i, length: 1)
        let sum = (numbers * Variable(normals(numbers.shape, 7))).sum()
        let gradient = tape.gradients(of: sum, withRespectTo: [x])[0].doubles()
        for j in 0..<d {
          let isBefore = order == .natural ? j < i : j > i
          // Two hidden units have two of the four degrees: they tell the dimensions before some, and hide others.
          if !isBefore || name != "narrow" { #expect((gradient[j] != 0) == isBefore, "\(name): \(i) of \(j)") }
        }
      }
    }
  }

  @Test(arguments: AutoregressiveOrder.allCases)
  func `samples made one dimension after another meet the numbers of whole samples`(
    order: AutoregressiveOrder
  ) throws {
    var builder = ParameterBuilder(seed: 5)
    for (name, conditioner) in AutoregressiveExamples.conditioners(order, in: &builder) {
      let constants = builder.parameters.converted(to: .float64).constants
      let x = normals([3, conditioner.dimensions], 6)
      let numbers = conditioner(Variable(x), constants).value
      var order: [Int] = []
      let again = conditioner.unrolled(3, .float64, constants) { dimension, found in
        order.append(dimension)
        let expected = numbers.sliced(axis: 1, start: dimension, length: 1).doubles()
        #expect(largestDifference(found, expected) < 1e-14, "\(name): dimension \(dimension)")
        return x.sliced(axis: 1, start: dimension, length: 1).reshaped([3])
      }
      #expect(again == x && order.sorted() == Array(0..<conditioner.dimensions), "\(name)")
    }
  }

  @Test func `a narrow hidden layer hears of the last dimension but one`() throws {
    var builder = ParameterBuilder(seed: 5)
    let network = MaskedNetwork("n", dimensions: 50, outputs: 1, hidden: [7], activation: .tanh, in: &builder)
    let tape = Tape()
    let x = tape.variable(normals([1, 50], 6))
    let last = network(x, builder.parameters.converted(to: .float64).constants).sliced(axis: 1, start: 49, length: 1)
    let gradient = tape.gradients(of: last.sum(), withRespectTo: [x])[0].doubles()
    #expect(gradient[..<49].allSatisfy { $0 != 0 } && gradient[49] == 0)
  }

  @Test func `chains of published sizes are inverted in single precision`() throws {
    let d = 43
    let chains: [(name: String, make: (inout DensityBuilder) -> [any DensityLayer])] = [
      ("MAF", { MAF.layers(dimensions: d, blocks: 10, batchNormalization: .moving(lag: 0), in: &$0) }),
      ("MAF-DSF", { NAF.layers(dimensions: d, blocks: 10, in: &$0) }),
      ("MAF-DDSF", { NAF.layers(dimensions: d, blocks: 5, denseLayers: 2, in: &$0) }),
      ("TAN", { TAN.layers(dimensions: d, in: &$0) }),
    ]
    for (name, make) in chains {
      var builder = DensityBuilder(seed: 5)
      let chain = LayerChain(make(&builder))
      let pass = DensityPass(builder.parameters.parameters.constants, buffers: builder.buffers.parameters)
      let x = normals([4, d], 9, .float32)
      let z = try chain.forward(Variable(x), pass).z
      #expect(largestDifference(z.value, x.doubles()) > (name.hasPrefix("MAF-") ? 1e-6 : 0.1), "\(name)")
      let error = largestDifference(try chain.inverse(z, pass).value, x.doubles())
      #expect(error < 1e-5, "\(name): \(error)")
    }
  }

  @Test func `sigmoidal transformers begin near the identity, and take all values`() throws {
    for denseLayers in [nil, 1, 3] {
      var builder = DensityBuilder(seed: 5)
      let layers = NAF.layers(
        dimensions: 2, blocks: 1, hidden: [8], units: 16, denseLayers: denseLayers, in: &builder)
      for type in ElementType.allCases {
        let pass = DensityPass(builder.parameters.parameters.converted(to: type).constants)
        let far = [-3000, -40, -3, -0.1, 0, 0.2, 4, 15, 60, 9000]
        let x = Tensor(far.flatMap { [0.3, $0] }, shape: [far.count, 2]).converted(to: type)
        let output = try LayerChain(layers).forward(Variable(x), pass)
        for (z, x) in zip(output.z.value.doubles(), x.doubles()) { #expect(abs(z - x) < 0.01 * max(1, abs(x))) }
        #expect(output.logDeterminant.value.doubles().allSatisfy { abs($0) < 0.02 })
        let back = try LayerChain(layers).inverse(output.z, pass).value
        for (a, b) in zip(back.doubles(), x.doubles()) {
          #expect(abs(a - b) < (type == .float32 ? 1e-5 : 1e-9) * max(1, abs(b)))
        }
      }
    }
  }

  @Test func `noise that is not a number stays in its sample and its later dimensions`() throws {
    for example in AutoregressiveExamples.layers where example.dimensions == 3 {
      let pass = example.pass(example.parameters.constants, .float32)
      let z = example.batch(2)
      var numbers = z.floats()
      numbers[1] = .nan
      let clean = try example.layer.inverse(Variable(Tensor(z.floats(), shape: z.shape)), pass).value.floats()
      let x = try example.layer.inverse(Variable(Tensor(numbers, shape: z.shape)), pass).value.floats()
      #expect(x[1].isNaN, "\(example)")
      #expect(Array(x[3...]) == Array(clean[3...]), "\(example)")
    }
  }
}
