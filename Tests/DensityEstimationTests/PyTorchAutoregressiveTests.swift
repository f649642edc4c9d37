import Autodiff
import DensityEstimation
import DifferentialEquations
import NeuralNetworks
import Tensors
import Testing

/// Autoregressive layers and densities compute what plain ones in PyTorch do, whose sigmoidal transformers are written
/// without logarithms and differentiated by autograd, and whose mixtures are `torch.distributions`.
@Suite(.enabled(if: PyTorchLayers.python.isHere, "\(PyTorchLayers.python.lack)")) struct PyTorchAutoregressiveTests {
  /// A base density as a layer that leaves z as it is.
  private struct BaseLayer: DensityLayer {
    let base: any BaseDensity

    func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput {
      LayerOutput(z: x, logDeterminant: base.logDensity(x, pass))
    }

    func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable { base.sample(z, pass) }
  }

  private static let functions = """
    def made(name, d, k, widths, order, activation):
        first = torch.arange(1, d + 1)
        first = first if order == "natural" else first.flip(0)
        degrees = [first] + [1 + torch.arange(w) % max(1, d - 1) for w in widths]
        last = first.repeat_interleave(k)
        def weight(layer):
            return P[f"{name}.{layer}.weight"]
        def f(x):
            a = x
            for l in range(len(widths)):
                mask = degrees[l + 1][:, None] >= degrees[l][None, :]
                a = activation(F.linear(a, weight(f"layers.{l}") * mask, P[f"{name}.layers.{l}.bias"]))
            l = len(widths)
            mask = last[:, None] > degrees[-1][None, :]
            y = F.linear(a, weight(f"layers.{l}") * mask, P[f"{name}.layers.{l}.bias"])
            if name + ".direct.weight" in P:
                y = y + F.linear(x, weight("direct") * (last[:, None] > first[None, :]))
            return y.reshape(len(x), d, k)
        return f

    def head(name, x):
        return perceptron(name, torch.relu, x)

    def lam(name, d, units):
        def f(x):
            w, b = P[name + ".states.layers.0.weight"], P[name + ".states.layers.0.bias"]
            rows = [slice(i * units, (i + 1) * units) for i in range(d)]
            states = [x[:, :i] @ w[rows[i], :i].T + b[rows[i]] for i in range(d)]
            return torch.stack([head(name + ".head", s) for s in states], 1)
        return f

    def ram(name, d, units, order="natural"):
        def f(x):
            cell = nn.GRUCell(1, units)
            values = {k: P[f"{name}.unit.{k}"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            state, given, numbers = torch.zeros(len(x), units), -torch.ones(len(x), 1), [None] * d
            for i in range(d) if order == "natural" else reversed(range(d)):
                state = torch.func.functional_call(cell, values, (given, state))
                numbers[i], given = head(name + ".head", state), x[:, i:i + 1]
            return torch.stack(numbers, 1)
        return f

    def gaussian(conditioner):
        def f(x):
            mean, alpha = conditioner(x).unbind(2)
            return (x - mean) * (-alpha).exp(), -alpha.sum(1)
        return f

    def shift(conditioner):
        return lambda x: (x + conditioner(x)[:, :, 0], torch.zeros(len(x)))

    def monotone(conditioner, transformer):
        def f(x):
            numbers, y = conditioner(x), x.clone()
            z = transformer(y, numbers)
            return z, torch.autograd.grad(z.sum(), y, create_graph=True)[0].log().sum(1)
        return f

    def slope(a):
        return F.softplus(a + torch.log(torch.tensor(torch.e) - 1)) + 1e-6

    def sigmoidal(x, numbers):
        a, b, w = numbers.chunk(3, 2)
        return torch.logit((w.softmax(2) * torch.sigmoid(slope(a) * x[:, :, None] + b)).sum(2))

    def dense(name, layers, units):
        def f(x, numbers):
            h, start = x[:, :, None], 0
            for l in range(layers):
                a, b, w, u = numbers[:, :, start:].split([units, units, units, numbers.shape[2] - start - 3 * units], 2)
                mixture = h
                if l > 0:
                    shares = (P[f"{name}.{l}.u"] + u[:, :, None, :h.shape[2]]).softmax(3)
                    mixture = torch.einsum("ndij,ndj->ndi", shares, h)
                s = torch.sigmoid(slope(a) * mixture + b)
                weights = (P[f"{name}.{l}.w"] + w[:, :, None, :]).softmax(3)
                start += 3 * units + (h.shape[2] if l > 0 else 0)
                h = torch.logit(torch.einsum("ndij,ndj->ndi", weights, s))
            return h[:, :, 0]
        return f

    def leaky(name):
        def f(x):
            alpha, s = torch.sigmoid(P[name + ".slope"]), P[name + ".scale"]
            return torch.where(x < 0, alpha * x, x) * s.exp(), s.sum() + (x < 0).sum(1) * alpha.log()
        return f

    def mixture(conditioner):
        D = torch.distributions
        def f(x):
            w, mean, s = conditioner(x).chunk(3, 2)
            density = D.MixtureSameFamily(D.Categorical(logits=w), D.Normal(mean, s.exp()))
            return x, density.log_prob(x).sum(1)
        return f

    """

  private static var pairs: [PyTorchPair] {
    var pairs: [PyTorchPair] = []
    for order in AutoregressiveOrder.allCases {
      pairs += [
        PyTorchPair(
          ours: ExampleLayer("affine, \(order)", dimensions: 5) {
            AutoregressiveExamples.flow(
              5, AffineTransformer(), hidden: [9, 6], order: order, direct: order == .natural, in: &$0)
          }, theirs: ["gaussian(made('l', 5, 2, [9, 6], '\(order)', torch.tanh))"]),
        PyTorchPair(
          ours: ExampleLayer("recurrent shift, \(order)", dimensions: 4) {
            AutoregressiveFlow(
              RecurrentConditioner(
                "l", dimensions: 4, outputs: 1, units: 5, hidden: [], order: order, in: &$0.parameters),
              ShiftTransformer())
          }, theirs: ["shift(ram('l', 4, 5, '\(order)'))"]),
      ]
    }
    for layers in 1...3 {
      let numbers = 12 * layers + 4 * (layers - 1)
      pairs.append(
        PyTorchPair(
          ours: ExampleLayer("dense sigmoidal", dimensions: 3, moving: 0.3) {
            let transformer = DenseSigmoidalTransformer("t", units: 4, layers: layers, in: &$0.parameters)
            return AutoregressiveExamples.flow(3, transformer, hidden: [6], order: .reversed, in: &$0)
          },
          theirs: [
            "monotone(made('l', 3, \(numbers), [6], 'reversed', torch.tanh), dense('t', \(layers), 4))"
          ]))
    }
    return pairs + [
      PyTorchPair(
        ours: ExampleLayer("MAF", dimensions: 5) {
          LayerChain(MAF.layers(dimensions: 5, blocks: 2, hidden: [7], batchNormalization: .moving(lag: 0), in: &$0))
        },
        theirs: [
          "gaussian(made('chain.0', 5, 2, [7], 'natural', torch.relu))", "moving('chain.1', 0)",
          "gaussian(made('chain.2', 5, 2, [7], 'reversed', torch.relu))", "moving('chain.3', 0)",
        ], isTraining: true, steps: 2),
      PyTorchPair(
        ours: ExampleLayer("MAF-DSF", dimensions: 3, moving: 0.3) {
          LayerChain(NAF.layers(dimensions: 3, blocks: 2, hidden: [7], units: 4, in: &$0))
        },
        theirs: [
          "monotone(made('chain.0', 3, 12, [7], 'natural', F.elu), sigmoidal)",
          "monotone(made('chain.1', 3, 12, [7], 'reversed', F.elu), sigmoidal)",
        ]),
      PyTorchPair(
        ours: ExampleLayer("TAN", dimensions: 4) {
          let layers = TAN.layers(dimensions: 4, blocks: 1, units: 5, in: &$0)
          return LayerChain(
            layers + [
              BaseLayer(
                base: TAN.base(
                  dimensions: 4, conditionals: .recurrent, units: 5, hidden: [6], components: 3, in: &$0))
            ])
        },
        theirs: [
          "linear('chain.0.0')", "leaky('chain.0.1')", "shift(ram('chain.0.2', 4, 5))", "linear('chain.0.3')",
          "leaky('chain.0.4')", "mixture(ram('base', 4, 5))",
        ]),
      PyTorchPair(
        ours: ExampleLayer("LAM", dimensions: 4) {
          BaseLayer(
            base: TAN.base(dimensions: 4, conditionals: .linear, units: 5, hidden: [6, 7], components: 3, in: &$0))
        }, theirs: ["mixture(lam('base', 4, 5))"]),
      PyTorchPair(
        ours: ExampleLayer("MADE MoG", dimensions: 4) {
          BaseLayer(base: MADE.mixture(dimensions: 4, hidden: [8], components: 3, in: &$0))
        }, theirs: ["mixture(made('base', 4, 9, [8], 'natural', torch.relu))"]),
    ]
  }

  @Test func `layers and densities compute what PyTorch's do`() throws {
    try PyTorchPair.check(Self.pairs, defining: Self.functions)
  }
}
