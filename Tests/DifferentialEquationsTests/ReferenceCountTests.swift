import Autodiff
import DifferentialEquations
import Tensors
import Testing

/// Evaluations and steps against those of torchdiffeq 0.2.5 in double precision. They were written by
///
/// ```python
/// import torch
/// from torchdiffeq import odeint
///
/// torch.set_default_dtype(torch.float64)
///
/// def network(t, y):
///     w1 = torch.tensor([[1, 0.5, -1], [-2, 1.5, 0.25], [0.5, -0.75, 1]])
///     w2 = torch.tensor([[1, -0.5, 0.75], [-1.25, 0.5, 1]])
///     return torch.tanh(y @ w1[:, 1:].T + t * w1[:, 0]) @ w2.T
///
/// def van_der_pol(t, y):
///     x, v = y[:, :1], y[:, 1:]
///     return torch.cat([v, 2 * (1 - x * x) * v - x], 1)
///
/// def linear(t, y):
///     return y @ torch.tensor([[-0.5, 2], [-2, -0.5]]).T
///
/// class Counted(torch.nn.Module):
///     def __init__(self, f, end):
///         super().__init__()
///         self.f, self.end, self.counts = f, end, [0, 0, 0, 0]
///     def forward(self, t, y):
///         self.counts[0] += 1
///         return self.f(t, y)
///     def callback_accept_step(self, t, y, dt):
///         self.counts[1] += 1
///     def callback_reject_step(self, t, y, dt):
///         self.counts[2] += 1
///         self.counts[3] += int(t + dt > self.end)
///
/// y0 = torch.tensor([[1, 0.5], [-0.25, 2]])
/// for method in ["dopri5", "bosh3"]:
///     for f, end in [(network, 3.0), (van_der_pol, 5.0), (linear, 4.0)]:
///         for tolerance in [1e-3, 1e-5, 1e-7]:
///             counted = Counted(f, end)
///             t = torch.tensor([0, end])
///             odeint(counted, y0, t, rtol=tolerance, atol=tolerance, method=method)
///             print(method, f.__name__, end, tolerance, *counted.counts)
/// ```
///
/// torchdiffeq's last step goes past the end, and the result is interpolated; ours is shortened to the end.
/// So the counts agree, but for torchdiffeq's attempts past the end that it rejects (the last count), which
/// ours need not make.
@Suite struct ReferenceCountTests {
  struct Reference: CustomTestStringConvertible, Sendable {
    let method: String
    let problem: String
    let end: Double
    let tolerance: Double
    let evaluations: Int
    let accepted: Int
    let rejected: Int
    /// Of the rejected steps, those that went past the end.
    let rejectedPastEnd: Int

    init(
      _ method: String, _ problem: String, _ end: Double, _ tolerance: Double, _ evaluations: Int,
      _ accepted: Int, _ rejected: Int, _ rejectedPastEnd: Int
    ) {
      self.method = method
      self.problem = problem
      self.end = end
      self.tolerance = tolerance
      self.evaluations = evaluations
      self.accepted = accepted
      self.rejected = rejected
      self.rejectedPastEnd = rejectedPastEnd
    }

    var testDescription: String { "\(method), \(problem), tolerance \(tolerance)" }
  }

  static let references = [
    Reference("dopri5", "network", 3, 1e-3, 26, 4, 0, 0),
    Reference("dopri5", "network", 3, 1e-5, 56, 8, 1, 0),
    Reference("dopri5", "network", 3, 1e-7, 116, 18, 1, 0),
    Reference("dopri5", "van_der_pol", 5, 1e-3, 194, 20, 12, 0),
    Reference("dopri5", "van_der_pol", 5, 1e-5, 326, 40, 14, 0),
    Reference("dopri5", "van_der_pol", 5, 1e-7, 686, 93, 21, 0),
    Reference("dopri5", "linear", 4, 1e-3, 50, 8, 0, 0),
    Reference("dopri5", "linear", 4, 1e-5, 110, 18, 0, 0),
    Reference("dopri5", "linear", 4, 1e-7, 248, 41, 0, 0),
    Reference("bosh3", "network", 3, 1e-3, 35, 10, 1, 0),
    Reference("bosh3", "network", 3, 1e-5, 113, 35, 2, 0),
    Reference("bosh3", "network", 3, 1e-7, 467, 152, 3, 0),
    Reference("bosh3", "van_der_pol", 5, 1e-3, 152, 37, 13, 1),
    Reference("bosh3", "van_der_pol", 5, 1e-5, 638, 180, 32, 0),
    Reference("bosh3", "van_der_pol", 5, 1e-7, 2579, 815, 44, 0),
    Reference("bosh3", "linear", 4, 1e-3, 59, 19, 0, 0),
    Reference("bosh3", "linear", 4, 1e-5, 242, 80, 0, 0),
    Reference("bosh3", "linear", 4, 1e-7, 1103, 367, 0, 0),
  ]

  private func dynamics(_ problem: String) -> Dynamics {
    switch problem {
    case "network":
      let w1 = doubles([[1, 0.5, -1], [-2, 1.5, 0.25], [0.5, -0.75, 1]])
      let w2 = doubles([[1, -0.5, 0.75], [-1.25, 0.5, 1]])
      return { t, y, _ in [y[0].affine(weight: w1, time: t).applying(.tanh).affine(weight: w2)] }
    case "van_der_pol":
      return { _, y, _ in
        let x = y[0].sliced(axis: 1, start: 0, length: 1)
        let v = y[0].sliced(axis: 1, start: 1, length: 1)
        return [.concatenation([v, 2 * (v - x * x * v) - x], axis: 1)]
      }
    default:
      let matrix = doubles([[-0.5, 2], [-2, -0.5]])
      return { _, y, _ in [y[0].affine(weight: matrix)] }
    }
  }

  @Test(arguments: references)
  func `a solve takes the steps and evaluations of torchdiffeq`(_ reference: Reference) throws {
    let method = try #require(ButcherTableau.named(reference.method))
    let solution = try solve(
      dynamics(reference.problem), initial: [doubles([[1, 0.5], [-0.25, 2]])], from: 0, to: reference.end,
      options: .adaptive(method, tolerance: reference.tolerance))
    let statistics = solution.statistics
    #expect(statistics.acceptedSteps == reference.accepted)
    #expect(statistics.rejectedSteps == reference.rejected - reference.rejectedPastEnd)
    #expect(statistics.evaluations == reference.evaluations - reference.rejectedPastEnd * (method.stages - 1))
  }
}
