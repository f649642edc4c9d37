import NormalizingFlows
import Tensors

// The options of continuous flows.

extension ModelOption<[Int]> {
  /// The greatest number of hidden layers.
  static let greatestDepth = 100

  /// The widths of the hidden layers.
  public static var hidden: Self {
    Self("hidden", name: "hidden widths", default: [512, 512], "Widths of the hidden layers") { widths in
      if !(1...greatestDepth).contains(widths.count) { return "\((1...greatestDepth).inWords) widths" }
      return widths.allSatisfy { (1...65536).contains($0) } ? nil : "widths of \((1...65536).inWords)"
    }
  }
}

extension ModelOption<Int> {
  /// The number of blocks.
  public static var blocks: Self {
    Self("blocks", default: 5, in: 1...1000, "Number of blocks, an ODE each")
  }

  /// The rank of low-rank amortization.
  public static var rank: Self {
    Self("rank", default: 20, in: 1...Amortization.greatestRank, "Rank, where weights are low-rank")
  }
}

extension ModelOption<Amortization> {
  /// Which weights are amortized.
  public static var amortization: Self {
    Self("amortization", default: .lowRank, "Which weights depend on the image")
  }
}

extension ModelOption<TimeDependence> {
  /// How shared layers depend on the time.
  public static var timeDependence: Self {
    Self("timeDependence", default: .concat, "How layers depend on time")
  }
}

extension ModelOption<ElementwiseFunction> {
  /// The velocity's activation.
  public static var activation: Self {
    let names = ElementwiseFunction.activations.map(\.rawValue).joined(separator: ", ")
    return Self("activation", default: .softplus, "Activation between layers") {
      ElementwiseFunction.activations.contains($0) ? nil : "one of \(names)"
    }
  }
}

extension ModelOption<Double> {
  /// The end time of all blocks.
  public static var timeLength: Self {
    Self("timeLength", default: 0.5, "End time of each block") {
      $0 > 0 && $0.isFinite ? nil : "positive"
    }
  }

  /// The weight of the kinetic energy.
  public static var kineticEnergy: Self {
    Self(
      "kineticEnergy", name: "kinetic energy weight", default: 0,
      "Weight of the integral of |f|^2", requirement: weight)
  }

  /// The weight of the Jacobian's norm.
  public static var jacobianNorm: Self {
    Self(
      "jacobianNorm", name: "Jacobian norm weight", default: 0,
      "Weight of the integral of |df/dz|^2", requirement: weight)
  }

  private static func weight(_ value: Double) -> String? {
    value >= 0 && value.isFinite ? nil : "at least 0"
  }
}

extension ModelOption<[Double]?> {
  /// The end time of each block.
  public static var timeLengths: Self {
    Self("timeLengths", default: nil, "End time of each flow, where they differ") { times in
      times?.allSatisfy { $0 > 0 && $0.isFinite } ?? true ? nil : "positive numbers"
    }
  }
}

extension ModelConfiguration {
  /// Continuous flows: the widths of the velocity's hidden layers.
  public var hidden: [Int] {
    get { self[.hidden] }
    set { self[.hidden] = newValue }
  }

  /// Continuous flows: the number of blocks.
  public var blocks: Int {
    get { self[.blocks] }
    set { self[.blocks] = newValue }
  }

  /// Continuous flows: which weights are amortized, that is, functions of the image.
  public var amortization: Amortization {
    get { self[.amortization] }
    set { self[.amortization] = newValue }
  }

  /// Continuous flows: the rank of the per-sample weights, where they are low-rank.
  public var rank: Int {
    get { self[.rank] }
    set { self[.rank] = newValue }
  }

  /// Continuous flows: how shared layers depend on the time.
  public var timeDependence: TimeDependence {
    get { self[.timeDependence] }
    set { self[.timeDependence] = newValue }
  }

  /// Continuous flows: the activation between the velocity's layers.
  public var activation: ElementwiseFunction {
    get { self[.activation] }
    set { self[.activation] = newValue }
  }

  /// Continuous flows: the end time T of each block.
  public var timeLength: Double {
    get { self[.timeLength] }
    set { self[.timeLength] = newValue }
  }

  /// Continuous flows: the end time of each block where they differ, as in published models whose end times were
  /// trained.
  public var timeLengths: [Double]? {
    get { self[.timeLengths] }
    set { self[.timeLengths] = newValue }
  }

  /// Continuous flows: the weight in the training loss of the integral of |f|^2; see `DynamicsRegularization`.
  public var kineticEnergy: Double {
    get { self[.kineticEnergy] }
    set { self[.kineticEnergy] = newValue }
  }

  /// Continuous flows: the weight in the training loss of the integral of |df/dz|_F^2.
  public var jacobianNorm: Double {
    get { self[.jacobianNorm] }
    set { self[.jacobianNorm] = newValue }
  }

  /// The end time T of a block, counted from zero.
  public func timeLength(ofBlock block: Int) -> Double {
    timeLengths.flatMap { $0.indices.contains(block) ? $0[block] : nil } ?? timeLength
  }

  /// The regularization of a continuous flow's dynamics.
  public var regularization: DynamicsRegularization {
    DynamicsRegularization(kineticEnergy: kineticEnergy, jacobianNorm: jacobianNorm)
  }
}
