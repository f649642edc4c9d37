import Foundation
import NormalizingFlows

// The published state dict of a continuous posterior.
extension ContinuousPosterior {
  public var bufferNames: [String] { ["_num_evals", "integration_times", "sqrt_end_time"] }

  /// The flows' end times, as `[0, T]` or as the square root of each block's T, and a counter of evaluations for each
  /// block.
  public func buffers(_ model: ModelConfiguration) -> [StateDictBuffer] {
    func evaluations(_ block: String) -> StateDictBuffer { StateDictBuffer("\(block)._num_evals", [], [0]) }
    let blocks = 0..<model.blocks
    guard model.amortization == .none else {
      return [StateDictBuffer("integration_times", [2], [0, Float(model.timeLength(ofBlock: 0))])]
        + blocks.map { evaluations("odefuncs.\($0)") }
    }
    return blocks.flatMap { block in
      let root = Float(model.timeLength(ofBlock: block)).squareRoot()
      return [
        StateDictBuffer("cnf.chain.\(block).sqrt_end_time", [], [root]), evaluations("cnf.chain.\(block).odefunc"),
      ]
    }
  }

  public func infer(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) -> [InferenceNote]? {
    let isChain = stateDict.has("cnf.chain.")
    guard isChain || stateDict.has("odefuncs.") || stateDict.has("q_am.") else { return nil }
    var notes: [InferenceNote] = []
    model.blocks = stateDict.indices(isChain ? "cnf.chain." : stateDict.has("q_am.") ? "q_am." : "odefuncs.").count
    let block = isChain ? "cnf.chain.0.odefunc" : "odefuncs.0"
    let widths = stateDict.widths(of: block, latent: model.latent)
    model.timeDependence =
      stateDict.timeDependence(of: "\(block).diffeq.layers.0.", latent: model.latent) ?? .concat
    if !widths.isEmpty { model.hidden = widths.last == model.latent ? Array(widths.dropLast()) : widths }
    if isChain {
      model.amortization = .none
    } else if widths.isEmpty {
      model.amortization = .hyper
      notes.append(
        InferenceNote(
          "the widths of hidden layers are not in the file: taken as \(model.hidden.optionText)", options: "hidden"))
      notes.append(
        InferenceNote(
          "the published code applies the activation after the last layer of this posterior as well, and this program "
            + "does not: figures will differ"))
    } else {
      notes += inferAmortization(&model, widths, stateDict)
    }
    if stateDict.has("\(block).diffeq.activation_fns.") {
      model.activation = .swish
    } else {
      notes.append(
        InferenceNote(
          "the activation is not in the file: taken as \(model.activation.rawValue)", options: "activation"))
    }
    if !inferTimes(&model, stateDict) {
      notes.append(
        InferenceNote(
          "the flows' length of time is not in the file: taken as \(model.timeLength)", options: "timeLength"))
    } else if model.timeLengths != nil {
      notes.append(
        InferenceNote("the blocks run for different times, as trained ones do; training here leaves them as they are"))
    }
    notes.append(
      InferenceNote(
        "whether the velocities were residual (the published code's --residual) is not in the file: taken as not"))
    return notes
  }

  /// Infers the amortization from the number of outputs of the hypernetwork: the sum of the layers' outputs (bias);
  /// that plus the rank times the sum of the layers' inputs and outputs (low-rank); or the size of an affine map of
  /// the last layer.
  private func inferAmortization(
    _ model: inout ModelConfiguration, _ widths: [Int], _ stateDict: StateDictOutline
  ) -> [InferenceNote] {
    model.amortization = .lowRank
    guard let count = stateDict.outputs("q_am.0"), let last = widths.last else { return [] }
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
        InferenceNote(
          "the sizes fit amortization low-rank and last-layer: taken as low-rank", options: "amortization", "hidden")
      ]
    } else if isLastLayer {
      model.amortization = .lastLayer
      model.hidden = widths
    }
    return []
  }

  public func readBuffers(_ model: inout ModelConfiguration, from stateDict: StateDictOutline) {
    _ = inferTimes(&model, stateDict)
  }

  public func unsupported(_ stateDict: StateDictOutline) -> String? {
    let normalizations = stateDict.indices("cnf.chain.").filter { stateDict.has("cnf.chain.\($0).running_mean") }
    guard !normalizations.isEmpty else { return nil }
    let names = normalizations.sorted().map { "cnf.chain.\($0)" }.joined(separator: ", ")
    return "the model was made with --batch_norm True (\(names)), and there is no batch normalization of flows here"
  }

  public func mismatchCause(_ model: ModelConfiguration) -> String? {
    guard model.amortization == .hyper else { return nil }
    return "The widths of the hidden layers of this posterior (hyper) are not in the file, and "
      + "\(model.hidden.optionText) do not fit."
  }

  public func exportError(_ model: ModelConfiguration) -> String? {
    guard model.amortization != .none, Set(model.timeLengths ?? []).count > 1 else { return nil }
    return "the published model with amortization \(model.amortization.rawValue) runs all blocks for one time, and "
      + "this one's times differ"
  }
}

// End times are stored in single precision, as they are or as their square roots. A stored 0.3 would be read as
// 0.30000001192, and an exported model would not be the same after import, to the last bit.

extension ContinuousPosterior {
  /// Sets the end times that the buffers hold, where they differ from the model's.
  ///
  /// - Returns: Whether the buffers hold any.
  private func inferTimes(_ model: inout ModelConfiguration, _ stateDict: StateDictOutline) -> Bool {
    guard ModelOption.blocks.validationError(in: model) == nil else { return false }
    let common = stateDict.buffers["integration_times"].flatMap { $0.count == 2 ? $0[1] - $0[0] : nil }
    let stored: [(number: Float, isRoot: Bool)?] = (0..<model.blocks).map { block in
      common.map { ($0, false) }
        ?? stateDict.buffers["cnf.chain.\(block).sqrt_end_time"].flatMap { $0.count == 1 ? ($0[0], true) : nil }
    }
    guard stored.contains(where: { $0 != nil }) else { return false }
    let times = zip(0..., stored).map { block, stored in
      guard let stored else { return model.timeLength(ofBlock: block) }
      func isStored(_ time: Double) -> Bool {
        (stored.isRoot ? Float(time).squareRoot() : Float(time)) == stored.number
      }
      let known = model.timeLength(ofBlock: block)
      if isStored(known) { return known }
      let number = Double(stored.number)
      return Self.shortest(stored.isRoot ? number * number : number, where: isStored)
    }
    if times.allSatisfy({ $0 == times[0] }) {
      (model.timeLength, model.timeLengths) = (times[0], nil)
    } else {
      model.timeLengths = times
    }
    return true
  }

  /// The number of the fewest digits, close to a time, for which a test holds: the number that was originally given,
  /// if it was short. Otherwise the time itself.
  private static func shortest(_ time: Double, where holds: (Double) -> Bool) -> Double {
    (1...7).lazy.compactMap { Double(String(format: "%.\($0)g", time)) }.first(where: holds) ?? time
  }
}

extension StateDictOutline {
  /// The numbers of outputs of the shared layers of a block's velocity.
  fileprivate func widths(of block: String, latent: Int) -> [Int] {
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

  fileprivate func timeDependence(of layer: String, latent: Int) -> TimeDependence? {
    if has(layer + "_hyper_gate.") { return .concatsquash }
    if has(layer + "_hyper.") { return .squash }
    if has(layer + "_hypernet.") { return .hyper }
    if has(layer + "_layer0.") { return .blend }
    if has(layer + "layer_f.") { return .gated }
    return shapes[layer + "_layer.weight"].map { $0.last == latent ? .ignore : .concat }
  }
}
