"""The cotangents at a point of a network, as an ordinary output of `jax.grad`."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import widen
from activax.diagnostics.summaries import summarize
from activax.numerics.squares import best, scales_of, squares_at

MOST_ELEMENTS = 1 << 32  # how many may be summed
SQUARE_SCALES = scales_of(MOST_ELEMENTS, jnp.float32)
SQUARE_FIELDS = ("squares_of_large", "squares", "squares_of_small")  # one field a scale


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Cotangents:
    """Sums over the finite elements of a cotangent; the other elements are only counted.

    JAX adds gradients: where a point is passed several times, over a mapped batch, over devices. So
    every field is a float sum; a minimum or a maximum would not survive the addition. The squares
    are summed at each of the SQUARE_SCALES. At one of these scales the squares of a vanishing or
    exploding gradient neither underflow nor overflow. Counts are rounded beyond 2^24.
    """

    count: Array  # of the finite elements
    zeros: Array
    nonfinite: Array
    total: Array
    magnitudes: Array  # the sum of the absolute values
    squares_of_large: Array  # times SQUARE_SCALES[0]^2
    squares: Array
    squares_of_small: Array  # times SQUARE_SCALES[2]^2


def sink(shape: int | tuple[int, ...] = (), dtype: Any = jnp.float32) -> Cotangents:
    """Return zeros for `tap`; the gradient with respect to them describes the cotangent.

    Args:
        shape: () for sums over the whole cotangent, or the size of its last axis for sums of each
            unit. A network that scans over its layers takes a sink with the number of layers in
            front.
        dtype: the dtype of the sums.

    Returns:
        Cotangents of zeros.

    Example:
        >>> activax.diagnostics.sink().count
        Array(0., dtype=float32)
    """
    zeros = jnp.zeros(shape, dtype)
    return Cotangents(*[zeros] * len(dataclasses.fields(Cotangents)))


def tap(x: Array, sink: Cotangents) -> Array:
    """Return x unchanged; the gradient with respect to the sink describes the cotangent of x.

    The backward pass keeps nothing for the tap, and there is no callback. So a tap works in
    `jax.jit`, `jax.lax.scan`, `jax.checkpoint`, `jax.vmap` and `jax.shard_map`. The sums that the
    sink receives are not linear in the cotangent, so the rule has to be a `jax.custom_vjp`. A
    network with a tap therefore has no forward mode, but `jax.jvp` of its gradient works.

    Args:
        x: a floating-point array, wherever in the network.
        sink: the result of `activax.diagnostics.sink`, passed as an argument of the differentiated
            function, or the slice of it that a scan hands out. Its shape is (), or the last axis of
            x for sums of each unit.

    Returns:
        The array x.

    Raises:
        TypeError: a sink that `activax.diagnostics.sink` did not make; x that is not
            floating-point.
        ValueError: a sink of another shape.

    Example:
        >>> def loss(w, sink):
        ...     hidden = activax.diagnostics.tap(w * jnp.arange(4.0), sink)
        ...     return jnp.sum(hidden**2)
        >>> empty = activax.diagnostics.sink()
        >>> gradient, seen = jax.grad(loss, argnums=(0, 1))(1.0, empty)
        >>> activax.diagnostics.summarize(seen)["magnitude"]
        Array(3., dtype=float32)
    """
    if not isinstance(sink, Cotangents):
        raise TypeError(
            f"tap: sink must be what activax.diagnostics.sink returned; got {type(sink).__name__}"
        )
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise TypeError(f"tap: x must be floating-point, or nothing flows back; got {x.dtype}")
    shapes = {part.shape for part in jax.tree.leaves(sink)}
    if not shapes <= {()} and not shapes <= {x.shape[-1:]}:
        raise ValueError(
            f"tap: the sink must be of shape (), or {x.shape[-1:]} for one of each unit of x; "
            f"got {' and '.join(map(str, sorted(shapes)))} for x of shape {x.shape}. In a scan "
            "over layers the sink goes with their parameters, so that each gets its own slice."
        )
    # In a shard_map the sink then varies over devices as x does, so its gradient sums over devices.
    zero = lax.full_like(x, 0, sink.count.dtype, shape=())
    return _tapped(x, jax.tree.map(lambda part: part + zero, sink))


@jax.custom_vjp
def _tapped(x: Array, sink: Cotangents) -> Array:
    return x


def _forward(x: Array, sink: Cotangents) -> tuple[Array, Cotangents]:
    return x, sink  # zeros: the backward pass reads only their shape and dtype


def _backward(sink: Cotangents, cotangent: Array) -> tuple[Array, Cotangents]:
    axes = tuple(range(cotangent.ndim - sink.count.ndim))
    seen = lax.stop_gradient(widen(cotangent))
    finite = jnp.isfinite(seen)
    values = jnp.where(finite, seen, 0)

    def count(which: Array) -> Array:
        return jnp.sum(which, axes, jnp.uint32)

    squares = jnp.sum(squares_at(SQUARE_SCALES, values, 0), tuple(axis + 1 for axis in axes))
    found = Cotangents(
        count=count(finite),
        zeros=count(seen == 0),
        nonfinite=count(~finite),
        total=jnp.sum(values, axes),
        magnitudes=jnp.sum(jnp.abs(values), axes),
        **dict(zip(SQUARE_FIELDS, squares, strict=True)),
    )
    return cotangent, jax.tree.map(lambda part: part.astype(sink.count.dtype), found)


_tapped.defvjp(_forward, _backward)


@summarize.register
def _summarize_cotangents(cotangents: Cotangents) -> dict[str, Array]:
    number, elements = cotangents.count, cotangents.count + cotangents.nonfinite
    squares = jnp.stack([getattr(cotangents, name) for name in SQUARE_FIELDS])
    scale, total = best(squares, SQUARE_SCALES, MOST_ELEMENTS, 0)
    return {
        "elements": elements,
        "mean": cotangents.total / number,
        "magnitude": cotangents.magnitudes / number,
        "rms": jnp.sqrt(total / number) / scale,
        "zero_share": cotangents.zeros / elements,
        "nonfinite_share": cotangents.nonfinite / elements,
    }
