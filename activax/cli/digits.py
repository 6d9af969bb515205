"""The main job: train a network on the digits images that scikit-learn ships."""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from activax import bench, diagnostics, nn, training
from activax.catalogue.lookup import get
from activax.cli.settings import Settings
from activax.core.activation import Activation
from activax.functions.vector import log_softmax
from activax.nn.layer import apply, as_layer, output_of

CLASSES = 10
# What an optimiser of Optax is given beside its learning rate.
OPTIONS: dict[str, dict[str, Any]] = {
    "adamw": {"weight_decay": 1e-2, "mask": training.decay_mask},
    "lion": {"mask": training.decay_mask},
    "sgd": {"momentum": 0.9},
}


@dataclasses.dataclass(frozen=True)
class Result:
    """What one activation reached; arrays have one entry a seed."""

    activation: str
    accuracy: np.ndarray  # on the held-out images
    loss: np.ndarray  # (steps, seeds), on the batches
    compile_seconds: float
    step_seconds: float  # of all seeds together
    kept_bytes: int  # by reverse mode, for one batch of one seed
    dead: float | None  # the share of hidden units without gradient on any training image
    gradient_first: float  # norms at initialisation, in the first and the last layer
    gradient_last: float


class Images(NamedTuple):
    """Standardised pixels and labels."""

    x: Any
    y: Any


@functools.cache
def load() -> tuple[Images, Images]:
    """The 1,797 images, a quarter of them held out."""
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=0.25, stratify=y, random_state=0
    )
    mean, scale = x_train.mean(), x_train.std()
    split = ((x_train, y_train), (x_test, y_test))
    train, test = (Images(((x - mean) / scale).astype(np.float32), y) for x, y in split)
    return train, test


def layers(activation: Activation[...], settings: Settings) -> list[nn.Layer]:
    """The layers of the network; a gated activation takes two dense layers a block."""
    width = settings.width
    if activation.kind == "gated":
        block = [nn.parallel(nn.dense(width), nn.dense(width), combine=activation)]
    elif settings.learn and activation.trainable:
        block = [nn.dense(width), nn.learned(activation, axis=-1)]
    else:
        block = [nn.dense(width), as_layer(activation, "train")]
    return [*block * settings.depth, nn.dense(CLASSES)]


class Experiment(NamedTuple):
    """One network a seed, before the first step."""

    parts: list[nn.Layer]
    logits: Callable[..., Array]
    loss: Callable[..., Array]
    optimizer: optax.GradientTransformation
    state: training.State
    first: Images  # a batch to measure by, drawn before those of the stream
    stream: Iterator[Images]


def experiment(name: str, settings: Settings) -> Experiment:
    """The same for the same settings."""
    images, _ = load()
    parts = layers(get(name), settings)
    network = nn.serial(*parts)
    make_optimizer = getattr(optax, settings.optimizer)
    optimizer = make_optimizer(settings.learning_rate, **OPTIONS.get(settings.optimizer, {}))

    def logits(params: Any, x: Array, key: Array | None = None) -> Array:
        params, x = computed((params, x), settings)
        return network.apply(params, x, key=key).astype(jnp.float32)

    def loss(params: Any, batch: Images, key: Array) -> Array:
        return cross_entropy(logits(params, batch.x, key), batch.y)

    keys = jax.random.split(jax.random.key(settings.seed), settings.seeds)
    params = jax.vmap(lambda key: network.init(key, images.x[:1]))(keys)
    state = jax.vmap(lambda params, key: training.init(params, optimizer, key))(params, keys)
    stream = _batches(images, settings, keys)
    return Experiment(parts, logits, loss, optimizer, state, next(stream), stream)


def computed(tree: Any, settings: Settings) -> Any:
    """The arrays in the dtype that the network computes in."""
    return jax.tree.map(lambda leaf: leaf.astype(jnp.dtype(settings.dtype)), tree)


def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean over the batch."""
    return -jnp.mean(jnp.take_along_axis(log_softmax(logits), labels[:, None], axis=-1))


def train(name: str, settings: Settings, *, progress: bool | None = None) -> Result:
    """Train one network a seed, all seeds at once."""
    images, held_out = load()
    parts, logits, loss, optimizer, state, first, stream = experiment(name, settings)
    key = state.key[0]
    one, one_batch = (jax.tree.map(lambda leaf: leaf[0], tree) for tree in (state.params, first))
    kept = bench.kept(lambda params: loss(params, one_batch, key), one)
    gradients = jax.vmap(jax.grad(loss), (0, 0, None))(state.params, first, key)

    step: Any = jax.jit(jax.vmap(training.step(loss, optimizer)), donate_argnums=0)
    begin = time.perf_counter()
    compiled = step.lower(state, first).compile()
    ready = time.perf_counter()
    state, history = training.fit(
        compiled, state, stream, settings.steps, progress=progress, description=name
    )
    jax.block_until_ready(state)
    end = time.perf_counter()

    predicted = jax.vmap(lambda params: jnp.argmax(logits(params, held_out.x), -1))(state.params)
    return Result(
        activation=name,
        accuracy=np.mean(np.asarray(predicted) == held_out.y, axis=1),
        loss=history["loss"],
        compile_seconds=ready - begin,
        step_seconds=(end - ready) / settings.steps,
        kept_bytes=sum(array.nbytes for array in kept),
        dead=_dead_share(parts, state.params, images.x),
        gradient_first=float(jnp.mean(jax.vmap(optax.tree.norm)(gradients[0]))),
        gradient_last=float(jnp.mean(jax.vmap(optax.tree.norm)(gradients[-1]))),
    )


def _batches(images: Images, settings: Settings, keys: Array) -> Iterator[Images]:
    """Batches of a row of images a seed, each seed in an order of its own."""
    rows = np.arange(len(images.y))
    streams = [training.batches(rows, settings.batch, key) for key in keys]
    for picked in zip(*streams, strict=True):
        index = np.stack(picked)
        yield Images(images.x[index], images.y[index])


class Hidden(NamedTuple):
    """A hidden layer, as it answers some images."""

    activation: Activation[...] | None  # with what it learned; None if it is not elementwise
    inputs: Array  # what goes into the activation, or into the gated block
    outputs: Array


def hidden(
    parts: list[nn.Layer], params: Any, x: Any, sinks: list[diagnostics.Cotangents] | None = None
) -> tuple[list[Hidden], Array]:
    """The hidden layers and the logits; sinks receive the gradient of elementwise activations."""
    found: list[Hidden] = []
    h = jnp.asarray(x)
    for part, own in zip(parts, params, strict=True):
        activation = output_of(part, None)
        unit = activation if activation is not None and activation.kind == "elementwise" else None
        if unit is not None:
            unit = unit.bind(**own.get(unit.name, {}))
            h = h if sinks is None else diagnostics.tap(h, sinks[len(found)])
        inputs, h = h, apply(part, own, h, None)
        if activation is not None:
            found.append(Hidden(unit, inputs, h))
    return found, h


def _dead_share(parts: list[nn.Layer], params: Any, x: np.ndarray) -> float | None:
    """The mean over hidden layers and seeds; None where no activation is elementwise."""

    def shares(params: Any) -> list[Array]:
        found, _ = hidden(parts, params, x)
        return [
            jnp.mean(diagnostics.dead(layer.activation, layer.inputs))
            for layer in found
            if layer.activation is not None
        ]

    found = jax.vmap(shares)(params)
    return float(np.mean(found)) if found else None
