import DifferentialEquations
import NeuralNetworks
import NormalizingFlows

/// Sylvester flows: see `NormalizingFlows.SylvesterFlow`.
public struct SylvesterPosterior: PosteriorDescription {
  /// What the matrices are made of.
  enum Basis {
    case orthogonal, householder, triangular
  }

  let basis: Basis

  public var options: [any AnyModelOption] {
    switch basis {
    case .orthogonal: [ModelOption.flows, ModelOption.orthogonalVectors]
    case .householder: [ModelOption.flows, ModelOption.reflections]
    case .triangular: [ModelOption.flows]
    }
  }

  /// The published results have 16 layers with 32 orthogonal vectors or 8 Householder reflections (van den Berg et al.
  /// 2018, experiments and appendix).
  public func setSizes(_ size: PosteriorSize, of model: inout ModelConfiguration) {
    model.flows = size == .small ? 4 : 16
    switch basis {
    case .orthogonal: model.orthogonalVectors = size == .small ? 8 : 32
    case .householder: model.reflections = size == .small ? 4 : 8
    case .triangular: break
    }
  }

  public func flow(
    _ model: ModelConfiguration, features: Int, solver: SolverOptions, gradient: AdjointMethod,
    in builder: inout ParameterBuilder
  ) -> SylvesterFlow {
    let sized: SylvesterBasis =
      switch basis {
      case .orthogonal: .orthogonal(vectors: vectors(model))
      case .householder: .householder(reflections: model.reflections)
      case .triangular: .triangular
      }
    return SylvesterFlow(features: features, latent: model.latent, flows: model.flows, basis: sized, in: &builder)
  }

  /// The number of columns of Q.
  private func vectors(_ model: ModelConfiguration) -> Int {
    basis == .orthogonal ? min(model.orthogonalVectors, model.latent) : model.latent
  }

  public func activations(_ model: ModelConfiguration) -> PosteriorActivations {
    PosteriorActivations(flow: model.flows * 4 * model.latent)
  }

  public func summary(_ model: ModelConfiguration) -> String {
    switch basis {
    case .orthogonal:
      "\(counted(model.flows, "Sylvester flow")) with \(counted(vectors(model), "orthogonal vector"))"
    case .householder: "\(counted(model.flows, "Sylvester flow")) with \(counted(model.reflections, "reflection"))"
    case .triangular: counted(model.flows, "triangular Sylvester flow")
    }
  }

  public func label(_ model: ModelConfiguration) -> String {
    switch basis {
    case .orthogonal: "\(model.flows)×\(vectors(model))"
    case .householder: "\(model.flows)×\(model.reflections)"
    case .triangular: "×\(model.flows)"
    }
  }

  public var publishedMethod: PublishedMethod? { .sylvester }
}

extension ModelOption<Int> {
  /// The number of orthogonal vectors.
  public static var orthogonalVectors: Self {
    Self("orthogonalVectors", default: 32, in: 1...4096, "Columns of Q")
  }

  /// The number of Householder reflections.
  public static var reflections: Self { Self("reflections", default: 8, in: 1...4096, "Reflections") }
}

extension ModelConfiguration {
  /// Sylvester flows with orthogonal vectors: their number, or the number of latent dimensions where that is less.
  public var orthogonalVectors: Int {
    get { self[.orthogonalVectors] }
    set { self[.orthogonalVectors] = newValue }
  }

  /// Sylvester flows with Householder reflections: their number.
  public var reflections: Int {
    get { self[.reflections] }
    set { self[.reflections] = newValue }
  }
}

// The published state dict.
extension SylvesterPosterior {
  public var bufferNames: [String] { ["_eye", "triu_mask", "diag_idx", "flip_idx"] }

  /// The masks of the elements above the diagonal, and the indices of those on it, for the model and for its layers;
  /// the identity, or for triangular flows the reversed order of the latent dimensions.
  public func buffers(_ model: ModelConfiguration) -> [StateDictBuffer] {
    let width = vectors(model)
    func square(_ holds: (_ row: Int, _ column: Int) -> Bool) -> [Float] {
      (0..<(width * width)).map { holds($0 / width, $0 % width) ? 1 : 0 }
    }
    let above = square { $0 < $1 }
    let first =
      basis == .triangular
      ? StateDictBuffer("flip_idx", indices: (0..<width).reversed())
      : StateDictBuffer("_eye", [1, width, width], square { $0 == $1 })
    let layers = (0..<model.flows).flatMap { layer in
      let mask = StateDictBuffer("flow_\(layer).triu_mask", [1, width, width], above)
      return (basis == .triangular ? [] : [mask]) + [StateDictBuffer("flow_\(layer).diag_idx", indices: 0..<width)]
    }
    return [
      first, StateDictBuffer("triu_mask", [1, width, width, 1], above), StateDictBuffer("diag_idx", indices: 0..<width),
    ] + layers
  }

  /// For each layer, amor_d has m m outputs, amor_diag1 has m, and amor_q has the latent dimensions times the number
  /// of vectors or reflections.
  public func infer(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) -> [InferenceNote]? {
    guard stateDict.has("amor_d.") else { return nil }
    guard let square = stateDict.outputs("amor_d"), let diagonal = stateDict.outputs("amor_diag1.0"), diagonal > 0
    else { return basis == .triangular ? [] : nil }
    let width = max(1, square / diagonal)
    let flows = diagonal / width
    guard let rotation = stateDict.outputs("amor_q") else {
      guard basis == .triangular else { return nil }
      model.flows = flows
      return []
    }
    let reflections = rotation / max(1, flows * model.latent)
    // With reflections, Q is square; with orthogonal vectors, it has as many columns as there are vectors.
    let found: Basis = width == model.latent && reflections != width ? .householder : .orthogonal
    guard found == basis else { return nil }
    (model.flows, model.orthogonalVectors, model.reflections) = (flows, width, reflections)
    guard width == model.latent, reflections == width else { return [] }
    return [
      InferenceNote(
        "as many vectors as latent numbers: taken as \(PosteriorKind.sylvesterOrthogonal.rawValue); they may be "
          + "reflections, of \(PosteriorKind.sylvesterHouseholder.rawValue)", options: "flow")
    ]
  }
}
