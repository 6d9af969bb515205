"""The same block stacked 2 to 64 times: what keeps its training stable?

A block is a dense layer and GELU. What is stacked is the block as it is, at the scale that is
customary (LeCun's) or at the critical one; the block behind a layer normalisation; and that with a
skip around it. One optimiser trains all of them on the digits, for as many steps.

Then a block is a part to be exchanged: ReLU, GELU and SwiGLU, side by side, in a network of
convolutions that reads the digits, and in a small Transformer that reads the prose which comes with
Python. A gated unit has two matrices where others have one, and so two thirds of the size.

Caveat: one learning rate, one seed, layers as wide as the stack is deep, a few hundred steps. A
plain network at criticality can be trained, but more slowly than with skips. Normalisation alone is
no remedy here: its layers keep the size of the signal, but not how two inputs differ. And the tasks
are small: digits hardly need a hidden layer, and three units alike here may differ elsewhere.
"""

import functools
from collections.abc import Callable, Iterator
from pydoc_data.topics import topics
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table
from sklearn.linear_model import LogisticRegression

import activax
from activax import initializers, nn, training
from activax.cli.digits import CLASSES, load
from examples.lessons.lesson import Claim, main, table

DEPTHS, WIDTH = (2, 8, 32, 64), 64
FEATURES, HIDDEN, LENGTH = 64, 256, 32  # of the Transformer
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


class Learned(NamedTuple):
    """What a network reached on data that was held out, and its loss at each step."""

    nats: float
    accuracy: float
    curve: np.ndarray


class Measured(NamedTuple):
    depth: dict[str, list[float]]  # the accuracy on the last batches, at DEPTHS
    digits: dict[str, Learned]  # by unit
    linear: float  # accuracy without a hidden layer
    text: dict[str, Learned]
    counted: list[float]  # nats a character by its frequency, and by that after another


def measure() -> Measured:
    images, held_out = load()
    return Measured(
        {name: [stacked(*kind, depth) for depth in DEPTHS] for name, kind in KINDS.items()},
        {name: read_digits(unit) for name, unit in UNITS.items()},
        LogisticRegression(max_iter=200).fit(*images).score(*held_out),
        {name: read_text(unit) for name, unit in UNITS.items()},
        entropies(),
    )


def fresh_key(seed: int) -> Array:
    return jax.random.key(seed, impl="rbg")  # compiles in less time


def objective(network: nn.Layer) -> Callable[..., Any]:
    """The loss in nats, of images and their labels or of characters and those that follow."""

    def loss(params: Any, batch: Any, key: Array | None = None) -> tuple[Array, dict[str, Array]]:
        x, y = batch
        logits = network.apply(params, x, key=key)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, y)
        return losses.mean(), {"accuracy": jnp.mean(logits.argmax(-1) == y)}

    return loss


def stack(block: str, start: initializers.Pair, depth: int) -> nn.Layer:
    dense = nn.dense(WIDTH, weight_init=start.weight, bias_init=start.bias)
    return nn.serial(nn.dense(WIDTH), nn.scan(BLOCKS[block](dense), depth), nn.dense(CLASSES))


@functools.cache
def stack_step(block: str, depth: int) -> training.Step:
    """What differs only in its start is compiled once."""
    return training.step(objective(stack(block, CUSTOMARY, depth)), ADAM)


def stacked(block: str, start: initializers.Pair, depth: int) -> float:
    """The accuracy on the last batches; a stack is the first blocks of the deepest one."""
    images, _ = load()
    first, blocks, last = stack(block, start, DEPTHS[-1]).init(fresh_key(0), images.x[:1])
    params = first, jax.tree.map(lambda leaf: leaf[:depth], blocks), last
    state = training.init(params, ADAM, fresh_key(1))
    batches = training.batches(images, 64, jax.random.key(2))
    _, history = training.fit(stack_step(block, depth), state, batches, 150, progress=False)
    return float(history["accuracy"][-10:].mean())


def learn(
    network: nn.Layer, optimizer: optax.GradientTransformation, data: Any, batch: int, steps: int
) -> Learned:
    """Train on the first part of the data, and look at the second."""
    seen, held_out = data
    params = network.init(fresh_key(0), seen[0][:1])
    state = training.init(params, optimizer, fresh_key(1))
    step = training.step(objective(network), optimizer)
    batches = training.batches(seen, batch, jax.random.key(2))
    state, history = training.fit(step, state, batches, steps, progress=False)
    nats, found = jax.jit(objective(network))(state.params, held_out)
    return Learned(float(nats), float(found["accuracy"]), history["loss"])


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
    return learn(network, optimizer, load(), 64, steps)


@functools.cache
def text() -> tuple[int, np.ndarray, np.ndarray]:
    """How many characters Python's own help knows, and the text in numbers: most, and the rest."""
    known, numbers = np.unique(list("\n".join(topics.values())), return_inverse=True)
    return len(known), *np.split(numbers.astype(np.int32), [len(numbers) * 9 // 10])


def windows() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pieces of both texts, and the characters that follow on theirs; of the second some."""
    _, seen, held_out = text()
    pieces = []
    for part, stride in ((seen, LENGTH), (held_out, 4 * LENGTH)):
        rows = np.lib.stride_tricks.sliding_window_view(part, LENGTH + 1)[::stride]
        pieces.append((rows[:, :-1], rows[:, 1:]))
    return pieces


def reader(block: nn.Layer) -> nn.Layer:
    """Two blocks, between characters and the scores of those that follow."""
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
    """Of the text held out, by counts from the other: of characters, and of pairs of them."""
    size, seen, held_out = text()
    single = np.bincount(seen, minlength=size) + 1.0
    single /= single.sum()
    pairs = np.zeros((size, size))
    np.add.at(pairs, (seen[:-1], seen[1:]), 1)
    after = (pairs + single) / (pairs.sum(1, keepdims=True) + 1)  # rare pairs as single ones
    likelihoods = single[held_out], after[held_out[:-1], held_out[1:]]
    return [-float(np.log(likelihood).mean()) for likelihood in likelihoods]


def tables(measured: Measured) -> Iterator[Table]:
    rows = [[kind, *(f"{x:.0%}" for x in found)] for kind, found in measured.depth.items()]
    columns = ["blocks", *map(str, DEPTHS)]
    yield table("Digits read after 150 steps, by the number of blocks", columns, rows)
    characters, pairs = measured.counted
    rows = [
        [name, f"{measured.digits[name].accuracy:.1%}", f"{measured.text[name].nats:.3f}"]
        for name in UNITS
    ]
    rows.append(["no hidden layer; counted pairs", f"{measured.linear:.1%}", f"{pairs:.3f}"])
    rows.append(["chance; counted characters", f"{1 / CLASSES:.1%}", f"{characters:.3f}"])
    columns = ["unit", "digits, convolutions", "text, Transformer: nats a character"]
    yield table("Held out", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    customary, critical, normalised, residual = (found[-1] for found in measured.depth.values())
    yield Claim(
        f"{DEPTHS[-1]} blocks learn to read {residual:.0%} of the digits with skips and "
        f"normalisation, {critical:.0%} plain at criticality, but {normalised:.0%} with "
        f"normalisation alone and {customary:.0%} at the customary scale",
        residual > 0.9 and critical > 0.5 and max(customary, normalised) < 0.3,
    )
    few = [found[1] for found in measured.depth.values()]
    yield Claim(
        f"{DEPTHS[1]} blocks of every kind learn: {min(few):.0%} to {max(few):.0%}",
        min(few) > 0.8,
    )
    read = [learned.accuracy for learned in measured.digits.values()]
    yield Claim(
        f"with {' or '.join(UNITS)} convolutions read {min(read):.1%} to {max(read):.1%} of the "
        f"digits held out; without a hidden layer {measured.linear:.1%}",
        min(read) > 0.95 and max(read) - min(read) < 0.03,
    )
    nats = [learned.nats for learned in measured.text.values()]
    yield Claim(
        f"and Transformers need {min(nats):.2f} to {max(nats):.2f} nats a character of text held "
        f"out; to count pairs of characters needs {measured.counted[1]:.2f}",
        max(nats) < measured.counted[1] and max(nats) - min(nats) < 0.1,
    )


def draw(measured: Measured, figure: Figure) -> None:
    depth, digits, prose = figure.subplots(1, 3)
    for (kind, found), marker in zip(measured.depth.items(), "osv^", strict=True):
        depth.plot(DEPTHS, [100 * x for x in found], marker=marker, markersize=4, label=kind)
    depth.axhline(100 / CLASSES, color="black", linestyle=":", linewidth=1)
    depth.set_xscale("log", base=2)
    depth.set(xticks=DEPTHS, xticklabels=DEPTHS, ylim=(0, 105))
    depth.set(title="the same block", xlabel="blocks", ylabel="digits read, %")
    depth.legend(frameon=False, fontsize="small", loc=(0.02, 0.2))

    smooth = np.ones(10) / 10
    for axis, learned in ((digits, measured.digits), (prose, measured.text)):
        for name, (_, _, curve) in learned.items():
            axis.plot(np.convolve(curve, smooth, "valid"), label=name)
        axis.set(xlabel="training step")
    digits.set(title="convolutions", ylabel="loss on the batch, nats", yscale="log")
    digits.legend(frameon=False, fontsize="small")
    for nats, name in zip(measured.counted, ("characters", "pairs"), strict=True):
        prose.axhline(nats, color="black", linestyle=":", linewidth=1)
        prose.text(140, nats + 0.02, f"counted {name}", ha="right", fontsize="small")
    prose.set(title="Transformer", ylabel="loss on the batch, nats a character")


if __name__ == "__main__":
    main(__spec__.name)
