import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// The running average of parameters.
@Suite struct ParameterAverageTests {
  private func set(_ numbers: [Double]) -> ParameterSet {
    var set = ParameterSet()
    _ = set.add("p", Tensor(numbers, shape: [numbers.count]))
    return set
  }

  // The averages after each update, from PyTorch 2.15:
  //
  //     m = torch.nn.Module(); m.p = torch.nn.Parameter(torch.tensor([1.0, -0.5], dtype=torch.float64))
  //     a = AveragedModel(m, multi_avg_fn=get_ema_multi_avg_fn(0.9))
  //     for k in range(1, 6):
  //       with torch.no_grad(): m.p.copy_(torch.tensor([1.0 / k, k * 0.25]))
  //       a.update_parameters(m); print(a.module.p.tolist())
  private let golden: [[Double]] = [
    [1.0, 0.25], [0.95, 0.275], [0.8883333333333333, 0.3225], [0.8245, 0.39025], [0.76205, 0.476225],
  ]

  @Test func `five updates are PyTorch's`() {
    var average = ParameterAverage(decay: 0.9, of: set([1, -0.5]))
    #expect(average.isEmpty)
    for (k, expected) in zip(1..., golden) {
      average.add(set([1 / Double(k), Double(k) * 0.25]))
      #expect(relativeDifference(average.parameters.tensors[0].doubles(), expected) < 1e-15, "update \(k)")
    }
  }

  @Test func `an average that goes on from a file is the one that never stopped`() {
    var whole = ParameterAverage(decay: 0.75, of: set([1, 2]))
    for k in 1...4 { whole.add(set([Double(k), -Double(k)])) }
    var first = ParameterAverage(decay: 0.75, of: set([1, 2]))
    for k in 1...2 { first.add(set([Double(k), -Double(k)])) }
    var second = ParameterAverage(decay: 0.75, resuming: first.parameters)
    for k in 3...4 { second.add(set([Double(k), -Double(k)])) }
    #expect(second.parameters.tensors[0].doubles() == whole.parameters.tensors[0].doubles())
  }

  @Test func `the parameters that begin it keep their own numbers`() {
    let first = set([1, 2])
    var average = ParameterAverage(decay: 0.5, of: first)
    average.add(first)
    average.add(set([3, 4]))
    #expect(first.tensors[0].doubles() == [1, 2] && average.parameters.tensors[0].doubles() == [2, 3])
  }
}
