"""What flows back through a point of a network, as an ordinary output of `jax.grad`."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import widen
from activax.diagnostics.statistics import summarize
from activax.numerics.squares import best, scales_of, squares_at

MOST = 1 << 32  # elements that may be summed up
SCALES = scales_of(MOST, jnp.float32)
SQUARES = ("squares_of_large", "squares", "squares_of_small")  # by scale


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Cotangents:
    """Sums over the finite elements of a cotangent; those that are not finite are counted apart.

    All are floats that only ever add up, because that is what JAX does with gradients: where a
    point is passed several times, over a mapped batch, over devices. A minimum or a maximum would
    not survive it. The squares are summed at the SCALES, at one of which those of a vanishing or
    exploding gradient neither underflow nor overflow. Counts are rounded beyond 2^24.
    """

    count: Array  # of the finite elements
    zeros: Array
    nonfinite: Array
    total: Array
    magnitudes: Array  # the sum of the absolute values
    squares_of_large: Array  # times SCALES[0]^2
    squares: Array
    squares_of_small: Array  # times SCALES[2]^2


def sink(shape: int | tuple[int, ...] = (), dtype: Any = jnp.float32) -> Cotangents:
    """The zeros to give to `tap`, whose gradient is what `tap` saw.

    Args:
        shape: () for all of a cotangent together, or its last axis for one of each unit. A network
            that is scanned over its layers takes a sink with their number in front.
        dtype: of the sums.

    Returns:
        Cotangents of zeros.

    Example:
        >>> activax.diagnostics.sink().count
        Array(0., dtype=float32)
    """
    zeros = jnp.zeros(shape, dtype)
    return Cotangents(*[zeros] * len(dataclasses.fields(Cotangents)))


def tap(x: Array, sink: Cotangents) -> Array:
    """x as it is; the gradient with respect to the sink describes the cotangent that comes back.

    Nothing is kept for the backward pass, and there is no callback: it works in `jax.jit`,
    `jax.lax.scan`, `jax.checkpoint`, `jax.vmap` and `jax.shard_map`. The rule has to be a
    `jax.custom_vjp`, for what the sink receives is not linear in the cotangent; so a network with a
    tap has no forward mode, while `jax.jvp` of its gradient works.

    Args:
        x: a floating-point array, wherever in the network.
        sink: what `activax.diagnostics.sink` returned, an argument of the function that is
            differentiated, or a slice of it that a scan hands out. Of shape (), or of x's last axis
            for one of each unit.

    Returns:
        x.

    Raises:
        TypeError: a sink that `sink` did not make; x that is not floating-point.
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
    # In a shard_map the sink varies over devices as x does, so that its gradient sums over them.
    zero = lax.full_like(x, 0, sink.count.dtype, shape=())
    return _tapped(x, jax.tree.map(lambda part: part + zero, sink))


@jax.custom_vjp
def _tapped(x: Array, sink: Cotangents) -> Array:
    return x


def _forward(x: Array, sink: Cotangents) -> tuple[Array, Cotangents]:
    return x, sink  # zeros, for its shape and dtype


def _backward(sink: Cotangents, cotangent: Array) -> tuple[Array, Cotangents]:
    axes = tuple(range(cotangent.ndim - sink.count.ndim))
    seen = lax.stop_gradient(widen(cotangent))
    finite = jnp.isfinite(seen)
    values = jnp.where(finite, seen, 0)

    def count(which: Array) -> Array:
        return jnp.sum(which, axes, jnp.uint32)

    squares = jnp.sum(squares_at(SCALES, values, 0), tuple(axis + 1 for axis in axes))
    found = Cotangents(
        count=count(finite),
        zeros=count(seen == 0),
        nonfinite=count(~finite),
        total=jnp.sum(values, axes),
        magnitudes=jnp.sum(jnp.abs(values), axes),
        **dict(zip(SQUARES, squares, strict=True)),
    )
    return cotangent, jax.tree.map(lambda part: part.astype(sink.count.dtype), found)


_tapped.defvjp(_forward, _backward)


@summarize.register
def _(cotangents: Cotangents) -> dict[str, Array]:
    number, elements = cotangents.count, cotangents.count + cotangents.nonfinite
    squares = jnp.stack([getattr(cotangents, name) for name in SQUARES])
    scale, total = best(squares, SCALES, MOST, 0)
    return {
        "elements": elements,
        "mean": cotangents.total / number,
        "magnitude": cotangents.magnitudes / number,
        "rms": jnp.sqrt(total / number) / scale,
        "zero_share": cotangents.zeros / elements,
        "nonfinite_share": cotangents.nonfinite / elements,
    }
