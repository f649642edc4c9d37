import Autodiff
import NeuralNetworks
import Randomness
import Tensors
import TestSupport
import Testing

/// The optimizers against PyTorch's, and on a problem whose answer is known.
@Suite struct OptimizerTests {
  private func set(_ numbers: [Double], _ type: ElementType) -> ParameterSet {
    var set = ParameterSet()
    _ = set.add("first", Tensor(Array(numbers[..<2]), shape: [2]).converted(to: type))
    _ = set.add("second", Tensor(Array(numbers[2...]), shape: [1, numbers.count - 2]).converted(to: type))
    return set
  }

  private func split(_ numbers: [Double], _ type: ElementType) -> [Tensor] { set(numbers, type).tensors }

  // The numbers after each step, from:
  //
  //     p = torch.nn.Parameter(torch.tensor([1.0, -0.5, 2.0, 0.0], dtype=torch.float64))
  //     o = torch.optim.Adamax([p], lr=5e-4, eps=1e-7)
  //     for k in range(1, 7):
  //       p.grad = torch.tensor([0.5 * (-1)**k, k * 1e-3, 3 / k, 0 if k < 4 else 1e-8], dtype=torch.float64)
  //       o.step()
  //       print(p.tolist())
  //     print(o.state[p]["exp_avg"].tolist(), o.state[p]["exp_inf"].tolist())
  //
  // and the last of them, with other options: torch.optim.Adam([p], lr=5e-4); either with weight_decay=0.1; Adamax after
  // torch.nn.utils.clip_grad_norm_([p], 1.0). PyTorch 2.15.
  static let variants: [Variant] = [
    Variant(
      name: "Adam", method: .adam, weightDecay: 0, clipNorm: nil,
      end: [1.0006911568130228, -0.5029136168864212, 1.9974327770476235, -0.00040831735441480013]),
    Variant(
      name: "Adam with weight decay", method: .adam, weightDecay: 0.1, clipNorm: nil,
      end: [1.0002018607955245, -0.49700911180142543, 1.9973636832590833, 6.022156114705313e-05]),
    Variant(
      name: "Adamax with weight decay", method: .adamax, weightDecay: 0.1, clipNorm: nil,
      end: [1.0002425712984688, -0.49708108733755624, 1.9981220505382273, 6.246366328062239e-06]),
    Variant(
      name: "Adamax with clipped gradients", method: .adamax, weightDecay: 0, clipNorm: 1,
      end: [1.0004336294593985, -0.5019729661393194, 1.9972864798787948, -6.0596378972437444e-05]),
  ]

  struct Variant: Sendable, CustomTestStringConvertible {
    let name: String
    let method: OptimizationMethod
    let weightDecay: Double
    let clipNorm: Double?
    let end: [Double]

    var testDescription: String { name }
  }

  private func gradient(_ k: Int) -> [Double] {
    [k % 2 == 0 ? 0.5 : -0.5, Double(k) * 1e-3, 3 / Double(k), k < 4 ? 0 : 1e-8]
  }

  @Test(arguments: variants, [(ElementType.float64, 1e-12), (.float32, 1e-5)])
  func `six steps of every variant are PyTorch's`(_ variant: Variant, _ precision: (ElementType, Double)) {
    let (type, tolerance) = precision
    var parameters = set([1, -0.5, 2, 0], type)
    var optimizer = Optimizer(
      variant.method, for: parameters, learningRate: 5e-4, weightDecay: variant.weightDecay)
    for k in 1...6 {
      let gradients = split(gradient(k), type).map(Gradient.dense)
      optimizer.update(
        &parameters, gradients, scaledBy: GradientNorm(gradients).scale(toLimit: variant.clipNorm))
    }
    for (number, expected) in zip(parameters.tensors.flatMap({ $0.doubles() }), variant.end) {
      #expect(abs(number - expected) < tolerance * max(abs(expected), 1e-3), "\(number), not \(expected)")
    }
  }

  private let golden: [[Double]] = [
    [1.0004999999, -0.5004999500049995, 1.9995000000166667, 0.0],
    [1.0004736841157895, -0.5008815098743744, 1.9991312101864858, 0.0],
    [1.000641580761177, -0.5012265168243273, 1.9988366484275994, 0.0],
    [1.0006152649769666, -0.5015554196224029, 1.9985910738325772, -1.3217372914959421e-05],
    [1.0007174724728252, -0.5018763846079529, 1.9983807640070594, -3.430687899872694e-05],
    [1.0006911566886147, -0.5021934807979641, 1.9981972987590026, -6.0596378972437444e-05],
  ]
  private let goldenMoments = [
    0.012330499999999996, 0.0017829689999999997, 0.5132119999999999, 2.7099999999999995e-09,
  ]
  private let goldenNorms = [0.5000001, 0.0060001, 2.9850300695159957, 1.0999999999999999e-07]

  @Test(arguments: [(ElementType.float64, 1e-15), (.float32, 3e-7)])
  func `six steps are PyTorch's`(_ type: ElementType, _ tolerance: Double) {
    var parameters = set([1, -0.5, 2, 0], type)
    var optimizer = Optimizer(for: parameters, learningRate: 5e-4, epsilon: 1e-7)
    for (k, expected) in zip(1..., golden) {
      optimizer.update(&parameters, split(gradient(k), type))
      #expect(optimizer.step == k)
      #expect(
        relativeDifference(parameters.tensors.flatMap { $0.doubles() }, expected) < tolerance, "step \(k)")
    }
    func close(_ tensors: [Tensor], _ expected: [Double]) -> Bool {
      zip(tensors.flatMap { $0.doubles() }, expected).allSatisfy { abs($0 - $1) < 1e-5 * abs($1) }
    }
    #expect(close(optimizer.firstMoments, goldenMoments) && close(optimizer.secondMoments, goldenNorms))
  }

  @Test func `the defaults are the paper's`() {
    let optimizer = Optimizer(for: set([1, 2, 3], .float32))
    #expect(optimizer.learningRate == 5e-4 && optimizer.epsilon == 1e-7)
    #expect(optimizer.firstDecay == 0.9 && optimizer.secondDecay == 0.999 && optimizer.step == 0)
  }

  @Test func `a parameter without gradient stays where it is`() {
    var parameters = set([1, -0.5, 2, 0], .float32)
    var optimizer = Optimizer(for: parameters)
    optimizer.update(&parameters, split([0, 0, 0, 0], .float32))
    #expect(parameters.tensors.flatMap { $0.doubles() } == [1, -0.5, 2, 0])
  }

  @Test func `it finds the minimum of a quadratic`() {
    // 1/2 sum of c_i (p_i - m_i)^2, at curvatures from 0.01 to 100.
    let (curvatures, minimum) = ([0.01, 1, 100, 3], [1.0, -2, 3, 0.5])
    var parameters = set([0, 0, 0, 0], .float64)
    var optimizer = Optimizer(for: parameters, learningRate: 0.02)
    for step in 0..<3000 {
      let p = parameters.tensors.flatMap { $0.doubles() }
      optimizer.learningRate = 0.02 * (1 - Double(step) / 3000)
      optimizer.update(
        &parameters, split(p.indices.map { curvatures[$0] * (p[$0] - minimum[$0]) }, .float64))
    }
    let end = parameters.tensors.flatMap { $0.doubles() }
    #expect(relativeDifference(end, minimum) < 1e-4, "\(end)")
  }

  @Test func `a gradient left as factors moves weights as the formed one does`() throws {
    let (outputs, inputs, batch) = (4608, 256, 20)
    var factored = ParameterSet()
    _ = factored.add("w", normals([outputs, inputs], 1, scale: 0.1, .float32))
    var formed = factored
    var optimizers = [Optimizer(for: factored), Optimizer(for: formed)]
    for step in 0..<3 as Range<UInt64> {
      let x = Variable(normals([batch, inputs], 10 + step, .float32))
      let g = Variable(normals([batch, outputs], 20 + step, .float32))
      let tape = Tape()
      let w = tape.variable(factored.tensors[0])
      let gradients = tape.factoredGradients(of: (x.affine(weight: w) * g).sum(), withRespectTo: [w])
      guard case .outerProduct = try #require(gradients.first) else {
        Issue.record("the gradient was formed")
        return
      }
      // Not through the factors: the sum over the batch, one image at a time.
      var sum = Tensor(zeros: [outputs, inputs])
      for s in 0..<batch {
        let row = Tape()
        let w = row.variable(factored.tensors[0])
        let image = x.sliced(axis: 0, start: s, length: 1).affine(weight: w) * g.sliced(axis: 0, start: s, length: 1)
        sum.add(row.gradients(of: image.sum(), withRespectTo: [w])[0])
      }
      optimizers[0].update(&factored, gradients)
      optimizers[1].update(&formed, [sum])
    }
    func pairs(_ a: Tensor, _ b: Tensor) -> [(Float, Float)] { Array(zip(a.floats(), b.floats())) }
    #expect(pairs(optimizers[0].firstMoments[0], optimizers[1].firstMoments[0]).allSatisfy { abs($0 - $1) < 2e-4 })
    #expect(pairs(optimizers[0].secondMoments[0], optimizers[1].secondMoments[0]).allSatisfy { abs($0 - $1) < 2e-4 })
    // An update is at most about the learning rate; where a moment and a norm are both near zero, it is all rounding.
    let differences = pairs(factored.tensors[0], formed.tensors[0]).map { abs($0 - $1) }
    #expect(differences.allSatisfy { $0 < 1e-4 } && differences.count { $0 > 1e-6 } < differences.count / 1000)
  }

  @Test func `weights that are used twice have a formed gradient`() {
    let tape = Tape()
    let w = tape.variable(Tensor(repeating: 0.1, shape: [4096, 256]))
    let x = Variable(Tensor(repeating: 1, shape: [2, 256]))
    let loss = x.affine(weight: w).sum() + x.affine(weight: w).sum()
    guard case .dense(let gradient) = tape.factoredGradients(of: loss, withRespectTo: [w])[0] else {
      Issue.record("the gradient of a sum of products was left as one")
      return
    }
    #expect(gradient.floats().allSatisfy { $0 == 4 })
  }

  @Test func `numbers are updated in place, and a copy held elsewhere keeps its own`() {
    var parameters = ParameterSet()
    let parameter = parameters.add("p", Tensor(repeating: 1, shape: [100_000]))
    var optimizer = Optimizer(for: parameters)
    func addresses() -> [UnsafeRawPointer?] {
      (parameters.tensors + optimizer.firstMoments + optimizer.secondMoments)
        .map { $0.withBytes { $0.baseAddress } }
    }
    let gradient = [Tensor(repeating: 1, shape: [100_000])]
    // The moments begin as one block of zeros, which the first update parts.
    optimizer.update(&parameters, gradient)
    let before = addresses()
    optimizer.update(&parameters, gradient)
    #expect(addresses() == before)

    let kept = parameters
    let numbers = kept[parameter].floats()
    optimizer.update(&parameters, gradient)
    #expect(kept[parameter].floats() == numbers && parameters[parameter].floats() != numbers)
  }
}
