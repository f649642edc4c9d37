import Autodiff
import DifferentialEquations
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import Inference
import NeuralNetworks
import Safetensors
import TensorBoard
import Tensors
import Testing

// The code of the modules' pages.

@Suite struct ModulePageTests {
  @Test func `DifferentialEquations solves for an exponential`() throws {
    let y = Variable(Tensor([1.0, 2.0], shape: [2]))
    let rate = Variable(Tensor([-1.0, 0.5], shape: [2]))
    let solution = try solve(
      { time, state, parameters in [state[0] * parameters[0]] },
      initial: [y], parameters: [rate], from: 0, to: 1, options: .adaptive(.tsitouras, tolerance: 1e-6))
    print(solution.statistics.evaluations)
    let (a, b) = (solution.state[0].value.doubles()[0], solution.state[0].value.doubles()[1])
    #expect(abs(a - exp(-1)) < 1e-4 && abs(b - 2 * exp(0.5)) < 1e-4)
  }

  @Test func `NeuralNetworks takes a step`() {
    let x = Variable(Tensor(repeating: 0.5, shape: [3, 256]))
    var builder = ParameterBuilder(seed: 1)
    let layer = Linear("head", inputs: 256, outputs: 64, in: &builder)
    var parameters = builder.parameters
    var optimizer = Optimizer(.adam, for: parameters, learningRate: 1e-3)
    let initial = parameters

    let tape = Tape()
    let tracked = parameters.tracked(on: tape)
    let loss = layer(x, tracked).applying(.square).mean()
    let gradients = tape.gradients(of: loss, withRespectTo: tracked.variables)
    optimizer.update(&parameters, gradients)
    #expect(parameters.tensors != initial.tensors)
  }

  @Test func `Tensors has what its page says`() {
    var a = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    a[1, 2] = -6  // one number
    let row = a.row(1)  // [ 4.0000,  5.0000, -6.0000] shape [3], float32
    let sums = (2 * a + 1).sum(axis: -1)  // [15, 9]
    #expect("\(row)" == "[ 4.0000,  5.0000, -6.0000] shape [3], float32")
    #expect(sums.doubles() == [15, 9])
  }

  @Test func `Safetensors reads what it wrote`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.file("scale.safetensors.zst")
    let tensors = [SafetensorsTensor(name: "scale", values: [1.5, 2.5] as [Float])]
    try SafetensorsWriter.write(to: url, tensors: tensors, metadata: ["epoch": "3"])

    let file = try SafetensorsFile(url)
    print(file.entries.map(\.name), try file.floats("scale"))
    #expect(try file.floats("scale") == [1.5, 2.5])
  }

  @Test func `TensorBoard writes an event file`() throws {
    let temporary = try TemporaryDirectory()
    let directory = temporary.url
    let writer = try EventWriter(in: directory, startingAt: 1)
    try writer.write(scalars: [("train/negative_elbo", 98.3)], step: 1)
    #expect(try temporary.names().count == 1)
  }

  @Test func `Files bounds what a header claims`() throws {
    #expect(throws: TooLarge.self) { try Self.checkedCount([1 << 20, 1 << 20], 100) }
    #expect(try Self.checkedCount([2, 3], 100) == 6)
  }

  private struct TooLarge: Error {}

  private static func checkedCount(_ shape: [Int], _ fileSize: Int) throws -> Int {
    let (header, tooLarge) = ((shape: shape, name: "array"), TooLarge())
    guard let count = CheckedSize.product(header.shape), count <= MemoryLimit.standard.byteCount(forFileOf: fileSize)
    else { throw tooLarge }
    return count
  }

  // These need files that a test has not got: they are compiled, and what they call is run by tests of its own.

  private func loadingImages() throws {
    let dataset = try DatasetLoader.load(name: "omniglot", locator: DatasetLocator(dataDirectory: "data"))
    let picture = ImageGrid.images(dataset.test.prefix(100), columns: 10)
    try picture.write(to: URL(fileURLWithPath: "test.png"))
  }

  private func evaluating(_ images: GreyImages) throws {
    let model = try TrainedModel(at: "Checkpoints/omniglot.safetensors.zst")
    let result = try model.evaluator(divergence: .exact).evaluate(images)
    print(result.metrics.mean.negativeELBO, "nats")
  }
}
