"""Values and derivatives of a function of one number, in float64 whatever the program's dtype."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.core.activation import Activation

# A function of an array that acts on each element: an Activation, or any other callable.
ScalarFunction = Callable[..., Any]
Numbers = Any  # a Python number, or an array
# From points (n,) to the value, the slope and so on, (orders + 1, n, channels).
Sampler = Callable[[np.ndarray], np.ndarray]

# Points in one call of the compiled function, for few and for many points. Points are padded to a
# multiple of these sizes, so that a function compiles twice at most.
FEW, MANY = 1024, 16384


def sampler(caller: str, function: ScalarFunction, orders: int) -> Sampler:
    """Return a NumPy function that evaluates `function` and its first derivatives in float64.

    The derivatives are the ones that JAX takes; for a spiking neuron that is its surrogate. Inside
    `jax.jit` the points are evaluated at trace time. JAX's configuration is the same before and
    after. Each element of a bound array is a channel of the result.

    Args:
        caller: the public function that errors name.
        function: the function.
        orders: the number of derivatives.

    Raises:
        TypeError: the function is not elementwise, or depends on traced values.
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


@functools.lru_cache(maxsize=256)  # keeps the compiled program
def _static_sampler(activation: Activation[...], orders: int) -> Sampler:
    return _sampler(activation.name, activation, orders, 0)


@contextlib.contextmanager
def _float64() -> Iterator[None]:
    """Evaluate at trace time, in float64, with default promotion, on the CPU if there is one."""
    try:
        device = jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        device = None
    with (
        jax.ensure_compile_time_eval(),
        jax.enable_x64(True),
        jax.numpy_dtype_promotion("standard"),
        jax.debug_nans(False),  # NaN slopes at single points change no integral
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
        size = FEW if len(points) <= MANY else MANY
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
    # Padding repeats the last point. Reversed, other points stand beside each one: an element that
    # depends on the others changes.
    points = np.array([0.3, -1.7, 2.1])
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
    """Return `function` with the derivative of its last result as one more result."""

    def extended(x: jax.Array) -> tuple[jax.Array, ...]:
        values, tangents = jax.jvp(function, (x,), (jnp.ones_like(x),))
        return (*values, tangents[-1])

    return extended
