"""A gated unit of any activation, in one call."""

import dataclasses
import functools
from types import MappingProxyType
from typing import Any

from jax import Array

from activax.core.activation import Activation
from activax.core.declaration import check_elementwise
from activax.core.definition import Derived
from activax.core.gated import gated


def glu_of(
    activation: Activation[...], *, layout: str | None = None, axis: int = -1
) -> Activation[...]:
    """Return the gated unit activation(gate) value of any elementwise activation.

    Every fact of the unit follows from the activation. `activax.gated` defines a unit that
    transforms the value, too, or that has parameters of its own.

    Formula:
        glu_of(f)(gate, value) = f(gate) value

    Args:
        activation: an elementwise Activation, to which numbers may be bound. Of a lean one its
            original is taken.
        layout: the order in one packed array: "gate_value", "value_gate" or "interleaved"; None for
            two arrays.
        axis: the packed axis.

    Returns:
        An Activation of gate and value.

    Raises:
        TypeError: what is no elementwise activation, or has arrays bound to it.

    Example:
        >>> unit = activax.glu_of(activax.mish)
        >>> unit
        activax.glu_of(activax.mish)
        >>> unit(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.7301968], dtype=float32)
        >>> activax.glu_of(activax.swish.bind(beta=3.0), layout="gate_value")(jnp.array([1.0, 2.0]))
        Array([1.9051483], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """
    check_elementwise("glu_of", "activation", activation)
    if activation.arrays:
        raise TypeError(
            f"glu_of: takes numbers as parameters, but {activation!r} has arrays bound to it"
        )
    packing = {"layout": layout} | ({"axis": axis} if axis != -1 else {})
    return _glu_of(activation.original).bind(**packing)


@functools.cache
def _glu_of(by: Activation[...]) -> Activation[...]:
    """Return the same object for the same activation, so that units are equal by value."""

    def unit(gate: Any, value: Any = None, *, layout: str | None = None, axis: int = -1) -> Array:
        raise NotImplementedError  # `gated` reads the signature

    unit.__name__, unit.__module__ = f"{by.name}_glu", by.__module__
    unit.__doc__ = f"Gated unit with a gate by {by!r}."
    definition = gated(by=by)(unit)._definition
    derived = Derived(glu_of, by, MappingProxyType({}))
    return Activation(dataclasses.replace(definition, derived=derived))
