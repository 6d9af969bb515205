"""Values and derivatives of a function of one number, in float64 whatever the program's dtype."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.core.activation import Activation

ScalarFunction = Callable[..., Any]
# From points (n,) to values and derivatives in turn, (orders + 1, n, channels).
Sampler = Callable[[np.ndarray], np.ndarray]

# Points in one call, of few and of many: with two shapes, a function compiles twice at most.
SIZE, MANY = 1024, 16384


def sampler(caller: str, function: ScalarFunction, orders: int) -> Sampler:
    """How to evaluate an elementwise function and its first derivatives, anywhere and exactly.

    The derivatives are those that JAX takes: of a spiking neuron, its surrogate. The points are
    evaluated at once, at trace time inside of `jax.jit`, and no configuration is left changed. What
    a function does to the elements of a bound array are the channels of the result.

    Raises:
        TypeError: a function that is not elementwise, or that depends on traced values.
    """
    if not isinstance(function, Activation):
        if isinstance(function, str):
            raise TypeError(f"{caller}: needs a function; use activax.get({function!r})")
        if not callable(function):
            raise TypeError(f"{caller}: needs a function; got {type(function).__name__}")
        return _sampler(caller, function, orders, 0)
    if function.kind != "elementwise":
        raise TypeError(
            f"{caller}: needs an elementwise activation; {function!r} is {function.kind}, so its "
            "moments depend on more than one number"
        )
    if not function.arrays:
        return _static_sampler(function, orders)
    ndim = max(map(jnp.ndim, function.arrays.values()))
    return _sampler(caller, function, orders, ndim)


@functools.lru_cache(maxsize=256)  # what is kept is the compiled program
def _static_sampler(activation: Activation[...], orders: int) -> Sampler:
    return _sampler(activation.name, activation, orders, 0)


@contextlib.contextmanager
def _float64() -> Iterator[None]:
    """Evaluate now, in float64, by JAX's default promotion and, where there is one, on the CPU."""
    try:
        device = jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        device = None
    with (
        jax.ensure_compile_time_eval(),
        jax.enable_x64(True),
        jax.numpy_dtype_promotion("standard"),
        jax.debug_nans(False),  # a slope at a kink may be NaN, which matters to no integral
        jax.default_device(device),
    ):
        yield


def _sampler(caller: str, function: ScalarFunction, orders: int, ndim: int) -> Sampler:
    def value(x: jax.Array) -> tuple[jax.Array, ...]:
        out = jnp.asarray(function(x), jnp.float64)
        if ndim == 0 and out.shape != x.shape:
            raise TypeError(
                f"{caller}: needs a function that acts on each element; {function!r} turns the "
                f"shape {x.shape} into {out.shape}"
            )
        return (out,)

    derivatives: Callable[[jax.Array], tuple[jax.Array, ...]] = value
    for _ in range(orders):
        derivatives = _and_derivative(derivatives)
    compiled = jax.jit(lambda x: jnp.stack(derivatives(x)))

    def sample(points: np.ndarray) -> np.ndarray:
        size = SIZE if len(points) <= MANY else MANY
        padding = -len(points) % size
        padded = np.concatenate([points, np.full(padding, points[-1])])
        with _float64():
            parts = [
                compiled(jnp.asarray(part, jnp.float64).reshape(size, *[1] * ndim))
                for part in padded.reshape(-1, size)
            ]
            if any(isinstance(part, jax.core.Tracer) for part in parts):
                raise TypeError(
                    f"{caller}: {function!r} depends on values that jax.jit traces; call it "
                    "outside, or with parameters that are numbers"
                )
            samples = [np.asarray(part).reshape(orders + 1, size, -1) for part in parts]
        return np.concatenate(samples, 1)[:, : len(points)]

    if isinstance(function, Activation):
        return sample
    points = np.array([0.3, -1.7, 2.1])  # padded with the last and then with the first
    there, back = sample(points)[0], sample(points[::-1])[0][::-1]
    if not np.allclose(there, back, rtol=1e-6, equal_nan=True):
        raise TypeError(
            f"{caller}: needs a function that acts on each element; an element of the result of "
            f"{function!r} depends on the others"
        )
    return sample


def _and_derivative(
    function: Callable[[jax.Array], tuple[jax.Array, ...]],
) -> Callable[[jax.Array], tuple[jax.Array, ...]]:
    """A function that returns what the given one does and the derivative of its last result."""

    def extended(x: jax.Array) -> tuple[jax.Array, ...]:
        values, tangents = jax.jvp(function, (x,), (jnp.ones_like(x),))
        return (*values, tangents[-1])

    return extended
