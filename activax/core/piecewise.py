"""The decorator of activations made of pieces, safe against pieces that are not taken."""

import functools
import inspect
import itertools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.declaration import (
    Defined,
    Formula,
    Kinks,
    P,
    declared_as,
    derivative_by,
    positional,
)
from activax.core.elementwise import elementwise_of
from activax.core.ranges import ANY, Ranges

Edges = tuple[float, ...] | Callable[..., tuple[Any, ...]]


def piecewise(
    *pieces: Callable[..., Any],
    edges: Edges,
    side: str = "left",
    kinks: Kinks | None = None,
    reference: Callable[..., Any] | None = None,
    keys: tuple[str, ...] = (),
    ranges: Ranges = ANY,
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an elementwise activation by a formula for each interval between edges.

    Each piece sees the inputs of its own interval alone, and elsewhere a number inside of it. So a
    piece that is infinite or NaN outside, or whose slope is, spoils neither value nor gradient, of
    any order, as `jnp.where(x > 0, jnp.sqrt(x), 0)` would. Slopes are those of the pieces, by
    `jax.jvp`; NaN gives NaN in both.

    The decorated function gives the signature and the docstring, and its body is not run: its first
    parameter is the input, other positional parameters are differentiated, and keyword-only
    parameters are static, as in `activax.elementwise`. All go to every piece. An activation that
    is defined at the top of a module pickles by its name there.

    Args:
        *pieces: functions of an array (and of the parameters) that act on each element, one for
            each interval from left to right; one may return a number.
        edges: where a piece ends and the next begins, increasing, one fewer than the pieces; or
            a function of parameters, by their names, that returns them.
        side: the piece to which an edge itself belongs, with its slope: the one on the "left" or
            on the "right", as in `numpy.searchsorted`.
        kinks: the edges at which the value or the slope jumps, given as the edges are; by default
            all.
        reference: as for `activax.elementwise`.
        keys: the names of the parameters that are PRNG keys.
        ranges: the `activax.Range` of each parameter that may not be any finite number.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: a piece that is not a function.
        ValueError: a number of edges that does not fit the pieces, edges that are not finite and
            increasing, or another side; in a call, a piece that changes the shape of its input.

    Example:
        >>> @activax.piecewise(lambda x: 0.0, jnp.sqrt, edges=(0.0,))
        ... def root(x):
        ...     "The square root, and 0 below."
        >>> root(jnp.array([-4.0, 0.0, 4.0]))
        Array([0., 0., 2.], dtype=float32)
        >>> jax.grad(lambda x: root(x).sum())(jnp.array([-4.0, 0.0, 4.0]))
        Array([0.  , 0.  , 0.25], dtype=float32)
        >>> root.kinks
        (0.0,)
    """
    for i, piece in enumerate(pieces):
        if not callable(piece):
            raise TypeError(
                f"piecewise: piece {i} must be a function; got {piece!r}. "
                f"For a constant write lambda x: {piece!r}."
            )
    if side not in ("left", "right"):
        raise ValueError(f"piecewise: side must be 'left' or 'right'; got {side!r}")
    if not callable(edges):
        _check_edges(edges, len(pieces))
    edges_of = edges if callable(edges) else lambda: edges
    edge_names = tuple(inspect.signature(edges_of).parameters)
    reached = operator.gt if side == "left" else operator.ge

    def define(declaration: Formula[P]) -> Defined[P]:
        name, signature = declaration.__name__, inspect.signature(declaration)
        inputs = positional(signature)

        def parts(
            arrays: tuple[Array, ...], statics: dict[str, Any]
        ) -> Iterator[tuple[Callable[..., Array], Array, Array]]:
            """Yield each piece, the mask of its interval, and x, kept inside of the interval."""
            x = arrays[0]
            known = {**dict(zip(inputs, arrays, strict=True)), **statics}
            ends = [jnp.asarray(e, x.dtype) for e in edges_of(*(known[n] for n in edge_names))]
            if callable(edges) and len(ends) != len(pieces) - 1:
                raise ValueError(_wrong_number(name, len(pieces), len(ends)))
            beyond = [reached(x, end) for end in ends]
            shape = jnp.broadcast_shapes(*(jnp.shape(known[n]) for n in inputs if n not in keys))
            for i, piece in enumerate(pieces):
                here = ~jnp.isnan(x)
                if i > 0:
                    here &= beyond[i - 1]
                if i < len(ends):
                    here &= ~beyond[i]
                here = jnp.broadcast_to(here, shape)
                inside = jnp.where(here, x, jnp.broadcast_to(_inside(ends, i, x), shape))
                yield functools.partial(_evaluate, name, i, piece, statics), here, inside

        @declared_as(declaration)
        def formula(*arrays: Any, **statics: Any) -> Array:
            out = arrays[0]  # for NaN, which is in no interval
            for piece, here, inside in parts(arrays, statics):
                out = jnp.where(here, piece(inside, *arrays[1:]), out)
            return out

        def slope_by(argument: int) -> Callable[..., Array]:
            def slope(*arrays: Any, **statics: Any) -> Array:
                out = arrays[0]
                for piece, here, inside in parts(arrays, statics):
                    at = [inside, *arrays[1:]]
                    at[argument] = jnp.broadcast_to(at[argument], inside.shape)
                    ones = jnp.ones_like(at[argument])
                    out = jnp.where(here, derivative_by(piece, argument, at, ones), out)
                return out

            return slope

        return elementwise_of(
            formula,
            [slope_by(i) for i, n in enumerate(inputs) if n not in keys],
            tier="derived",
            reference=reference,
            kinks=edges if kinks is None else kinks,
            keys=keys,
            ranges=ranges,
        )

    return define


def _evaluate(
    name: str, index: int, piece: Callable[..., Any], statics: dict[str, Any], x: Array, *rest: Any
) -> Array:
    """Return the result of a piece in the dtype and the shape of x."""
    out = jnp.asarray(piece(x, *rest, **statics)).astype(x.dtype)
    of_parameters = jnp.broadcast_shapes(*map(jnp.shape, rest))
    if out.shape not in ((), of_parameters, x.shape):
        raise ValueError(
            f"{name}: piece {index} must act on each element; it turns the shape {x.shape} into "
            f"{out.shape}"
        )
    return jnp.broadcast_to(out, x.shape)


def _inside(ends: list[Array], index: int, x: Array) -> Array:
    """Return a number inside of an interval, far from its ends."""
    if not ends:
        return jnp.zeros_like(x)
    if index == 0:
        return ends[0] - (1 + jnp.abs(ends[0]))
    if index == len(ends):
        return ends[-1] + (1 + jnp.abs(ends[-1]))
    return ends[index - 1] / 2 + ends[index] / 2


def _check_edges(edges: tuple[float, ...], pieces: int) -> None:
    if len(edges) != pieces - 1:
        raise ValueError(_wrong_number("piecewise", pieces, len(edges)))
    increasing = all(a < b for a, b in itertools.pairwise(edges))
    if not (increasing and all(map(math.isfinite, edges))):
        raise ValueError(f"piecewise: edges must be finite and increasing; got {edges}")


def _wrong_number(function: str, pieces: int, edges: int) -> str:
    return f"{function}: {pieces} pieces need {pieces - 1} edges between them; got {edges}"
