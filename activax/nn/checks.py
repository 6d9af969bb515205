"""Checks of the arguments of layers; each error names the function that was called."""

import math
import numbers
import operator
from collections.abc import Callable, Collection, Iterable
from typing import Any

import jax
import jax.numpy as jnp


def check_size(function: str, name: str, value: Any) -> None:
    """Raise ValueError unless the value is a positive integer."""
    try:
        size = operator.index(value)
    except TypeError:
        size = 0
    if size < 1 or isinstance(value, bool):
        raise ValueError(f"{function}: {name} must be a positive integer; got {value!r}")


def check_heads(function: str, heads: Any, key_value_heads: Any) -> None:
    """Raise ValueError unless both are positive integers, and the second divides `heads`."""
    check_size(function, "heads", heads)
    if key_value_heads is not None:
        check_size(function, "key_value_heads", key_value_heads)
        if heads % key_value_heads:
            raise ValueError(
                f"{function}: key_value_heads must divide heads; "
                f"got {key_value_heads} and heads={heads}"
            )


def check_number(
    function: str, name: str, value: Any, rule: str, holds: Callable[[float], bool]
) -> None:
    """Raise ValueError unless the value is a number for which the rule holds."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not holds(float(value)):
        raise ValueError(f"{function}: {name} must {rule}; got {value!r}")


def check_rate(function: str, name: str, value: Any) -> None:
    """Raise ValueError unless the value is in [0, 1)."""
    check_number(function, name, value, "be at least 0 and below 1", lambda rate: 0 <= rate < 1)


def check_epsilon(function: str, value: Any) -> None:
    """Raise ValueError unless the value is finite and not negative."""
    check_number(
        function, "epsilon", value, "be finite and not negative", lambda e: 0 <= e < math.inf
    )


def check_functions(function: str, **given: Any) -> None:
    """Raise TypeError unless each of the arguments is a function or None."""
    for name, value in given.items():
        if value is not None and not callable(value):
            raise TypeError(f"{function}: {name} must be a function; got {described(value)}")


def check_axes(function: str, axes: Any, number: int) -> None:
    """Raise unless the axes are that many names or None."""
    if isinstance(axes, str) or not all(isinstance(name, str | None) for name in axes):
        raise TypeError(f"{function}: axes must be names or None; got {axes!r}")
    if len(axes) != number:
        raise ValueError(f"{function}: axes must be {number} names; got {axes!r}")


def check_spatial(function: str, x: Any, number: int) -> None:
    """Raise ValueError unless x has as many spatial axes, and one of channels."""
    if x.ndim <= number:
        raise ValueError(
            f"{function}: x must have spatial={number} axes and one of channels, last; got x of "
            f"shape {x.shape}"
        )


def check_last_axis(function: str, x: Any, size: int) -> None:
    """Raise ValueError unless the last axis of x has the size for which `init` made parameters."""
    if not x.shape or x.shape[-1] != size:
        raise ValueError(
            f"{function}: the last axis of x must be {size}, as in the example that init was "
            f"given; got x of shape {x.shape}"
        )


def check_key(function: str, key: Any) -> None:
    """Raise TypeError unless the key is one PRNG key, typed or of raw words."""
    dtype, shape = getattr(key, "dtype", None), getattr(key, "shape", None)
    if dtype is not None and shape is not None:
        typed = jnp.issubdtype(dtype, jax.dtypes.prng_key)
        if (typed and shape == ()) or (dtype == jnp.uint32 and len(shape) == 1):
            return
    raise TypeError(
        f"{function}: key must be one PRNG key, such as jax.random.key(0); got {described(key)}"
    )


def check_example(function: str, example: Any, *, single: bool) -> None:
    """Raise TypeError unless the example of `init` has shape and dtype."""
    if not _is_array(example) and (single or not _are_arrays(example)):
        raise TypeError(
            f"{function}: example must be an array or a jax.ShapeDtypeStruct, as in "
            f"init(key, jax.ShapeDtypeStruct(shape, jnp.float32)); got {described(example)}"
        )


def check_x(function: str, x: Any, *, single: bool) -> None:
    """Raise TypeError unless the input of `apply` is an array, or a tree of arrays."""
    if not _is_array(x) and (single or not _are_arrays(x)):
        raise TypeError(
            f"{function}: x must be an array, as in apply(params, x); got {described(x)}"
        )


def check_data(function: str, data: Iterable[str], takes: Collection[str]) -> None:
    """Raise TypeError unless the layer takes all of these keyword arguments of `apply`."""
    for name in data:
        if name not in takes:
            raise TypeError(
                f"{function}: apply takes {', '.join(('params', 'x', 'key', *takes))}; got {name!r}"
            )


def check_params(function: str, params: Any, *kinds: type) -> None:
    """Raise TypeError unless the parameters of `apply` are of one of the kinds."""
    if not isinstance(params, kinds):
        raise TypeError(
            f"{function}: params must be made by init, as in apply(params, x); "
            f"got {described(params)}"
        )


def described(value: Any) -> str:
    """Return dtype and shape of an array; for other values a short repr, or the type's name."""
    if _is_array(value):
        return f"{value.dtype}{list(value.shape)}"
    text = repr(value)
    return text if len(text) <= 40 and " at 0x" not in text else type(value).__name__


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "shape")


def _are_arrays(tree: Any) -> bool:
    return all(map(_is_array, jax.tree.leaves(tree)))
