"""Affine maps around an activation."""

import dataclasses
import functools
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.declaration import tier_of
from activax.core.definition import PACKAGE, Derived
from activax.core.elementwise import elementwise_of
from activax.core.residuals import Residual

UNCHANGED = {"scale": 1.0, "shift": 0.0, "in_scale": 1.0, "in_shift": 0.0}


def affine(
    activation: Callable[..., Any],
    *,
    scale: float = 1.0,
    shift: float = 0.0,
    in_scale: float = 1.0,
    in_shift: float = 0.0,
) -> Activation[...]:
    """Scale and shift the input and the output of an activation.

    Every fact of it follows: the slope, kinks, domain and reference, what `activax.lean` may keep
    of straight pieces, and its theory. An affine map of another one is a single one.

    Formula:
        affine(f)(x) = scale f(in_scale x + in_shift) + shift

    Args:
        activation: an elementwise Activation, to which numbers may be bound, or any function of an
            array that acts on each element. Of a lean one its original is taken.
        scale: the factor on the output, not 0.
        shift: what is added to the output.
        in_scale: the factor on the input, not 0.
        in_shift: what is added to the input.

    Returns:
        An Activation without parameters; the given one if nothing changes.

    Raises:
        TypeError: what is not such a function, or an activation with arrays bound to it.
        ValueError: a number that is not finite, or a factor that is 0.

    Example:
        >>> halved = activax.affine(activax.tanh, scale=0.5, shift=0.5, in_scale=0.5)
        >>> bool(jnp.allclose(halved(1.0), activax.sigmoid(1.0)))
        True
        >>> halved
        activax.affine(activax.tanh, scale=0.5, shift=0.5, in_scale=0.5)

    Paper:
        None.
    """
    numbers = {"scale": scale, "shift": shift, "in_scale": in_scale, "in_shift": in_shift}
    for name, value in numbers.items():
        if not math.isfinite(value) or (name.endswith("scale") and value == 0):
            rule = "finite and not 0" if name.endswith("scale") else "finite"
            raise ValueError(f"affine: {name} must be {rule}; got {value}")
    numbers = {name: float(value) for name, value in numbers.items()}
    if isinstance(activation, Activation):
        activation = activation.original
        if activation.kind != "elementwise":
            raise TypeError(
                f"affine: needs an activation that is elementwise; {activation!r} is "
                f"{activation.kind}"
            )
        if activation.arrays:
            raise TypeError(
                f"affine: takes numbers as parameters, but {activation!r} has arrays bound to it"
            )
        derived = activation._definition.derived
        if derived and derived.make is affine:
            activation, numbers = derived.base, _composed(numbers, {**UNCHANGED, **derived.options})
        elif numbers == UNCHANGED:
            return activation
    elif not callable(activation):
        raise TypeError(
            f"affine: needs an activation or a function; got {type(activation).__name__}"
        )
    return _affine(activation, **numbers)


def _composed(outer: dict[str, float], inner: dict[str, float]) -> dict[str, float]:
    return {
        "scale": outer["scale"] * inner["scale"],
        "shift": outer["scale"] * inner["shift"] + outer["shift"],
        "in_scale": inner["in_scale"] * outer["in_scale"],
        "in_shift": inner["in_scale"] * outer["in_shift"] + inner["in_shift"],
    }


@functools.cache
def _affine(base: Callable[..., Any], **numbers: float) -> Activation[...]:
    """Return the same object for equal arguments, so that activations are equal by value."""
    scale, shift, in_scale, in_shift = numbers.values()

    def inside(x: Any) -> Any:
        return in_scale * x + in_shift

    def outside(y: Any) -> Any:
        return scale * y + shift

    name = getattr(base, "__name__", type(base).__name__)
    body, inner, module = base, base, PACKAGE
    facts: dict[str, Any] = {}
    if isinstance(base, Activation):
        body, inner, module = base.body, base.inner, base.__module__
        facts = _facts(base, inside, outside, in_scale, in_shift, scale * in_scale)

    def formula(x: Array) -> Array:
        return outside(body(inside(x)))

    def slope(x: Array) -> Array:
        u = inside(x)
        return scale * in_scale * jax.jvp(inner, (u,), (jnp.ones_like(u),))[1]

    known_as = name if name.isidentifier() else "function"
    formula.__name__ = f"affine_{known_as}"  # in a traced program it is another function
    formula.__module__ = module
    formula.__doc__ = f"{scale:g} f({in_scale:g} x + {in_shift:g}) + {shift:g}, where f is {name}."
    made = elementwise_of(formula, [slope], tier=tier_of(base), ulps=math.inf, **facts)
    changed = {name: value for name, value in numbers.items() if value != UNCHANGED[name]}
    derived = Derived(affine, base, MappingProxyType(changed))
    return Activation(dataclasses.replace(made._definition, name=known_as, derived=derived))


def _facts(
    base: Activation[...],
    inside: Callable[[Any], Any],
    outside: Callable[[Any], Any],
    in_scale: float,
    in_shift: float,
    factor: float,
) -> dict[str, Any]:
    """Return the facts that follow from those of `base`; `factor` scales the slope of `base`."""
    definition = base._definition
    arrays = [base.parameters[name] for name in definition.arrays[1:]]
    statics = {name: base.parameters[name] for name in definition.statics}

    def through(exact: Callable[..., Any]) -> Callable[..., Any]:
        return lambda mp, x: outside(exact(mp, inside(x), *arrays, **statics))

    def before(points: tuple[float, ...]) -> tuple[float, ...]:
        """Return the inputs that the inner map sends to these points."""
        return tuple(sorted((x - in_shift) / in_scale for x in points))

    def piece(residual: Residual, code: Callable[..., Array]) -> Residual:
        def slope(piece: Array) -> Array:
            known = (a if a is None else jnp.asarray(a) for a in arrays)
            return factor * residual.slope(piece, *known, **statics)

        return dataclasses.replace(
            residual,
            slope=slope,
            code=lambda x: code(inside(x), *arrays, **statics),
        )

    return {
        "reference": through(base.reference),
        "surrogate": base.surrogate and through(base.surrogate),
        "kinks": before(base.kinks),
        "domain": before(base.domain),
        # Of a shifted output the slope is not known to its rounding.
        "lean": tuple(
            piece(residual, residual.code)
            for residual in definition.residuals
            if residual.code is not None and not residual.output and residual.fits(base.parameters)
        ),
    }
