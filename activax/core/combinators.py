"""Activations that are built from others: a self-gated unit and a mixture."""

import inspect
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.declaration import (
    Defined,
    Formula,
    P,
    check_elementwise,
    declared_as,
    derivative_by,
    positional,
    tier_of,
)
from activax.core.elementwise import elementwise_of
from activax.numerics.selects import clip, largest_finite, limit_product


def self_gated(
    gate: Activation[...], *, vanishes: bool = True, **options: Any
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an activation that is its input times a gate: f(x) = x g(x).

    The decorated function gives the name, the docstring and the parameters, which are those of the
    gate; its body is not run. Value and slope are right at infinity, where the gate may be 0. The
    relative error of the slope grows where g(x) and x g'(x) cancel, next to a minimum of f.

    Args:
        gate: the elementwise activation g.
        vanishes: whether the gate tends to 0 at an infinity, where f is then 0.
        **options: facts of the activation, as for `activax.elementwise`: `lean`, `ulps`.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: a gate that is no elementwise activation, or a parameter that the gate has not.

    Example:
        >>> @activax.self_gated(activax.tanh)
        ... def bent(x):
        ...     "Even and not negative."
        >>> bent(jnp.array([-1.0, 0.0, jnp.inf]))
        Array([0.7615942, 0.       ,       inf], dtype=float32)
        >>> bent.tier, bent.section("Formula")
        ('derived', 'bent(x) = x tanh(x)')
    """
    check_elementwise("self_gated", "gate", gate)

    def define(declaration: Formula[P]) -> Defined[P]:
        name, signature = declaration.__name__, inspect.signature(declaration)
        names = positional(signature)[1:]
        for parameter in list(signature.parameters)[1:]:
            if parameter not in gate.parameters:
                raise TypeError(f"{name}: the gate {gate!r} has no parameter {parameter!r}")

        @declared_as(declaration)
        def formula(*arrays: Any, **statics: Any) -> Array:
            factor = gate.body(*arrays, **statics)
            return limit_product(arrays[0], factor) if vanishes else factor * arrays[0]

        def slope(x: Array, *parameters: Any, **statics: Any) -> Array:
            by_x = gate.derivative(x, jnp.ones_like(x), *parameters, **statics)
            # At infinity g' is 0, or g is infinite and the product does not matter.
            end = largest_finite(x)
            return gate.inner(x, *parameters, **statics) + clip(x, -end, end) * by_x

        def slope_by(position: int) -> Callable[..., Array]:
            def slope(*arrays: Any, **statics: Any) -> Array:
                alike = jnp.broadcast_arrays(*arrays)
                ones = jnp.ones_like(alike[position])
                factor = derivative_by(gate.inner, position, alike, ones, **statics)
                return limit_product(alike[0], factor)

            return slope

        def exact(of: Callable[..., Any]) -> Callable[..., Any]:
            def product(mp: Any, x: Any, *parameters: Any, **statics: Any) -> Any:
                given = {**gate.parameters, **dict(zip(names, parameters, strict=True)), **statics}
                return x * of(mp, x, **given)

            return product

        others = [slope_by(i) for i, n in enumerate(names, 1) if n not in gate.keys]
        kinks = gate._definition.kinks
        moving = callable(kinks) and {*inspect.signature(kinks).parameters} <= {*names}
        ranges = {n: gate.ranges[n] for n in signature.parameters if n in gate.ranges}
        return elementwise_of(
            formula,
            (slope, *others),
            tier=tier_of(gate),
            formula_text=f"{name}(x) = x {gate.name}({', '.join(('x', *names))})",
            reference=exact(gate.reference),
            surrogate=gate.surrogate and exact(gate.surrogate),
            kinks=kinks if moving else gate.kinks,
            domain=gate.domain,
            ranges=ranges,
            keys=tuple(n for n in names if n in gate.keys),
            **options,
        )

    return define


def mix(
    first: Activation[...], second: Activation[...], **options: Any
) -> Callable[[Formula[P]], Defined[P]]:
    """Define a blend of two activations: f(x) = w a(x) + (1 - w) b(x), where w is trained.

    The decorated function gives the name, the docstring and the parameters `(x, weight=0.5)`; its
    body is not run. Arrays of weights broadcast against x.

    Args:
        first: the elementwise activation a; numbers may be bound to it.
        second: the elementwise activation b; numbers may be bound to it.
        **options: facts of the activation, as for `activax.elementwise`: `ranges`, `ulps`.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: what is no elementwise activation, or has arrays bound to it; a declared function
            of other parameters.

    Example:
        >>> @activax.mix(activax.relu, activax.tanh)
        ... def blend(x, weight=0.5):
        ...     "A rectifier with a bounded part."
        >>> blend(jnp.array([-1.0, 1.0]), 0.25)
        Array([-0.57119566,  0.82119566], dtype=float32)

    Paper:
        Sutfeld, Brieger, Finger, Fullhase & Pipa 2018, Adaptive Blending Units: Trainable
        Activation Functions for Deep Neural Networks, arXiv:1806.10064.
    """
    for role, part in {"first": first, "second": second}.items():
        check_elementwise("mix", role, part)
        if part.arrays:
            raise TypeError(f"mix: {role} must have no arrays bound to it; {part!r} has")

    def exact(of: Callable[[Activation[...]], Any]) -> Callable[..., Any]:
        def blended(mp: Any, x: Any, weight: Any) -> Any:
            a, b = (of(part)(mp, x, **part.parameters) for part in (first, second))
            return weight * a + (1 - weight) * b

        return blended

    def slope(x: Array, weight: Array) -> Array:
        ones = jnp.ones_like(x)
        return weight * first.derivative(x, ones) + (1 - weight) * second.derivative(x, ones)

    def slope_by_weight(x: Array, weight: Array) -> Array:
        return first.inner(x) - second.inner(x)

    def define(declaration: Formula[P]) -> Defined[P]:
        name, names = declaration.__name__, tuple(inspect.signature(declaration).parameters)
        if len(names) != 2:
            raise TypeError(f"{name}: mix takes an input and a weight; got {', '.join(names)}")

        @declared_as(declaration)
        def formula(x: Array, weight: Array) -> Array:
            return limit_product(first.body(x), weight) + limit_product(second.body(x), 1 - weight)

        weight, surrogate = names[1], first.surrogate or second.surrogate
        return elementwise_of(
            formula,
            (slope, slope_by_weight),
            tier=tier_of(first, second),
            formula_text=(
                f"{name}(x, {weight}) = {weight} {first.name}(x) + (1 - {weight}) {second.name}(x)"
            ),
            reference=exact(lambda part: part.reference),
            surrogate=exact(lambda part: part.surrogate or part.reference) if surrogate else None,
            kinks=tuple(sorted({*first.kinks, *second.kinks})),
            domain=(max(first.domain[0], second.domain[0]), min(first.domain[1], second.domain[1])),
            **{"ulps": math.inf, **options},  # the two may cancel
        )

    return define
