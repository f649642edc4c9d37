import Testing

@testable import DifferentialEquations

@Suite struct TableauTests {
  @Test(arguments: ButcherTableau.all)
  func `every tableau is free of validationErrors and found by its name`(_ method: ButcherTableau) {
    #expect(method.validationError == nil)
    #expect(ButcherTableau.named(method.name) == method)
  }

  @Test func `names differ, and an unknown one finds nothing`() {
    #expect(Set(ButcherTableau.all.map(\.name)).count == ButcherTableau.all.count)
    #expect(ButcherTableau.named("dopri") == nil)
  }

  @Test func `there are as many rooted trees as there should be`() {
    #expect((1...6).map { RootedTree.all(order: $0).count } == [1, 1, 2, 4, 9, 20])
  }

  @Test(arguments: ButcherTableau.all)
  func `every order condition holds up to the order, and not beyond`(_ method: ButcherTableau) {
    for order in 1...method.order {
      for tree in RootedTree.all(order: order) {
        #expect(tree.defect(method, method.weights) < 1e-13, "\(method.name), a tree of \(order) nodes")
      }
    }
    let beyond = RootedTree.all(order: method.order + 1).map { $0.defect(method, method.weights) }
    #expect((beyond.max() ?? 0) > 1e-5)
  }

  @Test(arguments: ButcherTableau.all.filter(\.isAdaptive))
  func `the embedded method is of one order less`(_ method: ButcherTableau) {
    let embedded = zip(method.weights, method.errorWeights).map { $0 - $1 }
    for order in 1..<method.order {
      for tree in RootedTree.all(order: order) {
        #expect(tree.defect(method, embedded) < 1e-13, "\(method.name), a tree of \(order) nodes")
      }
    }
    let beyond = RootedTree.all(order: method.order).map { $0.defect(method, embedded) }
    #expect((beyond.max() ?? 0) > 1e-5)
  }

  @Test func `only the methods made so are first same as last`() {
    #expect(ButcherTableau.all.filter(\.isFirstSameAsLast).map(\.name) == ["bosh3", "dopri5", "tsit5"])
    #expect(ButcherTableau.all.filter(\.isAdaptive).map(\.name) == ["bosh3", "dopri5", "tsit5"])
  }

  /// A tableau with something changed.
  struct Corruption: CustomTestStringConvertible, Sendable {
    let validationError: String
    var order = 3
    var nodes = ButcherTableau.bogackiShampine.nodes
    var coefficients = ButcherTableau.bogackiShampine.coefficients
    var weights = ButcherTableau.bogackiShampine.weights
    var errorWeights = ButcherTableau.bogackiShampine.errorWeights

    init(_ validationError: String, _ change: (inout Corruption) -> Void) {
      self.validationError = validationError
      change(&self)
    }

    var testDescription: String { validationError }
  }

  static let corruptions = [
    Corruption("rows are missing") { $0.coefficients.removeLast() },
    Corruption("rows are missing") { $0.weights.removeLast() },
    Corruption("row 2 has 1 entries") { $0.coefficients[2] = [0.75] },
    Corruption("row 2 does not sum to its node") { $0.coefficients[2][0] += 1e-9 },
    Corruption("row 1 does not sum to its node") { $0.nodes[1] += 1e-9 },
    Corruption("row 0 does not sum to its node") { $0.nodes[0] = 0.1 },
    Corruption("the weights do not sum to one") { $0.weights[3] += 1e-9 },
    Corruption("error weights are missing") { $0.errorWeights.removeLast() },
    Corruption("the error weights do not sum to zero") { $0.errorWeights[0] += 1e-9 },
    // Weights exchanged between nodes 0 and 1/2 still sum to one.
    Corruption("it is not of order two") { $0.weights.swapAt(0, 1) },
    // 1/4 at 0, 1/2 at 1/2 and 1/4 at 1 give order two and no more.
    Corruption("it is not of order three") { $0.weights = [0.25, 0.5, 0, 0.25] },
  ]

  @Test(arguments: corruptions)
  func `a corrupted tableau has a validationError that says what is wrong`(_ corruption: Corruption) {
    let validationError = ButcherTableau.validationError(
      order: corruption.order, nodes: corruption.nodes, coefficients: corruption.coefficients,
      weights: corruption.weights, errorWeights: corruption.errorWeights)
    #expect(validationError == corruption.validationError)
  }

  @Test func `a method is not blamed for an order it does not claim`() {
    let validationError = ButcherTableau.validationError(
      order: 2, nodes: [0, 1], coefficients: [[], [1]], weights: [0.5, 0.5], errorWeights: [])
    #expect(validationError == nil)
  }
}

extension ButcherTableau: CustomTestStringConvertible {
  public var testDescription: String { name }
}
