#!/usr/bin/env python3
"""Reference values of the published model (Grathwohl et al. 2019, FFJORD, section 4.2), computed in PyTorch.

    pip install torch numpy safetensors
    python generate.py reference.safetensors.zst        # by way of the zstd program; without .zst, a plain file

A variational autoencoder with an amortized low-rank FFJORD posterior, on binary images of 28x28 pixels that are drawn by
formula: the encoder and the decoder of Sylvester flows (van den Berg et al. 2018, appendix), Dormand and Prince's solver,
Hutchinson's estimate of the divergence, and PyTorch's automatic differentiation of all of it. The model has random
parameters; those of large tensors take seven values, so that the file is small. The parameters' names are those of the
published state dict. n images, d latent dimensions, block b, P per-sample flow weights; densities in nats.

    q_z_nn.0.h.weight, ...                       parameters, float32; int8 where there is a scale.NAME [1] to multiply by
    input.images [n, 1, 28, 28]                  of zeros and ones
    input.noise [n, d]                           z0 = mean + sqrt(variance) noise
    input.probes [blocks, n, d]                  the probes of Hutchinson's estimate, random signs
    float64.NAME, float32.NAME                   outputs at tolerance 1e-10, and at 1e-5 in single precision:
      features [n, 256], mean, variance, z0, zT [n, d], logits [n, 1, 28, 28]
      log_likelihood, log_prior, log_posterior, delta_log_density, kl, elbo [n]
      conditional.b [n, P], z.b [n, d], delta_log_density_after.b [n]
    float32.step_sizes.b                         the accepted steps of block b
    float64.exact_trace.NAME                     zT, delta_log_density, kl and elbo with the exact divergence
    gradient.PARAMETER                           of the mean negative ELBO, computed in double precision; of large parameters
    gradient_sample.PARAMETER, gradient_norm.PARAMETER     every stride-th number, and the Euclidean norm

The metadata hold the sizes, the strides (gradient_stride) and the versions.
"""

import argparse
import json
import math
import subprocess

import numpy
import safetensors.torch
import torch
from torch.nn import functional

FEATURES = 256
TIME_LENGTH = 0.5
# Inputs, outputs, kernel, stride, padding of the gated convolutions; and, of the transposed ones, output padding.
ENCODER = [(1, 32, 5, 1, 2), (32, 32, 5, 2, 2), (32, 64, 5, 1, 2), (64, 64, 5, 2, 2), (64, 64, 5, 1, 2),
           (64, FEATURES, 7, 1, 0)]
DECODER = [(None, 64, 7, 1, 0, 0), (64, 64, 5, 1, 2, 0), (64, 32, 5, 2, 2, 1), (32, 32, 5, 1, 2, 0),
           (32, 32, 5, 2, 2, 1), (32, 32, 5, 1, 2, 0)]
# A tensor of more numbers is stored as int8, and of its gradient a sample.
LARGE = 4096


def layer_widths(latent, hidden):
    widths = [latent, *hidden, latent]
    return list(zip(widths, widths[1:]))


def parameter_shapes(latent, hidden, blocks, rank):
    """The shape and the fan-in of each parameter by name."""
    shapes = {}

    def add(name, weight, outputs, fan_in):
        shapes[f"{name}.weight"] = (weight, fan_in)
        shapes[f"{name}.bias"] = ([outputs], fan_in)

    for i, (inputs, outputs, kernel, *_) in enumerate(ENCODER):
        for part in "hg":
            add(f"q_z_nn.{i}.{part}", [outputs, inputs, kernel, kernel], outputs, inputs * kernel**2)
    add("q_z_mean", [latent, FEATURES], latent, FEATURES)
    add("q_z_var.0", [latent, FEATURES], latent, FEATURES)
    for i, (inputs, outputs, kernel, *_) in enumerate(DECODER):
        inputs = inputs or latent
        for part in "hg":
            add(f"p_x_nn.{i}.{part}", [inputs, outputs, kernel, kernel], outputs, inputs * kernel**2)
    add("p_x_mean.0", [1, 32, 1, 1], 1, 32)
    count = sum((i + o) * rank + o for i, o in layer_widths(latent, hidden))
    for block in range(blocks):
        for layer, (i, o) in enumerate(layer_widths(latent, hidden)):
            add(f"odefuncs.{block}.diffeq.layers.{layer}._layer", [o, 1 + i], o, 1 + i)
        add(f"q_am.{block}", [count, FEATURES], count, FEATURES)
    return shapes


def draw_parameters(shapes, gain, random):
    """Numbers of mean zero; the scale of a large tensor, whose numbers are integers of -3 to 3 times a power of two."""
    parameters, scales = {}, {}
    for name, (shape, fan_in) in shapes.items():
        is_flow = name.startswith(("odefuncs", "q_am"))
        # Gates halve what passes through a layer, so that weights of convolutions are larger than of linear ones.
        deviation = (gain if is_flow else 2 if "_nn" in name else 1) / math.sqrt(3 * fan_in)
        if math.prod(shape) > LARGE:
            scales[name] = 2.0 ** round(math.log2(deviation / 2))
            numbers = random.randint(-3, 4, size=shape) * scales[name]
        else:
            numbers = random.normal(size=shape) * deviation
        parameters[name] = torch.tensor(numbers, dtype=torch.float32)
    return parameters, scales


def draw_images(count):
    """Rings, each of another radius about another centre."""
    row, column = numpy.mgrid[0:28, 0:28]
    rings = [abs(numpy.hypot(row - 13.5 - k, column - 13.5 + k) - 5 - k % 7) < 1.5 for k in range(count)]
    return torch.tensor(numpy.array(rings)[:, None], dtype=torch.float32)


def gated(convolution, p, name, x, **options):
    h, g = (convolution(x, p[f"{name}.{part}.weight"], p[f"{name}.{part}.bias"], **options) for part in "hg")
    return h * torch.sigmoid(g)


def encode(p, x):
    for i, (_, _, _, stride, padding) in enumerate(ENCODER):
        x = gated(functional.conv2d, p, f"q_z_nn.{i}", x, stride=stride, padding=padding)
    return x.flatten(1)


def decode(p, z):
    x = z[:, :, None, None]
    for i, (_, _, _, stride, padding, output_padding) in enumerate(DECODER):
        x = gated(functional.conv_transpose2d, p, f"p_x_nn.{i}", x, stride=stride, padding=padding,
                  output_padding=output_padding)
    return functional.conv2d(x, p["p_x_mean.0.weight"], p["p_x_mean.0.bias"])


def velocity(p, block, layers, rank, conditional):
    """f(t, z; x): layer(a) = [t, a] W + c + (a U(x)) V(x) + bias(x), softplus between layers."""
    n = conditional.shape[0]

    def f(t, a):
        start = 0

        def take(*shape):
            nonlocal start
            start += math.prod(shape)
            return conditional[:, start - math.prod(shape):start].reshape(n, *shape)

        for layer, (i, o) in enumerate(layers):
            name = f"odefuncs.{block}.diffeq.layers.{layer}._layer"
            u, v, bias = take(i, rank), take(rank, o), take(o)
            if layer > 0:
                a = functional.softplus(a)
            low_rank = torch.einsum("ni,nir,nro->no", a, u, v)
            timed = torch.cat([torch.full_like(a[:, :1], t), a], 1)
            a = functional.linear(timed, p[f"{name}.weight"], p[f"{name}.bias"]) + low_rank + bias
        return a

    return f


def with_divergence(f, probes, is_tracked):
    """The derivatives of z and of log q: f, and minus the sum over probes of e^T (df/dz) e."""

    def derivatives(t, state):
        with torch.enable_grad():
            z = state[0] if state[0].requires_grad else state[0].detach().requires_grad_()
            v = f(t, z)
            divergence = 0
            for e in probes:
                (product,) = torch.autograd.grad(v, z, e, create_graph=is_tracked, retain_graph=True)
                divergence = divergence + (product * e).sum(1)
        return (v, -divergence) if is_tracked else (v.detach(), -divergence)

    return derivatives


# Dormand and Prince 1980: nodes, coefficients, and the difference of the fifth-order weights from the embedded ones of
# Shampine 1986, whose last is a sixtieth of the derivative at the end.
NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
COEFFICIENTS = [
    [], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
]
ERROR = [35 / 384 - 1951 / 21600, 0, 500 / 1113 - 22642 / 50085, 125 / 192 - 451 / 720,
         -2187 / 6784 + 12231 / 42400, 11 / 84 - 649 / 6300, -1 / 60]


def solve(derivatives, state, end, tolerance):
    """Integrates from 0 to the end, where the last step ends exactly; the state there, and the accepted steps.

    Step sizes as in Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", section II.4.
    """

    def moved(y, terms):
        return tuple(c + sum(w * k[i] for w, k in terms if w != 0) for i, c in enumerate(y))

    def norm(terms, before, after):
        def of(i):
            scale = tolerance + tolerance * torch.maximum(before[i].abs(), after[i].abs())
            return float((sum(w * k[i] for w, k in terms if w != 0) / scale).detach().square().mean().sqrt())

        return max(of(i) for i in range(len(before)))

    first = derivatives(0.0, state)
    d0, d1 = norm([(1, state)], state, state), norm([(1, first)], state, state)
    trial = 1e-6 if min(d0, d1) < 1e-5 else 0.01 * d0 / d1
    with torch.no_grad():
        second = derivatives(trial, moved(state, [(trial, first)]))
    d2 = norm([(1, second), (-1, first)], state, state) / trial
    step = min(100 * trial, (0.01 / max(d1, d2)) ** (1 / 5))
    time, steps = 0.0, []
    while time < end:
        is_last = time + step >= end - 1e-12
        h = end - time if is_last else step
        slopes = [first]
        for node, row in zip(NODES[1:], COEFFICIENTS[1:]):
            after = moved(state, [(h * w, k) for w, k in zip(row, slopes)])
            slopes.append(derivatives(time + node * h, after))
        # The last stage is the derivative at the end of the step.
        error = norm([(h * w, k) for w, k in zip(ERROR, slopes)], state, after)
        if error <= 1:
            time = end if is_last else time + h
            state, first = after, slopes[-1]
            steps.append(h)
        step = h * min(10, max(1 if error < 1 else 0.2, 0.9 * max(error, 1e-30) ** (-1 / 5)))
    return state, steps


def normal_log_density(x):
    return -0.5 * (x.square() + math.log(2 * math.pi)).sum(1)


def run(parameters, inputs, sizes, dtype, tolerance, is_exact=False):
    """The outputs by name, the accepted steps of each block, and the parameters as leaves."""
    p = {name: tensor.to(dtype, copy=True).requires_grad_(not is_exact) for name, tensor in parameters.items()}
    images, noise, probes = (inputs[name].to(dtype) for name in ("images", "noise", "probes"))
    units = torch.eye(sizes.latent, dtype=dtype)[:, None].expand(-1, len(images), -1)
    o, steps = {}, []
    o["features"] = encode(p, images)
    o["mean"] = functional.linear(o["features"], p["q_z_mean.weight"], p["q_z_mean.bias"])
    o["variance"] = functional.softplus(functional.linear(o["features"], p["q_z_var.0.weight"], p["q_z_var.0.bias"]))
    o["z0"] = o["mean"] + o["variance"].sqrt() * noise
    state = (o["z0"], torch.zeros(len(images), dtype=dtype))
    for b in range(sizes.blocks):
        o[f"conditional.{b}"] = functional.linear(o["features"], p[f"q_am.{b}.weight"], p[f"q_am.{b}.bias"])
        f = velocity(p, b, layer_widths(sizes.latent, sizes.hidden), sizes.rank, o[f"conditional.{b}"])
        field = with_divergence(f, units if is_exact else probes[b:b + 1], is_tracked=not is_exact)
        state, accepted = solve(field, state, TIME_LENGTH, tolerance)
        steps.append(accepted)
        o[f"z.{b}"], o[f"delta_log_density_after.{b}"] = state
    o["zT"], o["delta_log_density"] = state
    o["logits"] = decode(p, o["zT"])
    o["log_likelihood"] = (images * o["logits"] - functional.softplus(o["logits"])).flatten(1).sum(1)
    o["log_prior"] = normal_log_density(o["zT"])
    o["log_posterior"] = normal_log_density(noise) - 0.5 * o["variance"].log().sum(1)
    o["kl"] = o["log_posterior"] + o["delta_log_density"] - o["log_prior"]
    o["elbo"] = o["log_likelihood"] - o["kl"]
    return o, steps, p


def main():
    parser = argparse.ArgumentParser(description="Writes reference values of the published model.")
    parser.add_argument("output")
    parser.add_argument("--latent", type=int, default=8)
    parser.add_argument("--hidden", type=lambda text: [int(w) for w in text.split("-")], default=[16, 16])
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--rank", type=int, default=2)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--gain", type=float, default=4, help="how much larger the flow's weights are than usual at first")
    parser.add_argument("--seed", type=int, default=6)
    sizes = parser.parse_args()

    # So small a model is slower on several threads, and its sums depend on their number.
    torch.set_num_threads(1)
    # NumPy promises that this generator's numbers stay the same.
    random = numpy.random.RandomState(sizes.seed)
    shapes = parameter_shapes(sizes.latent, sizes.hidden, sizes.blocks, sizes.rank)
    parameters, scales = draw_parameters(shapes, sizes.gain, random)
    inputs = {
        "images": draw_images(sizes.images),
        "noise": torch.tensor(random.normal(size=[sizes.images, sizes.latent]), dtype=torch.float32),
        "probes": torch.tensor(
            2.0 * random.randint(0, 2, size=[sizes.blocks, sizes.images, sizes.latent]) - 1, dtype=torch.float32),
    }
    tensors = {f"input.{name}": tensor for name, tensor in inputs.items()}
    for name, tensor in parameters.items():
        if name in scales:
            tensors[name] = (tensor / scales[name]).to(torch.int8)
            tensors[f"scale.{name}"] = torch.tensor([scales[name]])
        else:
            tensors[name] = tensor

    single, steps, _ = run(parameters, inputs, sizes, torch.float32, 1e-5)
    tensors |= {f"float32.{name}": tensor.detach() for name, tensor in single.items()}
    tensors |= {f"float32.step_sizes.{b}": torch.tensor(s, dtype=torch.float64) for b, s in enumerate(steps)}

    double, _, leaves = run(parameters, inputs, sizes, torch.float64, 1e-10)
    tensors |= {f"float64.{name}": tensor.detach() for name, tensor in double.items()}
    (-double["elbo"].mean()).backward()
    strides = {}
    for name, leaf in leaves.items():
        gradient = leaf.grad.flatten()
        if gradient.numel() > LARGE:
            strides[name] = gradient.numel() // 1024 | 1
            tensors[f"gradient_sample.{name}"] = gradient[::strides[name]].float()
            tensors[f"gradient_norm.{name}"] = gradient.norm().reshape(1)
        else:
            tensors[f"gradient.{name}"] = leaf.grad.float()

    exact, _, _ = run(parameters, inputs, sizes, torch.float64, 1e-10, is_exact=True)
    tensors |= {f"float64.exact_trace.{name}": exact[name] for name in ("zT", "delta_log_density", "kl", "elbo")}

    metadata = {
        "about": "reference values of the published model, made by generate.py", "latent": str(sizes.latent),
        "hidden": "-".join(map(str, sizes.hidden)), "blocks": str(sizes.blocks), "rank": str(sizes.rank),
        "time_length": str(TIME_LENGTH), "seed": str(sizes.seed), "gain": str(sizes.gain), "compact": "yes",
        "gradient_stride": json.dumps(strides), "torch": torch.__version__, "numpy": numpy.__version__,
    }
    tensors = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    data = safetensors.torch.save(tensors, metadata)
    if sizes.output.endswith(".zst"):
        data = subprocess.run(["zstd", "-19", "--check"], input=data, stdout=subprocess.PIPE, check=True).stdout
    with open(sizes.output, "wb") as file:
        file.write(data)
    print(f"{sizes.output}: {len(data)} bytes; {[len(s) for s in steps]} steps; ELBO {double['elbo'].tolist()}")


if __name__ == "__main__":
    main()
