import FileTestSupport
import Foundation
import NeuralNetworks
import Tensors

/// Layers of the coupling family written with PyTorch's modules, which compute what ours must.
enum PyTorchLayers {
  static let python = Python(importing: "torch", of: "torch")

  /// What PyTorch finds for a chain of layers.
  struct Result: Decodable {
    /// Of the last batch.
    let z: [Double]
    let logDeterminant: [Double]
    /// Of sum of a z + sum of b log |det|, by the parameter's name, and "x".
    let gradients: [String: [Double]]
    /// After the steps.
    let buffers: [String: [Double]]
  }

  /// Numbers with their shape.
  struct Array: Encodable {
    let shape: [Int]
    let numbers: [Double]

    init(_ tensor: Tensor) { (shape, numbers) = (tensor.shape, tensor.doubles()) }
  }

  /// A chain of layers, each a Python expression, with its batches: the last one is differentiated.
  struct Case: Encodable {
    let layers: [String]
    let isTraining: Bool
    let batches: [Array]
    let weights: [Array]
    let parameters: [String: Array]
    let buffers: [String: Array]
  }

  static func named(_ set: ParameterSet) -> [String: Array] {
    Dictionary(uniqueKeysWithValues: zip(set.parameters.map(\.name), set.tensors.map { Array($0) }))
  }

  /// Runs all cases in one interpreter.
  ///
  /// - Parameters:
  ///   - cases: The cases.
  ///   - functions: Python functions that their layers are made of, beside those here.
  static func results(_ cases: [Case], defining functions: String = "") throws -> [Result] {
    let directory = try TemporaryDirectory()
    let (input, output) = (directory.file("cases.json"), directory.file("results.json"))
    try JSONEncoder().encode(cases).write(to: input)
    let (status, text) = try python.run(definitions + functions + loop, [input.path, output.path])
    guard status == 0 else { throw Failure(text: text) }
    return try JSONDecoder().decode([Result].self, from: Data(contentsOf: output))
  }

  struct Failure: Error { let text: String }

  private static let definitions = """
    import json, sys, torch
    from torch import nn
    from torch.nn import functional as F
    torch.set_default_dtype(torch.float64)

    def load(d):
        return {k: torch.tensor(v["numbers"], dtype=torch.float64).reshape(v["shape"]) for k, v in d.items()}

    def perceptron(name, activation, x):
        numbers = sorted(int(k[len(name) + 1:].split(".")[0]) for k in P if k.startswith(name) and k.endswith("weight"))
        modules = []
        for i in numbers:
            w, b = P[f"{name}.{i}.weight"], P[f"{name}.{i}.bias"]
            if w.dim() == 2:
                modules.append(lambda a, w=w, b=b: F.linear(a, w, b))
            else:
                modules.append(lambda a, w=w, b=b: F.conv2d(a, w, b, padding="same"))
            modules.append(activation)
        for f in modules[:-1]:
            x = f(x)
        return x

    def mask(kind, swap, d):
        m = torch.arange(d) % 2 == 0 if kind == "alternate" else torch.arange(d) < d // 2
        return torch.logical_xor(m, torch.tensor(swap)).double()

    def additive(name, kind, swap):
        def f(x):
            m = mask(kind, swap, x.shape[1])
            return x + (1 - m) * perceptron(name + ".net_shift", torch.relu, m * x), torch.zeros(len(x))
        return f

    def affine(name, kind, swap):
        def f(x):
            m = mask(kind, swap, x.shape[1])
            s = torch.where(m == 1, 1.0, perceptron(name + ".net_scale", torch.tanh, m * x).exp())
            t = perceptron(name + ".net_shift", torch.relu, m * x)
            return x * s + (1 - m) * t, s.log().sum(1)
        return f

    def split(name, swap):
        def f(x):
            d = x.shape[1] // 2
            first, second = (x[:, d:], x[:, :d]) if swap else (x[:, :-d], x[:, -d:])
            s, t = perceptron(name + ".net_s_t", torch.relu, first).chunk(2, 1)
            second = second * torch.sigmoid(s + 2) + t
            z = torch.cat([second, first] if swap else [first, second], 1)
            return z, torch.sigmoid(s + 2).log().sum(1)
        return f

    def scaling(name):
        return lambda x: (x * P[name + ".log_scale"].exp(), P[name + ".log_scale"].sum().expand(len(x)))

    def images(x, shape):
        return x.reshape(-1, *shape).permute(0, 3, 1, 2)

    def rows(x):
        return x.permute(0, 2, 3, 1).reshape(len(x), -1)

    def weight(name):
        a, n = P[name + ".lower_upper"], P[name + ".lower_upper"].shape[0]
        lower = torch.tril(a, -1) + torch.eye(n)
        upper = torch.triu(a, 1) + torch.diag(B[name + ".sign"] * P[name + ".log_scale"].exp())
        return torch.eye(n)[B[name + ".permutation"].long()] @ lower @ upper

    def linear(name, shape=None):
        def f(x):
            w = weight(name)
            if shape is None:
                return F.linear(x, w), torch.linalg.slogdet(w)[1].expand(len(x))
            y = F.conv2d(images(x, shape), w[:, :, None, None])
            return rows(y), (shape[0] * shape[1] * torch.linalg.slogdet(w)[1]).expand(len(x))
        return f

    def actnorm(name, shape=None):
        def f(x):
            y, n = (x, 1) if shape is None else (images(x, shape), shape[0] * shape[1])
            view = (1, -1) + (1,) * (y.dim() - 2)
            y = (y + P[name + ".bias"].view(view)) * P[name + ".log_scale"].exp().view(view)
            return (y if shape is None else rows(y)), (n * P[name + ".log_scale"].sum()).expand(len(x))
        return f

    def batchnorm(name, shape=None):  # statistics of the batch
        def f(x):
            y, n = (x, 1) if shape is None else (images(x, shape), shape[0] * shape[1])
            w, m, v = P[name + ".weight"], B[name + ".running_mean"], B[name + ".running_var"]
            used = v if not training else y.transpose(0, 1).flatten(1).var(1, unbiased=False)
            if training:
                B[name + ".step"] += 1
            y = F.batch_norm(y, m, v, w.exp(), P[name + ".bias"], training, 0.1, 1e-4)
            return (y if shape is None else rows(y)), (n * (w - (used + 1e-4).log() / 2).sum()).expand(len(x))
        return f

    def moving(name, lag):  # moving statistics
        def f(x):
            w, m, v = P[name + ".weight"], B[name + ".running_mean"], B[name + ".running_var"]
            mean, variance = m.clone(), v.clone()
            if training:
                own, other = x.mean(0), x.var(0)
                B[name + ".step"] += 1
                if lag > 0:
                    unbiased = 1 - lag ** B[name + ".step"]
                    mean, variance = torch.lerp(mean, own, lag) / unbiased, torch.lerp(variance, other, lag) / unbiased
                m.lerp_(own.detach(), 0.1)
                v.lerp_(other.detach(), 0.1)
            y = (x - mean) / (variance + 1e-4).sqrt() * w.exp() + P[name + ".bias"]
            return y, (w - (variance + 1e-4).log() / 2).sum().expand(len(x))
        return f

    def squeeze(shape):
        return lambda x: (rows(F.pixel_unshuffle(images(x, shape), 2)), torch.zeros(len(x)))

    def coupling(name, shape, kind, swap, scale):
        def f(x):
            y = images(x, shape)
            i, j, c = torch.meshgrid(*[torch.arange(n) for n in shape], indexing="ij")
            m = (i + j) % 2 == 1 if kind == "checkerboard" else c < shape[2] // 2
            m = torch.logical_xor(m, torch.tensor(swap)).double().permute(2, 0, 1)
            s, t = perceptron(name + ".net", torch.relu, m * y).chunk(2, 1)
            s = F.logsigmoid(s + 2) if scale == "sigmoid" else P[name + ".scale"].view(1, -1, 1, 1) * s.tanh()
            return rows(torch.where(m == 1, y, y * s.exp() + t)), ((1 - m) * s).flatten(1).sum(1)
        return f

    def halves(scales):  # of layers; each scale but the last with the shape that it factors out half of
        def f(x):
            total, parts = torch.zeros(len(x)), []
            for layers, shape in scales:
                for layer in layers:
                    x, change = layer(x)
                    total = total + change
                if shape is not None:
                    x, part = [rows(h) for h in images(x, shape).chunk(2, 1)]
                    parts.append(part)
            return torch.cat(parts + [x], 1), total
        return f


    """

  private static let loop = """

    results = []
    for case in json.load(open(sys.argv[1])):
        P, B, training = load(case["parameters"]), load(case["buffers"]), case["isTraining"]
        for p in P.values():
            p.requires_grad_()
        a, b = load(dict(enumerate(case["weights"]))).values()
        for x in load(dict(enumerate(case["batches"]))).values():
            x.requires_grad_()
            z, total = x, 0
            for layer in case["layers"]:
                z, change = eval(layer)(z)
                total = total + change
        ((z * a).sum() + (total * b).sum()).backward()
        gradients = {k: v.grad if v.grad is not None else torch.zeros_like(v) for k, v in [*P.items(), ("x", x)]}
        flat = lambda d: {k: v.detach().flatten().tolist() for k, v in d.items()}
        results.append({**flat({"z": z, "logDeterminant": total}), "gradients": flat(gradients), "buffers": flat(B)})
    json.dump(results, open(sys.argv[2], "w"))
    """
}
