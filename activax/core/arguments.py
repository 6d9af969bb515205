"""Checks, dtypes and ranks of the arguments of an activation."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.mode import PLAIN, Mode, tracing


def real(function: str, name: str, value: Any) -> Array:
    """Return `value` as an array; refuse complex numbers and PRNG keys."""
    value = jnp.asarray(value)
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        raise TypeError(f"{function}: {name} must be real; got a PRNG key")
    if jnp.issubdtype(value.dtype, jnp.complexfloating):
        raise TypeError(
            f"{function}: {name} must be real; got {value.dtype}. "
            "Apply it to the real and the imaginary part, or to the modulus."
        )
    return value


def complex_array(function: str, name: str, value: Any) -> Array:
    """Return `value` as a complex array; a real one has no imaginary part."""
    value = jnp.asarray(value)
    if jnp.issubdtype(value.dtype, jnp.complexfloating):
        return lax.convert_element_type(value, value.dtype)  # which is not weak
    value = real(function, name, value)
    wide = inexact_dtype(value.dtype) == jnp.float64
    return value.astype(jnp.complex128 if wide else jnp.complex64)


def inexact_dtype(dtype: Any) -> Any:
    """Return the dtype of the result: that of a float, and else the default float."""
    return dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)


def compute_dtype(dtype: Any) -> Any:
    """Return the dtype in which a float is computed: at least float32."""
    return dtype if jnp.finfo(dtype).bits >= 32 else jnp.float32


def cast(x: Array, dtype: Any) -> Array:
    """Return x in a dtype; x itself if it has that dtype, since `astype` ends a weak type."""
    return x if x.dtype == dtype else x.astype(dtype)


def widen(x: Any) -> Any:
    """Return a float of less than 32 bits as a float32, and all else as it is."""
    narrow = x is not None and x.dtype.itemsize < 4 and jnp.issubdtype(x.dtype, jnp.floating)
    return x.astype(jnp.float32) if narrow else x


def mode_of(dtype: Any, *, fast: bool = False) -> Mode:
    """Return the mode for a result of `dtype`.

    BFLOAT16 is the mode of such results and of everything computed on the way to one, PLAIN that of
    everything in a plain function, FAST that of float32 in a fast one, and SINGLE that of the rest.
    """
    if tracing.value in PLAIN:
        return Mode.PLAIN
    if dtype == jnp.bfloat16 or tracing.value is Mode.BFLOAT16:
        return Mode.BFLOAT16
    fast |= tracing.value is Mode.FAST
    return Mode.FAST if fast and dtype == jnp.float32 else Mode.SINGLE


def weaken(out: Array, *inputs: Any) -> Array:
    """Return `out`, of a weak type if all arrays among the inputs have one, as in JAX."""
    if not all(a is None or getattr(a, "weak_type", False) for a in inputs):
        return out
    weak = functools.partial(lax.full_like, 0.0)
    for _ in range(out.ndim):
        weak = jax.vmap(weak)
    return weak(out)


def align(function: str, arrays: dict[str, Array]) -> list[Array]:
    """Return the input and its parameters with one rank, the parameters in the compute dtype."""
    (name, x), *parameters = arrays.items()
    if not jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(inexact_dtype(x.dtype))
    if not parameters:
        return [x]
    dtype = compute_dtype(x.dtype)
    ndim = max(a.ndim for a in arrays.values())
    aligned = [_expand(x, ndim)]
    for parameter, a in parameters:
        if _broadcast(x.shape, a.shape) is None:
            raise ValueError(
                f"{function}: {parameter} must broadcast against {name}; "
                f"got shapes {a.shape} and {x.shape}"
            )
        aligned.append(_expand(cast(a, dtype), ndim))
    return aligned


def mask_of(function: str, x: Array, name: str, value: Any) -> Array:
    """Return a boolean mask of x with the rank of x."""
    mask = jnp.asarray(value)
    if mask.dtype != jnp.bool_:
        raise TypeError(
            f"{function}: {name} must be boolean; got {mask.dtype}. Compare first, as in x > 0."
        )
    if _broadcast(x.shape, mask.shape) != x.shape:
        raise ValueError(
            f"{function}: {name} must broadcast to the shape of x; "
            f"got shapes {mask.shape} and {x.shape}"
        )
    return _expand(mask, x.ndim)


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return jnp.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _expand(a: Array, ndim: int) -> Array:
    return lax.expand_dims(a, range(ndim - a.ndim)) if a.ndim < ndim else a


def check_axis(
    function: str,
    x: Array,
    axis: int | tuple[int, ...],
    *,
    several: bool = True,
    pair: bool = False,
) -> None:
    """Raise unless x has the axis, or all where `several` are allowed or they are a `pair`."""
    axes = axis if several and isinstance(axis, tuple) else (axis,)
    places = set()
    for a in axes:
        if not isinstance(a, int):
            rule = "an integer or a tuple of them" if several else "one integer"
            raise TypeError(f"{function}: axis must be {rule}; got {axis!r}")
        if not -x.ndim <= a < x.ndim:
            raise ValueError(
                f"{function}: axis {a} is out of range for an array of shape {x.shape}"
            )
        places.add(a % x.ndim)
    if pair and not len(axes) == len(places) == 2:
        raise ValueError(f"{function}: axis must be two different axes, as in (-2, -1); got {axis}")
