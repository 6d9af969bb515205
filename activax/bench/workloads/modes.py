"""Modes of measuring a function: its value, its derivatives, or many layers of it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.bench.workloads.traffic import Traffic, traffic

Function = Callable[..., Any]
LAYERS = 8  # of a scan


class Unmeasurable(ValueError):
    """A function of which a mode cannot make a program."""


class Work(NamedTuple):
    """A function, its arguments, and the least traffic through memory that it needs."""

    function: Function
    arguments: tuple[Any, ...]
    traffic: Traffic


def cotangents(out: Any) -> Any:
    """Return a tree like `out` of numbers of both signs and of magnitudes up to one.

    Raises:
        Unmeasurable: an array has no derivative, because it is not of floats.
    """

    def fill(y: Any) -> Array:
        if not jnp.issubdtype(y.dtype, jnp.floating):
            raise Unmeasurable(f"an array of {y.dtype} has no derivative")
        return jnp.cos(jnp.arange(y.size)).reshape(y.shape).astype(y.dtype)

    return jax.tree.map(fill, out)


def forward(f: Function, arguments: tuple[Any, ...]) -> Work:
    """Return the work of f(*arguments)."""
    return Work(f, arguments, traffic(arguments, jax.eval_shape(f, *arguments)))


def backward(f: Function, arguments: tuple[Any, ...]) -> Work:
    """Return the work of computing the cotangents of the arguments.

    The program reads the arrays that `jax.vjp` keeps, and the cotangent of the result. The traffic
    counts the arguments instead of the kept arrays, because no more than these must be read.
    """
    out, pullback = jax.vjp(f, *arguments)
    program, kept = unbound(pullback)
    cotangent = cotangents(out)
    return Work(program, (kept, cotangent), traffic((arguments, cotangent), arguments))


def unbound(pullback: Any) -> tuple[Function, list[Any]]:
    """Return a pullback as a function of (kept arrays, cotangent), and the kept arrays."""
    kept, structure = jax.tree.flatten(pullback)

    def program(kept: list[Any], cotangent: Any) -> Any:
        return jax.tree.unflatten(structure, kept)(cotangent)

    return program, kept


def forward_backward(f: Function, arguments: tuple[Any, ...]) -> Work:
    """Return the work of value and cotangents in one program, whose parts XLA may share."""
    out = jax.eval_shape(f, *arguments)
    cotangent = cotangents(out)

    def program(arguments: tuple[Any, ...], cotangent: Any) -> Any:
        out, pullback = jax.vjp(f, *arguments)
        return out, pullback(cotangent)

    moved = traffic((arguments, cotangent), (out, arguments))
    return Work(program, (arguments, cotangent), moved)


def jvp(f: Function, arguments: tuple[Any, ...]) -> Work:
    """Return the work of f(*arguments) and its differential along a tangent of all arguments."""
    tangents = cotangents(arguments)
    out = jax.eval_shape(f, *arguments)

    def program(arguments: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
        return jax.jvp(f, arguments, tangents)

    return Work(program, (arguments, tangents), traffic((arguments, tangents), (out, out)))


def scanned(f: Function, arguments: tuple[Any, ...]) -> Work:
    """Return the work of forward and backward of LAYERS residual layers in a `lax.scan`.

    A layer is h <- x + f(..., h), where the state h is the last argument. Each layer has its own x
    and its own other arguments; the new x keeps h from drifting to 0.

    Raises:
        Unmeasurable: the result of f is not like its last argument.
    """
    *others, state = arguments
    out = jax.eval_shape(f, *arguments)
    if traffic((), out) != traffic((), state):
        raise Unmeasurable("its result is not like its last argument, so it cannot be repeated")

    def stacked(array: Array) -> Array:
        return jnp.tile(array, (LAYERS, *[1] * array.ndim))

    layers = jax.tree.map(stacked, ([*others], state))

    def network(layers: Any, state: Array) -> Array:
        def layer(state: Array, own: Any) -> tuple[Array, None]:
            others, x = own
            return x + f(*others, state), None

        return lax.scan(layer, state, layers)[0]

    return forward_backward(network, (layers, state))


MODES: Mapping[str, Callable[[Function, tuple[Any, ...]], Work]] = {
    "forward": forward,
    "backward": backward,
    "forward+backward": forward_backward,
    "jvp": jvp,
    "scan": scanned,
}
