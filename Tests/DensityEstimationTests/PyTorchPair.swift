import Autodiff
import DensityEstimation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

/// A layer of ours, and the same in ``PyTorchLayers``.
struct PyTorchPair {
  let ours: ExampleLayer
  let theirs: [String]
  var isTraining = false
  var steps = 1

  /// Checks that both compute the same, in double precision: outputs, log-determinants, gradients and, over several
  /// training steps, buffers.
  ///
  /// - Parameters:
  ///   - pairs: The layers.
  ///   - functions: Python functions that their layers are made of, beside those of ``PyTorchLayers``.
  static func check(_ pairs: [PyTorchPair], defining functions: String = "") throws {
    func batches(_ pair: PyTorchPair) -> [Tensor] {
      (0..<pair.steps).map { normals([6, pair.ours.dimensions], UInt64(40 + $0), scale: 1 + 0.2 * Double($0)) }
    }
    func weights(_ pair: PyTorchPair) -> [Tensor] { [normals([6, pair.ours.dimensions], 50), normals([6], 51)] }
    let results = try PyTorchLayers.results(
      pairs.map { pair in
        PyTorchLayers.Case(
          layers: pair.theirs, isTraining: pair.isTraining, batches: batches(pair).map { .init($0) },
          weights: weights(pair).map { .init($0) }, parameters: PyTorchLayers.named(pair.ours.parameters),
          buffers: PyTorchLayers.named(pair.ours.buffers))
      }, defining: functions)
    #expect(results.count == pairs.count)
    for (pair, result) in zip(pairs, results) {
      let parameters = pair.ours.parameters.converted(to: .float64)
      var buffers = pair.ours.buffers.converted(to: .float64)
      let weights = weights(pair).map { Variable($0) }
      for (step, batch) in batches(pair).enumerated() {
        let tape = Tape()
        let (x, bound) = (tape.variable(batch), parameters.tracked(on: tape))
        let pass = DensityPass(bound, buffers: buffers, isTraining: pair.isTraining)
        let output = try pair.ours.layer.forward(x, pass)
        for (buffer, value) in pass.bufferUpdates { buffers[buffer] = value }
        guard step == pair.steps - 1 else { continue }
        #expect(largestDifference(output.z.value, result.z) < 1e-11, "\(pair.ours)")
        #expect(largestDifference(output.logDeterminant.value, result.logDeterminant) < 1e-11, "\(pair.ours)")
        let value = (output.z * weights[0]).sum() + (output.logDeterminant * weights[1]).sum()
        let gradients = tape.gradients(of: value, withRespectTo: [x] + bound.variables)
        for (name, gradient) in zip(["x"] + parameters.parameters.map(\.name), gradients) {
          let expected = try #require(result.gradients[name])
          #expect(relativeDifference(gradient, expected, unit: 1) < 1e-11, "\(pair.ours): \(name)")
        }
      }
      #expect(!pair.isTraining || buffers.tensors != pair.ours.buffers.converted(to: .float64).tensors)
      for (buffer, tensor) in zip(buffers.parameters, buffers.tensors) {
        let expected = try #require(result.buffers[buffer.name])
        #expect(relativeDifference(tensor, expected, unit: 1) < 1e-12, "\(pair.ours): \(buffer.name)")
      }
    }
  }
}
