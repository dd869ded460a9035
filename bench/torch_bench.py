"""The rows of bench/workloads.mjs in PyTorch. Reads names from stdin, one a line; answers each with a line of JSON: the median in ms and a checksum."""
import json
import math
import sys
import time
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch_models import GPT, LSTMClassifier, ResNet18, lenet, mlp

torch.set_num_threads(2)


def fill(shape, seed, low=-1.0, high=1.0):
    n = 1
    for d in shape:
        n *= d
    i = torch.arange(n, dtype=torch.int64) + seed * 7919
    bits = (i % 2**32) * 2654435761 % 2**32
    return (low + (high - low) * bits.double() / 2**32).float().view(shape)


def fill_int(shape, seed, high):
    return fill(shape, seed, 0, high).floor().long()


def total(x):
    return x.double().sum().item()


def simple(make, op, weight=None, read=lambda y: y):
    def build():
        args = make()
        w = weight() if weight else None
        return (lambda: op(*args)), (lambda: total(op(*args) * w if w is not None else read(op(*args))))

    return build


def conv(input_shape, weight_shape, padding, backward):
    def build():
        x, w = fill(input_shape, 1), fill(weight_shape, 2, -0.1, 0.1)
        if backward:
            x.requires_grad_(), w.requires_grad_()

        def step():
            y = F.conv2d(x, w, None, 1, padding)
            if not backward:
                return y
            x.grad = w.grad = None
            y.sum().backward()
            return w.grad

        return step, lambda: total(step())

    return build


def backward(make, op):
    def build():
        inputs = [x.requires_grad_() for x in make()]

        def step():
            for x in inputs:
                x.grad = None
            op(*inputs).sum().backward()

        return step, lambda: (step(), sum(total(x.grad.abs()) for x in inputs))[1]

    return build


def training(model, data, make):
    def build():
        net = model()
        with torch.no_grad():
            for k, p in enumerate(net.parameters()):
                p.copy_(fill(list(p.shape), 10 + k, -0.05, 0.05))
        optimizer = make(net.parameters())
        x, y = data()

        def step():
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            return loss

        first = [step().item() for _ in range(4)]
        return step, lambda: sum(first)

    return build


def scalar_loop():
    x = torch.tensor(1.0, requires_grad=True)
    a, b, c = torch.tensor(2.0), torch.tensor(-8.0), torch.tensor(12.0)
    optimizer = optim.SGD([x], lr=0.01)

    def step():
        optimizer.zero_grad()
        (a * x**2 + b * x + c).backward()
        optimizer.step()

    def checksum():
        x.data = torch.tensor(1.0)
        for _ in range(500):
            step()
        return x.item()

    return step, checksum


def randn():
    def checksum():
        torch.manual_seed(3)
        return total(torch.randn(1_000_000).abs())

    return (lambda: torch.randn(1_000_000)), checksum


def embedding():
    table, index = fill([32768, 256], 1).requires_grad_(), fill_int([8192], 2, 32768)

    def step():
        table.grad = None
        F.embedding(index, table).sum().backward()
        return table.grad

    return step, lambda: total(step())


big = [4096, 1024]
images = lambda *shape: lambda: (fill(shape, 1), fill_int([shape[0]], 2, 10))
tokens = lambda: (fill_int([8, 128], 1, 512), fill_int([1024], 2, 512))
momentum = lambda lr: lambda p: optim.SGD(p, lr=lr, momentum=0.9)
heads = lambda: [fill([8, 8, 512, 64], k) for k in (1, 2, 3)]


def definite(n):
    a = fill([n, n], 1)
    return a @ a.t() + torch.eye(n) * n


one = lambda: [fill([1_000_000], 1, -3, 3)]
rows = {
    "scalar loop, a step": (scalar_loop, 500),
    "add 4 elements": (simple(lambda: [fill([4], 1), fill([4], 2)], torch.add), 2000),
    **{f"matmul {n}": (simple(lambda n=n: [fill([n, n], 1), fill([n, n], 2)], torch.mm), 1) for n in (500, 1024, 2048)},
    "add 1M": (simple(lambda: [fill([1_000_000], 1), fill([1_000_000], 2)], torch.add), 1),
    "add 16M": (simple(lambda: [fill([16_000_000], 1), fill([16_000_000], 2)], torch.add), 1),
    "relu 1M": (simple(one, torch.relu), 1),
    "gelu 1M": (simple(one, F.gelu), 1),
    "exp 1M": (simple(one, torch.exp), 1),
    "sigmoid 1M": (simple(one, torch.sigmoid), 1),
    "a*x*x + b*x + c 1M": (simple(one, lambda x: 2.5 * x * x + -1.5 * x + 0.5), 1),
    "sum 16M": (simple(lambda: [fill([16_000_000], 1, 0, 1)], torch.sum), 1),
    "softmax 4096x1024": (simple(lambda: [fill(big, 1, -3, 3)], lambda x: x.softmax(1), lambda: fill(big, 2)), 1),
    "layer_norm 4096x1024": (simple(lambda: [fill(big, 1, -3, 3)], lambda x: F.layer_norm(x, [1024]), lambda: fill(big, 2)), 1),
    "argmax 4096x1024": (simple(lambda: [fill(big, 1)], lambda x: x.argmax(1)), 1),
    "conv2d 3x3 forward": (conv([32, 64, 56, 56], [64, 64, 3, 3], 1, False), 1),
    "conv2d 3x3 forward+backward": (conv([32, 64, 56, 56], [64, 64, 3, 3], 1, True), 1),
    "conv2d 5x5 forward+backward": (conv([64, 1, 28, 28], [6, 1, 5, 5], 2, True), 1),
    "MLP step (SGD momentum)": (training(mlp, images(128, 784), momentum(0.05)), 1),
    "LeNet step (Adam)": (training(lenet, images(64, 1, 28, 28), lambda p: optim.Adam(p, lr=1e-3)), 1),
    "ResNet-18 step (SGD momentum)": (training(ResNet18, images(32, 3, 32, 32), momentum(0.01)), 1),
    "GPT step (AdamW)": (training(GPT, tokens, lambda p: optim.AdamW(p, lr=3e-4)), 1),
    "LSTM step (Adam)": (training(LSTMClassifier, images(32, 64, 128), lambda p: optim.Adam(p, lr=1e-3)), 1),
    "randn 1M": (randn, 1),
    "sort 1M": (simple(lambda: [fill([1_000_000], 1)], lambda x: x.sort().values, lambda: fill([1_000_000], 2)), 1),
    "embedding forward+backward": (embedding, 1),
    "svd 512": (simple(lambda: [fill([512, 512], 1)], lambda x: torch.linalg.svd(x)[1]), 1),
    "cumsum 1M": (simple(lambda: [fill([1_000_000], 1)], lambda x: x.cumsum(0)), 1),
    "topk 100 of 1M": (simple(lambda: [fill([1_000_000], 1)], lambda x: x.topk(100).values), 1),
    "scatter_add 1M": (
        simple(lambda: [torch.zeros(100_000), fill_int([1_000_000], 2, 100_000), fill([1_000_000], 3)], lambda x, i, s: x.scatter_add(0, i, s)), 1),
    "embedding forward": (simple(lambda: [fill_int([8192], 2, 32768), fill([32768, 256], 1)], F.embedding), 1),
    "fft 2^20": (simple(lambda: [fill([2**20], 1)], torch.fft.fft, read=torch.abs), 1),
    "cholesky 1024": (simple(lambda: [definite(1024)], torch.linalg.cholesky), 1),
    "solve 1024": (simple(lambda: [definite(1024), fill([1024, 64], 2)], torch.linalg.solve), 1),
    "max_pool2d": (simple(lambda: [fill([32, 64, 56, 56], 1)], lambda x: F.max_pool2d(x, 2)), 1),
    "attention 8x8x512x64": (simple(heads, F.scaled_dot_product_attention), 1),
    "attention forward+backward": (backward(heads, F.scaled_dot_product_attention), 1),
}


def timed(step, repeat, least, most, limit):
    times, spent = [], 0.0
    while len(times) < least or (spent < limit and len(times) < most):
        start = time.perf_counter()
        for _ in range(repeat):
            step()
        each = time.perf_counter() - start
        times.append(each / repeat * 1e3)
        spent += each
    return times


def measure(step, repeat):
    timed(step, repeat, 2, math.inf, 1.5)
    times = timed(step, repeat, 5, 3000, 0.7)
    return sorted(times)[len(times) // 2]


print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    build, repeat = rows[line.strip()]
    step, checksum = build()
    value = checksum()
    print(json.dumps({"ms": measure(step, repeat), "checksum": value}), flush=True)
