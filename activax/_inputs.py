"""How an activation reads its arrays: checks, dtypes, ranks and packed layouts."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from activax._definition import CONSTANT

LAYOUTS = ("gate_value", "value_gate", "interleaved")


def real(function: str, name: str, value: Any) -> Any:
    """`value` as an array; None, PRNG keys and boolean masks pass."""
    if value is None or name in CONSTANT:
        return value
    value = jnp.asarray(value)
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        raise TypeError(f"{function}: {name} must be real; got a PRNG key")
    if jnp.issubdtype(value.dtype, jnp.complexfloating):
        raise TypeError(
            f"{function}: {name} must be real; got {value.dtype}. "
            "Apply it to the real and the imaginary part, or to the modulus."
        )
    return value


def inexact_dtype(dtype: Any) -> Any:
    """The dtype of the result: floats stay, integers and booleans give the default float."""
    return dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)


def compute_dtype(dtype: Any) -> Any:
    """The dtype in which a float is computed: at least float32."""
    return dtype if jnp.finfo(dtype).bits >= 32 else jnp.float32


def cast(x: Array, dtype: Any) -> Array:
    """x in a dtype; as it is if it has it, because `astype` would make a weak type strong."""
    return x if x.dtype == dtype else x.astype(dtype)


def widen(x: Any) -> Any:
    """A float in its compute dtype; all else as it is."""
    floating = x is not None and jnp.issubdtype(x.dtype, jnp.floating)
    return cast(x, compute_dtype(x.dtype)) if floating else x


def align(function: str, arrays: dict[str, Any]) -> list[Any]:
    """Parameters in the dtype in which the input is computed, all arrays of one rank."""
    (name, x), *parameters = arrays.items()
    x = cast(x, inexact_dtype(x.dtype))
    dtype = compute_dtype(x.dtype)
    ndim = max(jnp.ndim(a) for n, a in arrays.items() if n not in CONSTANT)
    aligned = [_expand(x, ndim)]
    for parameter, a in parameters:
        if parameter in CONSTANT or a is None:
            aligned.append(a)
            continue
        try:
            jnp.broadcast_shapes(x.shape, a.shape)
        except ValueError:
            raise ValueError(
                f"{function}: {parameter} must broadcast against {name}; "
                f"got shapes {a.shape} and {x.shape}"
            ) from None
        aligned.append(_expand(cast(a, dtype), ndim))
    return aligned


def _expand(a: Array, ndim: int) -> Array:
    return lax.expand_dims(a, range(ndim - a.ndim)) if a.ndim < ndim else a


def check_axis(function: str, x: Array, axis: int | tuple[int, ...]) -> None:
    """Raise ValueError unless x has the axis, or all of the axes."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    for a in axes:
        if not isinstance(a, int):
            raise TypeError(f"{function}: axis must be an integer or a tuple of them; got {axis!r}")
        if not -x.ndim <= a < x.ndim:
            raise ValueError(
                f"{function}: axis {a} is out of range for an array of shape {x.shape}"
            )


def split(
    packed: ArrayLike, layout: str | None, axis: int = -1, *, name: str = "split"
) -> tuple[Array, Array]:
    """Split a packed array into `(gate, value)`.

    Args:
        packed: an array whose size along `axis` is even.
        layout: "gate_value" or "value_gate" for halves, "interleaved" for gate, value, gate, ...
        axis: the axis to split.
        name: the function that error messages name.

    Raises:
        ValueError: an unknown layout, or a size that is odd.

    Example:
        >>> activax.split(jnp.arange(4.0), "interleaved")
        (Array([0., 2.], dtype=float32), Array([1., 3.], dtype=float32))
    """
    packed = jnp.asarray(packed)
    if layout not in LAYOUTS:
        raise ValueError(
            f"{name}: one packed array needs layout={', '.join(map(repr, LAYOUTS))}; "
            f"got {layout!r}. Or pass gate and value as two arrays."
        )
    check_axis(name, packed, axis)
    size = packed.shape[axis]
    if size % 2:
        raise ValueError(
            f"{name}: the packed axis must have an even size; got {size} in axis {axis} of "
            f"{packed.shape}"
        )
    if layout == "interleaved":
        gate, value = (lax.slice_in_dim(packed, i, None, 2, axis) for i in (0, 1))
    else:
        gate, value = (lax.slice_in_dim(packed, i, i + size // 2, 1, axis) for i in (0, size // 2))
    return (value, gate) if layout == "value_gate" else (gate, value)
