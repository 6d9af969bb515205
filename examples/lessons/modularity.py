"""The same block stacked 2 to 64 times: what keeps its training stable?

A block is a dense layer and GELU. We stack four kinds of it: the plain block at the customary scale
(LeCun's), the plain block at the critical scale, the block behind a layer normalisation, and the
normalised block with a skip around it. One optimiser trains all stacks on the digits, for the same
number of steps. Normalisation keeps the size of the signal, but not the size of the gradient, which
every block enlarges.

Then the unit is exchanged: ReLU, GELU and SwiGLU stand side by side in a convolutional network that
reads the digits, and in a small Transformer that reads the help texts of Python. A gated unit has
two matrices in place of one, so it gets two thirds of the width.

Caveat: one learning rate, one seed, few steps. The deepest stack is as deep as it is wide, where
criticality begins to fail: it learns, but how well depends on the seed. And the tasks are small:
the digits hardly need a hidden layer, and units that are equal here may differ elsewhere.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pydoc_data.topics import topics
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from matplotlib.figure import Figure
from rich.table import Table
from sklearn.linear_model import LogisticRegression

import activax
from activax import initializers, nn, training
from activax.study.digits.images import CLASSES, digits
from examples.lessons import learning
from examples.lessons.learning import Learned
from examples.lessons.lesson import Claim, main, spread, table

DEPTHS, WIDTH, STEPS = (2, 16, 64), 64, 150  # the stacks
FEATURES, HIDDEN, LENGTH = 64, 256, 32  # the Transformer
UNITS = {"ReLU": activax.relu, "GELU": activax.gelu, "SwiGLU": activax.swiglu}

ADAM = optax.adam(3e-4)
Unit = activax.Activation[...]
Block = Callable[[nn.Layer], nn.Layer]
BLOCKS: dict[str, Block] = {
    "plain": lambda dense: nn.serial(dense, activax.gelu),
    "normalised": lambda dense: nn.serial(nn.layer_norm(), dense, activax.gelu),
    "residual": lambda dense: nn.residual(nn.layer_norm(), dense, activax.gelu),
}
CUSTOMARY = initializers.lecun()
CRITICAL = initializers.critical(activax.gelu, distribution="orthogonal")
KINDS = {
    "plain, customary": ("plain", CUSTOMARY),
    "plain, critical": ("plain", CRITICAL),
    "normalised": ("normalised", CUSTOMARY),
    "residual": ("residual", CUSTOMARY),
}


class Stacked(NamedTuple):
    """The training of a stack."""

    accuracy: float  # on the last batches
    gradient: float  # the norm of the first gradient


class Measured(NamedTuple):
    depth: dict[str, list[Stacked]]  # by kind, at DEPTHS
    digits: dict[str, Learned]  # by unit
    linear: float  # accuracy without a hidden layer
    text: dict[str, Learned]
    counted: list[float]  # nats a character by counts of characters, and by counts of pairs


def measure() -> Measured:
    images, held_out = digits()
    return Measured(
        {name: [stacked(*kind, depth) for depth in DEPTHS] for name, kind in KINDS.items()},
        {name: read_digits(unit) for name, unit in UNITS.items()},
        LogisticRegression(max_iter=200).fit(*images).score(*held_out),
        {name: read_text(unit) for name, unit in UNITS.items()},
        entropies(),
    )


def stack(block: str, start: initializers.Pair, depth: int) -> nn.Layer:
    dense = nn.dense(WIDTH, weight_init=start.weight, bias_init=start.bias)
    return nn.serial(nn.dense(WIDTH), nn.scan(BLOCKS[block](dense), depth), nn.dense(CLASSES))


@cache
def stack_step(block: str, depth: int) -> training.Step:
    """Return the step of a stack; stacks that differ only in their start share its program."""
    return training.step(learning.classify(stack(block, CUSTOMARY, depth)), ADAM)


def stacked(block: str, start: initializers.Pair, depth: int) -> Stacked:
    """Train a stack that has the first `depth` blocks of the deepest stack."""
    shown, _ = digits()
    deepest = stack(block, start, DEPTHS[-1])
    first, blocks, last = deepest.init(learning.first_key(), shown.x[:1])
    params = first, jax.tree.map(lambda leaf: leaf[:depth], blocks), last
    state = training.init(params, ADAM, learning.first_key())
    batches = training.batches(shown, 64, jax.random.key(2))
    _, history = training.fit(stack_step(block, depth), state, batches, STEPS, progress=False)
    return Stacked(float(history["accuracy"][-10:].mean()), float(history["grad_norm"][0]))


def learn(
    network: nn.Layer, optimizer: optax.GradientTransformation, data: Any, batch: int, steps: int
) -> Learned:
    """Train on the first part of the data, and evaluate on the second.

    The loop is in Python: on a CPU, convolutions take longer inside the `scan` of `learning.learn`.
    """
    shown, held_out = data
    loss = learning.classify(network)
    params = network.init(learning.first_key(), shown[0][:1])
    state = training.init(params, optimizer, learning.first_key())
    step = training.step(loss, optimizer)
    batches = training.batches(shown, batch, jax.random.key(2))
    state, history = training.fit(step, state, batches, steps, progress=False)
    nats, found = jax.jit(loss)(state.params, held_out)
    return Learned(nats, found["accuracy"], history)


def read_digits(unit: Unit, steps: int = 300) -> Learned:
    def block(channels: int) -> nn.Layer:
        if unit.kind == "gated":
            narrow = nn.conv(2 * channels // 3)
            return nn.parallel(narrow, narrow, combine=unit)
        return nn.serial(nn.conv(channels), unit)

    network = nn.serial(
        lambda x: x.reshape(-1, 8, 8, 1),
        *(block(16), nn.max_pool(2), block(32), nn.max_pool(2)),
        lambda x: x.reshape(len(x), -1),
        *(nn.dropout(0.2), nn.dense(CLASSES)),
    )
    optimizer = optax.adam(optax.cosine_decay_schedule(5e-3, steps))
    return learn(network, optimizer, digits(), 64, steps)


@cache
def text() -> tuple[int, np.ndarray, np.ndarray]:
    """Return the text of Python's help as numbers.

    Returns:
        The number of different characters, nine tenths of the text, and the rest.
    """
    known, numbers = np.unique(list("\n".join(topics.values())), return_inverse=True)
    return len(known), *np.split(numbers.astype(np.int32), [len(numbers) * 9 // 10])


def windows() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pieces of both texts, with the next character for each character.

    Of the held-out text every fourth piece is taken.
    """
    _, seen, held_out = text()
    pieces = []
    for part, stride in ((seen, LENGTH), (held_out, 4 * LENGTH)):
        rows = np.lib.stride_tricks.sliding_window_view(part, LENGTH + 1)[::stride]
        pieces.append((rows[:, :-1], rows[:, 1:]))
    return pieces


def reader(block: nn.Layer) -> nn.Layer:
    """Return a network of two blocks, from characters to scores of the next character."""
    size, *_ = text()
    ids, places = nn.embedding(size, FEATURES), nn.positions(LENGTH)
    return nn.serial(ids, places, nn.scan(block, 2), nn.rms_norm(), nn.dense(size))


def reader_optimizer(steps: int) -> optax.GradientTransformation:
    rate = optax.warmup_cosine_decay_schedule(0.0, 5e-3, steps // 10, steps)
    decayed = optax.adamw(rate, mask=training.decay_mask)
    return optax.chain(optax.clip_by_global_norm(1.0), decayed)


def read_text(unit: Unit, steps: int = 150) -> Learned:
    hidden = 2 * HIDDEN // 3 if unit.kind == "gated" else HIDDEN
    block = nn.transformer_block(
        4, hidden, activation=unit, causal=True, norm=nn.rms_norm(), prevent_cse=False
    )
    return learn(reader(block), reader_optimizer(steps), windows(), 16, steps)


def entropies() -> list[float]:
    """Return the nats a character of the held-out text, by counts from the other text.

    The first number is by counts of characters, the second by counts of pairs of characters.
    """
    size, seen, held_out = text()
    single = np.bincount(seen, minlength=size) + 1.0
    single /= single.sum()
    pairs = np.zeros((size, size))
    np.add.at(pairs, (seen[:-1], seen[1:]), 1)
    # After a rare character, the counts of single characters decide.
    after = (pairs + single) / (pairs.sum(1, keepdims=True) + 1)
    likelihoods = single[held_out], after[held_out[:-1], held_out[1:]]
    return [-float(np.log(likelihood).mean()) for likelihood in likelihoods]


def tables(measured: Measured) -> Iterator[Table]:
    rows = [
        [kind, *(f"{x.accuracy:.0%}" for x in found), *(f"{x.gradient:.2g}" for x in found)]
        for kind, found in measured.depth.items()
    ]
    columns = ["blocks", *map(str, DEPTHS), *(f"gradient, {depth}" for depth in DEPTHS)]
    yield table(
        f"Digits read after {STEPS} steps, and the norm of the first gradient", columns, rows
    )
    characters, pairs = measured.counted
    rows = [
        [name, f"{measured.digits[name].accuracy:.1%}", f"{measured.text[name].nats:.3f}"]
        for name in UNITS
    ]
    rows.append(["none; pairs counted", f"{measured.linear:.1%}", f"{pairs:.3f}"])
    rows.append(["chance; characters counted", f"{1 / CLASSES:.1%}", f"{characters:.3f}"])
    columns = ["unit", "digits by convolutions", "text by a Transformer, nats"]
    yield table("Held out", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    deepest = [found[-1].accuracy for found in measured.depth.values()]
    customary, critical, normalised, residual = deepest
    yield Claim(
        f"{DEPTHS[-1]} blocks learn to read {residual:.0%} of the digits with skips and "
        f"normalisation, {critical:.0%} plain at criticality, but {normalised:.0%} with "
        f"normalisation alone and {customary:.0%} at the customary scale",
        residual > 0.9 and critical > 0.4 and max(customary, normalised) < 0.3,
    )
    few = [found[0].accuracy for found in measured.depth.values()]
    yield Claim(
        f"{DEPTHS[0]} blocks of every kind learn: {spread(few, '.0%')}",
        min(few) > 0.8,
    )
    alone, skipped = (
        measured.depth[kind][-1].gradient / measured.depth[kind][0].gradient
        for kind in ("normalised", "residual")
    )
    yield Claim(
        f"from {DEPTHS[0]} to {DEPTHS[-1]} blocks the first gradient grows {alone:.1g} times with "
        f"normalisation alone, {skipped:.0f} times with skips",
        alone > 300 > 100 > skipped,
    )
    read = [learned.accuracy for learned in measured.digits.values()]
    yield Claim(
        f"with {' or '.join(UNITS)} convolutions read {spread(read, '.1%')} of the "
        f"digits held out; without a hidden layer {measured.linear:.1%}",
        min(read) > 0.95 and max(read) - min(read) < 0.03,
    )
    nats = [learned.nats for learned in measured.text.values()]
    yield Claim(
        f"and Transformers need {spread(nats, '.2f')} nats a character of text held "
        f"out; counts of pairs of characters need {measured.counted[1]:.2f}",
        max(nats) < measured.counted[1] and max(nats) - min(nats) < 0.1,
    )


def draw(measured: Measured, figure: Figure) -> None:
    depth, digits, prose = figure.subplots(1, 3)
    for (kind, found), marker in zip(measured.depth.items(), "osv^", strict=True):
        depth.plot(DEPTHS, [100 * x.accuracy for x in found], marker=marker, label=kind)
    depth.axhline(100 / CLASSES, color="black", linestyle=":", linewidth=1)
    depth.set_xscale("log", base=2)
    depth.set(xticks=DEPTHS, xticklabels=DEPTHS, ylim=(0, 105))
    depth.set(title="the same block", xlabel="blocks", ylabel="digits read, %")
    depth.legend(loc=(0.0, 0.1))

    smooth = np.ones(10) / 10
    for axis, by_unit in ((digits, measured.digits), (prose, measured.text)):
        for i, (name, learned) in enumerate(by_unit.items()):
            loss = learned.history["loss"]
            axis.plot(np.convolve(loss, smooth, "valid"), label=name)
            axis.plot(len(loss), learned.nats, "o", color=f"C{i}")
        axis.set(xlabel="training step (points: held out)")
    digits.set(title="convolutions", ylabel="loss on the batch, nats", yscale="log")
    digits.legend()
    for nats, name in zip(measured.counted, ("characters", "pairs"), strict=True):
        prose.axhline(nats, color="black", linestyle=":", linewidth=1)
        prose.text(0, nats - 0.1, f"counted {name}", fontsize="small")
    prose.set(title="Transformer", ylabel="loss on the batch, nats a character")


if __name__ == "__main__":
    main(__spec__.name)
