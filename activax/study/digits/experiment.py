"""Networks of one activation: their layers, their training, and the facts that are compared."""

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

from activax import bench, diagnostics, nn, training
from activax.catalogue.lookup import get
from activax.core.activation import Activation
from activax.functions.vector.dense import log_softmax
from activax.nn.layer import apply, as_layer, output_of
from activax.study.digits.images import CLASSES, Images, digits
from activax.study.digits.placement import Placement
from activax.study.digits.settings import Settings

# Arguments of Optax's optimisers beside the learning rate.
OPTIMIZER_OPTIONS: dict[str, dict[str, Any]] = {
    "adamw": {"weight_decay": 1e-2, "mask": training.decay_mask},
    "lion": {"mask": training.decay_mask},
    "sgd": {"momentum": 0.9},
}


@dataclasses.dataclass(frozen=True)
class Result:
    """The facts of one activation that are compared; arrays have one entry a seed."""

    activation: str
    accuracy: np.ndarray  # on the held-out images
    loss: np.ndarray  # (steps, seeds), on the batches
    compile_seconds: float
    step_seconds: float  # for all seeds together
    kept_bytes: int  # by reverse mode, for one batch of one seed
    dead: float | None  # the share of hidden units without gradient on any training image
    gradient_first: float  # the norm of the first layer's gradient before training
    gradient_last: float  # the norm of the last layer's


def network_layers(activation: Activation[...], settings: Settings) -> list[nn.Layer]:
    """Return the layers of the network; a gated activation takes two dense layers a block."""
    width = settings.width
    if activation.kind == "gated":
        block = [nn.parallel(nn.dense(width), nn.dense(width), combine=activation)]
    elif settings.learn and activation.trainable:
        block = [nn.dense(width), nn.learned(activation, axis=-1)]
    else:
        block = [nn.dense(width), as_layer(activation, "train")]
    return [*block * settings.depth, nn.dense(CLASSES)]


class Experiment(NamedTuple):
    """Networks of all seeds, before the first step of training."""

    parts: list[nn.Layer]
    logits: Callable[..., Array]
    loss: Callable[..., Array]
    optimizer: optax.GradientTransformation
    state: training.State
    first: Images  # a batch for measurements before training; the stream does not repeat it
    stream: Iterator[Images]
    placement: Placement


def prepare(name: str, settings: Settings) -> Experiment:
    """Return the networks of an activation; equal settings give equal networks and batches."""
    images, _ = digits()
    parts = network_layers(get(name), settings)
    network = nn.serial(*parts)
    make_optimizer = getattr(optax, settings.optimizer)
    optimizer = make_optimizer(
        settings.learning_rate, **OPTIMIZER_OPTIONS.get(settings.optimizer, {})
    )

    def logits(params: Any, x: Array, key: Array | None = None) -> Array:
        params, x = to_dtype((params, x), settings)
        return network.apply(params, x, key=key).astype(jnp.float32)

    def loss(params: Any, batch: Images, key: Array) -> Array:
        return cross_entropy(logits(params, batch.x, key), batch.y)

    def start(key: Array) -> training.State:
        return training.init(network.init(key, images.x[:1]), optimizer, key)

    placement = Placement.of(settings.seeds)
    keys = jax.random.split(jax.random.key(settings.seed), settings.seeds)
    state = jax.jit(jax.vmap(start), out_shardings=placement.split)(keys[placement.rows])
    stream = map(placement.place, _batches_of_seeds(images, settings, keys[placement.own]))
    return Experiment(parts, logits, loss, optimizer, state, next(stream), stream, placement)


def to_dtype(tree: Any, settings: Settings) -> Any:
    """Return the arrays of a tree in the dtype that the network computes in."""
    return jax.tree.map(lambda leaf: leaf.astype(jnp.dtype(settings.dtype)), tree)


def cross_entropy(logits: Array, labels: Array) -> Array:
    """Return the mean cross-entropy over the batch."""
    return -jnp.mean(jnp.take_along_axis(log_softmax(logits), labels[:, None], axis=-1))


def train(name: str, settings: Settings, *, progress: bool | None = None) -> Result:
    """Train one network a seed, all seeds at once; several processes share the seeds."""
    images, held_out = digits()
    parts, logits, loss, optimizer, state, first, stream, placement = prepare(name, settings)
    everywhere = functools.partial(jax.jit, out_shardings=placement.whole)

    def gradient_norms(state: training.State, first: Images) -> tuple[Array, Array]:
        gradients = jax.vmap(jax.grad(loss), (0, 0, None))(state.params, first, state.key[0])
        begin, end = (jax.vmap(optax.tree.norm)(gradients[i]) for i in (0, -1))
        return begin, end

    one = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), state.params)
    one_batch, key = Images(*(a[: settings.batch] for a in images)), jax.random.key(settings.seed)
    kept = bench.kept(lambda params: loss(params, one_batch, key), one)
    norms = everywhere(gradient_norms)(state, first)

    step: Any = jax.jit(
        jax.vmap(training.step(loss, optimizer)),
        donate_argnums=0,
        out_shardings=(placement.split, placement.whole),
    )
    begin = time.perf_counter()
    compiled = step.lower(state, first).compile()
    ready = time.perf_counter()
    state, history = training.fit(
        compiled, state, stream, settings.steps, progress=progress, description=name
    )
    jax.block_until_ready(state)
    end = time.perf_counter()

    predict = jax.vmap(lambda params: jnp.argmax(logits(params, held_out.x), -1))
    predicted = placement.read(everywhere(predict)(state.params))
    dead = everywhere(jax.vmap(lambda params: _dead_shares(parts, params, images.x)))(state.params)
    return Result(
        activation=name,
        accuracy=np.mean(predicted == held_out.y, axis=1),
        loss=placement.read(history["loss"], 1),
        compile_seconds=ready - begin,
        step_seconds=(end - ready) / settings.steps,
        kept_bytes=sum(array.nbytes for array in kept),
        dead=float(np.mean([placement.read(share) for share in dead])) if dead else None,
        gradient_first=float(np.mean(placement.read(norms[0]))),
        gradient_last=float(np.mean(placement.read(norms[1]))),
    )


def _batches_of_seeds(images: Images, settings: Settings, keys: Array) -> Iterator[Images]:
    """Yield batches whose first axis is the seed; each seed has an order of its own."""
    rows = np.arange(len(images.y))
    streams = [training.batches(rows, settings.batch, key) for key in keys]
    for picked in zip(*streams, strict=True):
        index = np.stack(picked)
        yield Images(images.x[index], images.y[index])


class HiddenLayer(NamedTuple):
    """A hidden layer's answer to some images."""

    activation: Activation[...] | None  # with its trained parameters; None if not elementwise
    inputs: Array  # of the activation, or of the gated block
    outputs: Array


def hidden_layers(
    parts: list[nn.Layer], params: Any, x: Any, sinks: list[diagnostics.Cotangents] | None = None
) -> tuple[list[HiddenLayer], Array]:
    """Return the hidden layers and the logits for the images x.

    Args:
        parts: the layers of the network.
        params: the parameters of each layer, of one seed.
        x: images.
        sinks: one for each hidden layer; receives the gradient of an elementwise activation.
    """
    found: list[HiddenLayer] = []
    h = jnp.asarray(x)
    for part, own in zip(parts, params, strict=True):
        activation = output_of(part, None)
        unit = activation if activation is not None and activation.kind == "elementwise" else None
        if unit is not None:
            unit = unit.bind(**own.get(unit.name, {}))
            h = h if sinks is None else diagnostics.tap(h, sinks[len(found)])
        inputs, h = h, apply(part, own, h, None)
        if activation is not None:
            found.append(HiddenLayer(unit, inputs, h))
    return found, h


def _dead_shares(parts: list[nn.Layer], params: Any, x: np.ndarray) -> list[Array]:
    """Return the share of dead units of each hidden layer whose activation is elementwise."""
    found, _ = hidden_layers(parts, params, x)
    return [
        jnp.mean(diagnostics.dead(layer.activation, layer.inputs))
        for layer in found
        if layer.activation is not None
    ]
