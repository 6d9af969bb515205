"""The main job: train a network on the digits images that scikit-learn ships."""

import dataclasses
import functools
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from activax import bench, diagnostics, nn, training
from activax._activation import Activation
from activax._catalog import get
from activax.cli.settings import Settings
from activax.functions.vector import log_softmax
from activax.nn.layer import activation_of, as_layer

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


def train(name: str, settings: Settings, *, progress: bool | None = None) -> Result:
    """Train one network a seed, all seeds at once."""
    activation = get(name)
    images, held_out = load()
    parts = layers(activation, settings)
    network = nn.serial(*parts)
    make_optimizer = getattr(optax, settings.optimizer)
    optimizer = make_optimizer(settings.learning_rate, **OPTIONS.get(settings.optimizer, {}))
    dtype = jnp.dtype(settings.dtype)

    def logits(params: Any, x: Array) -> Array:
        params, x = jax.tree.map(lambda leaf: leaf.astype(dtype), (params, x))
        return network.apply(params, x).astype(jnp.float32)

    def loss(params: Any, batch: Images, key: Array) -> Array:
        scores = log_softmax(logits(params, batch.x))
        return -jnp.mean(jnp.take_along_axis(scores, batch.y[:, None], axis=-1))

    keys = jax.random.split(jax.random.key(settings.seed), settings.seeds)
    params = jax.vmap(lambda key: network.init(key, images.x[:1]))(keys)
    state = jax.vmap(lambda params, key: training.init(params, optimizer, key))(params, keys)
    stream = _batches(images, settings, keys)
    first = next(stream)
    one, one_batch = (jax.tree.map(lambda leaf: leaf[0], tree) for tree in (params, first))
    kept = bench.kept(lambda params: loss(params, one_batch, keys[0]), one)
    gradients = jax.vmap(jax.grad(loss), (0, 0, None))(params, first, keys[0])

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


def _dead_share(parts: list[nn.Layer], params: Any, x: np.ndarray) -> float | None:
    """The mean over hidden layers and seeds; None where no activation is elementwise."""

    def shares(params: Any) -> list[Array]:
        found, h = [], jnp.asarray(x)
        for part, own in zip(parts, params, strict=True):
            activation = activation_of(part)
            if activation is not None and activation.kind == "elementwise":
                trained = own.get(activation.name, {})
                found.append(jnp.mean(diagnostics.dead(activation.bind(**trained), h)))
            h = part.apply(own, h)
        return found

    found = jax.vmap(shares)(params)
    return float(np.mean(found)) if found else None
