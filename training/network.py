"""A two-layer ReLU network in numpy: standardising, the forward pass, and training with Adam."""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from training.arrays import Booleans, Floats, Integers, softmax

HIDDEN = (128, 64)
CLIP = np.float32(8.0)
BLOCK = 4096


class Scale(Struct, frozen=True, kw_only=True):
    """What standardises the features: their means and standard deviations over the rows of training."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, x: Floats) -> "Scale":
        """Measure `x`; a feature that is never there, or never differs, has the deviation 1."""
        is_missing = np.isnan(x)
        count = np.maximum((~is_missing).sum(axis=0), 1)
        filled = np.where(is_missing, 0.0, x).astype(np.float64)
        mean = filled.sum(axis=0) / count
        spread = np.where(is_missing, 0.0, filled - mean)
        deviation = np.sqrt((spread**2).sum(axis=0) / count)
        deviation[deviation < 1e-6] = 1.0
        return cls(mean=mean.astype(np.float32), deviation=deviation.astype(np.float32))

    def apply(self, x: Floats) -> Floats:
        """Return what the network reads, [rows, 2 * features].

        Those are the features, standardised and clipped, 0 where missing, and then a 1 for each missing one.
        """
        is_missing = np.isnan(x)
        inverse = np.float32(1.0) / self.deviation
        z = np.clip(np.where(is_missing, np.float32(0.0), (x - self.mean) * inverse), -CLIP, CLIP)
        return np.concatenate([z, is_missing.astype(np.float32)], axis=1).astype(np.float32)


class Network(Struct, frozen=True, kw_only=True):
    """Weights and biases of the three layers; arrays are never changed in place by anybody but `fit`."""

    weights: tuple[Floats, Floats, Floats]
    biases: tuple[Floats, Floats, Floats]

    @classmethod
    def drawn(cls, features: int, leaves: int, seed: int) -> "Network":
        """Return a network before training (He's initialisation)."""
        draw = np.random.default_rng(seed)
        sizes = (2 * features, *HIDDEN, leaves)
        gains = (2.0, 2.0, 1.0)
        first, second, third = (
            draw.normal(0.0, np.sqrt(gain / above), (above, below)).astype(np.float32)
            for above, below, gain in zip(sizes, sizes[1:], gains, strict=False)
        )
        return cls(
            weights=(first, second, third),
            biases=tuple(np.zeros(size, np.float32) for size in sizes[1:]),  # type: ignore[arg-type]  # three
        )

    def forward(self, a: Floats) -> tuple[Floats, Floats, Floats]:
        """Return both hidden layers and the logits."""
        first = np.maximum(a @ self.weights[0] + self.biases[0], np.float32(0.0))
        second = np.maximum(first @ self.weights[1] + self.biases[1], np.float32(0.0))
        return first, second, second @ self.weights[2] + self.biases[2]

    def logits(self, x: Floats, scale: Scale) -> Floats:
        """Return the logits of many rows, block by block."""
        blocks = (x[start : start + BLOCK] for start in range(0, len(x), BLOCK))
        found = [self.forward(scale.apply(block))[2] for block in blocks]
        return np.concatenate(found) if found else np.zeros((0, len(self.biases[2])), np.float32)


class Recipe(Struct, frozen=True, kw_only=True):
    """How a network is trained.

    `outage` is the share of rows that lose all features of a feed, feed by feed, so that a missing feed is
    nothing new. `anchor` pulls towards the weights that training began with.
    """

    epochs: int = 10
    batch: int = 512
    rate: float = 2e-3
    decay: float = 1e-5
    outage: float = 0.04
    anchor: float = 0.0
    seed: int = 20_261_125


def fit(
    start: Network,
    scale: Scale,
    x: Floats,
    y: Integers,
    recipe: Recipe,
    feeds: Sequence[Sequence[int]] = (),
    frozen_leaves: Booleans | None = None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Network:
    """Train a copy of `start` on the leaves `y`; the same seed gives the same network on the same machine.

    `feeds` are the columns of each feed. What leads to a frozen leaf stays as it is in the last layer.
    """
    draw = np.random.default_rng(recipe.seed + 1)
    net = Network(
        weights=tuple(weight.copy() for weight in start.weights),  # type: ignore[arg-type]  # three
        biases=tuple(bias.copy() for bias in start.biases),  # type: ignore[arg-type]  # three
    )
    steps = recipe.epochs * -(-len(x) // recipe.batch)
    adam = _Adam([*net.weights, *net.biases], recipe.rate, steps)
    step = 0
    for _ in range(recipe.epochs):
        order = draw.permutation(len(x))
        for begin in range(0, len(x), recipe.batch):
            chosen = order[begin : begin + recipe.batch]
            rows = _with_outages(x[chosen], feeds, recipe.outage, draw)
            gradients = _gradients(net, scale.apply(rows), y[chosen], recipe.decay)
            if recipe.anchor:
                _pull(gradients, net, start, recipe.anchor)
            if frozen_leaves is not None:
                gradients[2][:, frozen_leaves] = 0.0
                gradients[5][frozen_leaves] = 0.0
            adam.step(gradients)
            step += 1
            progress(step, steps)
    return net


def _with_outages(
    x: Floats, feeds: Sequence[Sequence[int]], share: float, draw: np.random.Generator
) -> Floats:
    if not share or not feeds:
        return x
    x = x.copy()
    for columns in feeds:
        lost = np.flatnonzero(draw.random(len(x)) < share)
        x[np.ix_(lost, np.asarray(columns))] = np.nan
    return x


def _gradients(net: Network, a: Floats, y: Integers, decay: float) -> list[Floats]:
    first, second, logits = net.forward(a)
    error = softmax(logits)
    error[np.arange(len(y)), y] -= 1.0
    error /= np.float32(len(y))
    to_second = (error @ net.weights[2].T) * (second > 0)
    to_first = (to_second @ net.weights[1].T) * (first > 0)
    pairs = ((a, to_first), (first, to_second), (second, error))
    small = np.float32(decay)
    weights = [below.T @ above + small * net.weights[layer] for layer, (below, above) in enumerate(pairs)]
    return [*weights, *(above.sum(axis=0) for _, above in pairs)]


def _pull(gradients: list[Floats], net: Network, start: Network, anchor: float) -> None:
    now, before = [*net.weights, *net.biases], [*start.weights, *start.biases]
    for place, (here, there) in enumerate(zip(now, before, strict=True)):
        np.add(gradients[place], np.float32(anchor) * (here - there), out=gradients[place])


class _Adam:
    """Adam (Kingma and Ba, 2015) with a rate that falls like a cosine; changes its parameters in place."""

    def __init__(self, parameters: Sequence[Floats], rate: float, steps: int) -> None:
        self._parameters = parameters
        self._rate, self._steps, self._step = rate, steps, 0
        self._first = [np.zeros_like(each) for each in parameters]
        self._second = [np.zeros_like(each) for each in parameters]

    def step(self, gradients: Sequence[Floats]) -> None:
        rate = self._rate * 0.5 * (1.0 + np.cos(np.pi * self._step / self._steps))
        self._step += 1
        rate_now = np.float32(rate / (1.0 - 0.9**self._step))
        correction = np.float32(1.0 / (1.0 - 0.999**self._step))
        for place, gradient in enumerate(gradients):
            first, second = self._first[place], self._second[place]
            np.multiply(first, np.float32(0.9), out=first)
            np.add(first, np.float32(0.1) * gradient, out=first)
            np.multiply(second, np.float32(0.999), out=second)
            np.add(second, np.float32(0.001) * gradient * gradient, out=second)
            step = rate_now * first / (np.sqrt(second * correction) + np.float32(1e-8))
            np.subtract(self._parameters[place], step, out=self._parameters[place])
