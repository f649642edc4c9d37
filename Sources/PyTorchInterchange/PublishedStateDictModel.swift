import NormalizingFlows
import Tensors
import VariationalAutoencoder

extension PublishedStateDict {
  /// Sets the parts of an architecture that the names and shapes of the tensors determine, and leaves the others
  /// unchanged.
  ///
  /// - Returns: What they leave open, and which choices were made, in words.
  func infer(_ model: inout ModelConfiguration) -> [String] {
    if let kernel = values["q_z_nn.5.h.weight"]?.shape, kernel.count == 4 {
      (model.imageHeight, model.imageWidth) = (4 * kernel[2], 4 * kernel[3])
    }
    model.likelihood = values["p_x_mean.1.weight"] == nil ? .bernoulli : .categorical
    if let latent = outputs("q_z_mean") { model.latent = latent }
    if has("odefuncs.") || has("q_am.") || has("cnf.chain.") { return inferContinuousFlow(&model) }
    if let flows = outputs("amor_b"), has("amor_u.") {
      model.flow = .planar
      model.flows = flows
    } else if let first = values["flow.param_list.0"]?.shape, first.count == 2 {
      model.flow = .iaf
      model.maskedWidth = first[1]
      // Four masked layers of two tensors each.
      model.flows = indices("flow.param_list.").count / 8
    } else if has("amor_d.") {
      return inferSylvesterFlow(&model)
    } else {
      model.flow = .none
    }
    return []
  }

  /// For each layer, amor_d has m m outputs, amor_diag1 has m, and amor_q has the latent dimensions times the number
  /// of vectors or reflections.
  private func inferSylvesterFlow(_ model: inout ModelConfiguration) -> [String] {
    model.flow = .sylvesterTriangular
    guard let square = outputs("amor_d"), let diagonal = outputs("amor_diag1.0"), diagonal > 0 else { return [] }
    let width = max(1, square / diagonal)
    model.flows = diagonal / width
    guard let rotation = outputs("amor_q") else { return [] }
    model.orthogonalVectors = width
    model.reflections = rotation / max(1, model.flows * model.latent)
    // With reflections, Q is square; with orthogonal vectors, it has as many columns as there are vectors.
    model.flow =
      width == model.latent && model.reflections != width ? .sylvesterHouseholder : .sylvesterOrthogonal
    guard width == model.latent, model.reflections == width else { return [] }
    return [
      "as many vectors as latent numbers: taken as sylvester-orthogonal; with --flow sylvester-householder they are "
        + "reflections"
    ]
  }

  private func inferContinuousFlow(_ model: inout ModelConfiguration) -> [String] {
    var notes: [String] = []
    model.flow = .ffjord
    let isChain = has("cnf.chain.")
    model.blocks = indices(isChain ? "cnf.chain." : has("q_am.") ? "q_am." : "odefuncs.").count
    let block = isChain ? "cnf.chain.0.odefunc" : "odefuncs.0"
    let widths = widths(of: block, latent: model.latent)
    model.timeDependence = timeDependence(of: "\(block).diffeq.layers.0.", latent: model.latent) ?? .concat
    if !widths.isEmpty { model.hidden = widths.last == model.latent ? Array(widths.dropLast()) : widths }
    if isChain {
      model.amortization = .none
    } else if widths.isEmpty {
      model.amortization = .hyper
      notes.append(
        "the widths of hidden layers are not in the file: taken as \(model.hidden.map(String.init).joined(separator: "-")); "
          + "--hidden names them")
      notes.append(
        "the published code applies the activation after the last layer of this posterior as well, and this program "
          + "does not: figures will differ")
    } else {
      notes += inferAmortization(&model, widths)
    }
    if has("\(block).diffeq.activation_fns.") {
      model.activation = .swish
    } else {
      notes.append(
        "the activation is not in the file: taken as \(model.activation.rawValue); --activation names another")
    }
    if !inferTimes(&model) {
      notes.append(
        "the flows' length of time is not in the file: taken as \(model.timeLength); --time-length names another")
    } else if model.timeLengths != nil {
      notes.append("the blocks run for different times, as trained ones do; training here leaves them as they are")
    }
    notes.append("whether the velocities were residual (--residual) is not in the file: taken as not")
    return notes
  }

  /// Infers the amortization from the number of outputs of the hypernetwork: the sum of the layers' outputs (bias);
  /// that plus the rank times the sum of the layers' inputs and outputs (low-rank); or the size of an affine map of
  /// the last layer.
  private func inferAmortization(_ model: inout ModelConfiguration, _ widths: [Int]) -> [String] {
    model.amortization = .lowRank
    guard let count = outputs("q_am.0"), let last = widths.last else { return [] }
    let latent = model.latent
    let biases = widths.reduce(0, +)
    let perRank = latent + 2 * biases - last
    let isLastLayer = count == (last + 2) * latent
    let isLowRank = last == latent && count > biases && (count - biases) % perRank == 0
    if last == latent, count == biases {
      model.amortization = .bias
    } else if isLowRank {
      model.rank = (count - biases) / perRank
      guard isLastLayer else { return [] }
      return [
        "the sizes fit amortization low-rank and last-layer: taken as low-rank; --amortization and --hidden choose"
      ]
    } else if isLastLayer {
      model.amortization = .lastLayer
      model.hidden = widths
    }
    return []
  }

  /// The numbers of outputs of the shared layers of a block's velocity.
  private func widths(of block: String, latent: Int) -> [Int] {
    var widths: [Int] = []
    while true {
      let layer = "\(block).diffeq.layers.\(widths.count)."
      let inputs = widths.last ?? latent
      // The outputs of a layer's hypernetwork are its bias and its weight.
      let generated = outputs(layer + "_hypernet.2").map { $0 / (inputs + 1) }
      guard let outputs = ["_layer", "_layer0", "layer_f"].lazy.compactMap({ outputs(layer + $0) }).first ?? generated
      else { return widths }
      widths.append(outputs)
    }
  }

  private func timeDependence(of layer: String, latent: Int) -> TimeDependence? {
    if has(layer + "_hyper_gate.") { return .concatsquash }
    if has(layer + "_hyper.") { return .squash }
    if has(layer + "_hypernet.") { return .hyper }
    if has(layer + "_layer0.") { return .blend }
    if has(layer + "layer_f.") { return .gated }
    return values[layer + "_layer.weight"].map { $0.shape.last == latent ? .ignore : .concat }
  }

  /// The number of outputs of a layer.
  private func outputs(_ layer: String) -> Int? { values["\(layer).weight"]?.shape.first }

  func has(_ prefix: String) -> Bool { values.keys.contains { $0.hasPrefix(prefix) } }

  /// The numbers that follow a prefix in the tensors' names.
  func indices(_ prefix: String) -> Set<Int> {
    Set(
      values.keys.filter { $0.hasPrefix(prefix) }
        .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) } })
  }
}
