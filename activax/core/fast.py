"""Activations that are as exact as those of other libraries, and as fast."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from activax.core.activation import Activation
from activax.core.declaration import UNBOUNDED, tier_of
from activax.core.definition import PACKAGE, Definition, Derived
from activax.numerics.mode import Mode, at, tracing

P = ParamSpec("P")
T = TypeVar("T")

# The largest errors of value and slope, in ulps, where they are not those of the definition, of
# 6 million inputs, and a tenth more. tests/core/test_fast.py checks them.
BOUNDS = {
    "dyt": (5.5, 6.5),
    "gelu": (75.0, 75.0),
    "gelu_clipped": (75.0, 75.0),
    "gelu_tanh": (220.0, 205.0),
    "laplace_cdf_gate": (300.0, 310.0),
    "lisht": (5.0, 6.5),
    "mish": (4.0, 52.0),
    "quick_gelu": (92.0, 105.0),
    "tanh": (5.0, 6.5),
    "tanh_shrink": (5.0, 10.0),
}


@overload
def fast(f: Activation[P]) -> Activation[P]: ...
@overload
def fast(f: Callable[P, T]) -> Callable[P, T]: ...
def fast(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f` with every activation in it computed in one float32 word.

    By default float32 kernels carry a second word where one word loses digits: an error of a is a
    relative error of exp(-a). Without it a tail of size exp(-a) is off by up to 4 a ulp, so by some
    300 ulp next to the smallest number, where a is 87. `tanh` is that of XLA. 16-bit results and
    float64 do not change.

    Args:
        f: an activation, or any function that calls some: the `apply` of a network of `activax.nn`,
            Flax, Equinox or Haiku.

    Returns:
        Of an activation, an activation whose `ulps` are those of its fast form; of another
        function, a function of the same arguments.

    Raises:
        TypeError: an `f` that cannot be called.

    Example:
        >>> activax.fast(activax.gelu_tanh)
        activax.fast(activax.gelu_tanh)
        >>> float(activax.fast(activax.gelu_tanh)(1.0))
        0.8411920070648193
        >>> activax.fast(activax.relu).ulps == activax.relu.ulps
        True
    """
    if isinstance(f, Activation):
        return _of_activation(f)
    if not callable(f):
        raise TypeError(
            f"fast: f must be an activation or a function that calls some; got {type(f).__name__}"
        )
    return at(Mode.FAST)(f)


def _of_activation(activation: Activation[...]) -> Any:
    derived = activation._definition.derived
    if derived and derived.make is fast:
        return activation
    if derived:
        return derived.make(fast(activation._base), **activation._options)
    return _fast(activation._plain).bind(**activation._numbers, **activation._leaves)


@functools.cache
def _fast(plain: Activation[...]) -> Activation[...]:
    """Return the same object for the same activation, so that activations are equal by value."""
    definition = plain._definition

    def body(*arrays: Any, **statics: Any) -> Any:
        mode = Mode.FAST if tracing.value is Mode.SINGLE else tracing.value
        with tracing(mode):
            return definition.body(*arrays, **statics)

    return Activation(
        dataclasses.replace(
            definition,
            tier=tier_of(plain),
            body=functools.wraps(definition.body)(body),
            pipeline=dataclasses.replace(definition.pipeline, fast=True),
            ulps=_ulps(definition),
            derived=Derived(fast, plain, {}),
        )
    )


def _ulps(definition: Definition) -> tuple[float, float]:
    """Return the bounds of the fast form; those of gated units and of a user are not known."""
    known = definition.module == PACKAGE and definition.kind != "gated"
    return BOUNDS.get(definition.name, definition.ulps) if known else UNBOUNDED
