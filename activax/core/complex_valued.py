"""Activations of complex numbers: the decorator, and real activations of both parts."""

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.activation import Activation
from activax.core.arguments import align, complex_array, real
from activax.core.declaration import (
    Defined,
    Formula,
    P,
    check_elementwise,
    declare,
    derivative_by,
    named_differentials,
    positional,
    tier_of,
)
from activax.core.definition import Derived
from activax.core.pipeline import Operands, Pipeline, keep_inputs
from activax.core.ranges import ANY, Ranges
from activax.core.residuals import INPUT, Differential

_KIND = "complex"
Prepare = Callable[[Sequence[Any], dict[str, Any]], Operands]


def complex_valued(
    *, reference: Callable[..., Any], ranges: Ranges = ANY
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an activation of complex numbers that acts on each element.

    The decorated function is the formula; its first parameter is a complex array, other positional
    parameters are real arrays that broadcast against it and are differentiated. JAX differentiates
    the formula by the real and by the imaginary part, since few activations are holomorphic;
    `jax.grad` returns the conjugate of the steepest direction, as for every function of JAX.

    Args:
        reference: `reference(mp, z, *parameters)`, the exact complex value in mpmath.
        ranges: as for `activax.elementwise`.

    Returns:
        A decorator that makes the Activation.

    Example:
        >>> @activax.complex_valued(reference=lambda mp, z: mp.conj(z) / 2)
        ... def half_mirrored(z):
        ...     "Half of the conjugate."
        ...     return jnp.conj(z) / 2
        >>> half_mirrored(jnp.array([1.0 + 2.0j]))
        Array([0.5-1.j], dtype=complex64)
    """

    def define(formula: Formula[P]) -> Defined[P]:
        name, names = formula.__name__, positional(inspect.signature(formula))
        return declare(
            formula,
            _prepare(name, names),
            named_differentials(formula, names, names, (), None, _in_parts),
            kind=_KIND,
            tier="formula",
            keep=keep_inputs,
            reference=reference,
            ranges=ranges,
        )

    return define


def split_complex(activation: Activation[...]) -> Activation[...]:
    """Apply a real activation to the real and to the imaginary part of complex numbers.

    Formula:
        split_complex(f)(z) = f(Re z) + i f(Im z)

    Args:
        activation: an elementwise Activation without random numbers; numbers and arrays may be
            bound to it.

    Returns:
        An Activation of kind "complex", with the parameters of the given one.

    Raises:
        TypeError: what is no such activation.

    Example:
        >>> activax.split_complex(activax.relu)(jnp.array([1.0 - 2.0j, -1.0 + 3.0j]))
        Array([1.+0.j, 0.+3.j], dtype=complex64)
        >>> activax.split_complex(activax.elu).bind(alpha=0.5)
        activax.split_complex(activax.elu.bind(alpha=0.5))

    Paper:
        Trabelsi et al. 2017, Deep Complex Networks, arXiv:1705.09792, for the rectifier.
    """
    check_elementwise("split_complex", "activation", activation)
    if activation.keys:
        raise TypeError(
            f"split_complex: activation must draw no random numbers, which both parts would share; "
            f"{activation!r} does"
        )
    return _split(activation._plain).bind(**activation._numbers, **activation._leaves)


@functools.cache
def _split(plain: Activation[...]) -> Activation[...]:
    """Return the same object for the same activation, so that activations are equal by value."""
    definition = plain._definition

    def both(function: Callable[..., Any]) -> Callable[..., Array]:
        def of_parts(z: Array, *parameters: Any, **statics: Any) -> Array:
            return lax.complex(*(function(x, *parameters, **statics) for x in (z.real, z.imag)))

        return of_parts

    def by_input(z: Array, *parameters_and_t: Any, **statics: Any) -> Array:
        *parameters, t = parameters_and_t
        return lax.complex(
            plain.derivative(z.real, t.real, *parameters, **statics),
            plain.derivative(z.imag, t.imag, *parameters, **statics),
        )

    def exact(mp: Any, z: Any, *parameters: Any, **statics: Any) -> Any:
        parts = (plain.reference(mp, x, *parameters, **statics) for x in (z.real, z.imag))
        return mp.mpc(*parts)

    body = functools.wraps(definition.body)(both(plain.body))
    names = definition.arrays
    others = {name: _in_parts(both(plain.inner), i) for i, name in enumerate(names) if i}
    return Activation(
        dataclasses.replace(
            definition,
            kind=_KIND,
            tier=tier_of(plain),
            body=body,
            pipeline=Pipeline(
                _prepare(plain.name, names),
                body,
                names,
                {names[0]: by_input, **others},
                keep_inputs,
                definition.ranges,
            ),
            reference=exact,
            surrogates=(),
            ulps=(math.inf, math.inf),
            residuals=(INPUT,),
            derived=Derived(split_complex, plain, {}),
        )
    )


def _prepare(name: str, names: Sequence[str]) -> Prepare:
    def prepare(arrays: Sequence[Any], statics: dict[str, Any]) -> Operands:
        z = complex_array(name, names[0], arrays[0])
        others = {n: real(name, n, a) for n, a in zip(names[1:], arrays[1:], strict=True)}
        x, *parameters = align(name, {names[0]: z.real, **others})
        shape = jnp.broadcast_shapes(x.shape, *(p.shape for p in parameters))
        return Operands([z.reshape(x.shape), *parameters], z.dtype, shape)

    return prepare


def _in_parts(formula: Callable[..., Array], position: int) -> Differential:
    """Return JAX's derivative by the array at `position`, from those along its parts.

    They are taken forward, where a select passes no product of 0 and infinity, and are multiplied
    by real numbers: the product of an infinite and a complex number has a NaN part.
    """

    def differential(*inputs_and_t: Any, **statics: Any) -> Array:
        *inputs, t = inputs_and_t
        at = inputs[position]

        def along(unit: complex, by: Array) -> Array:
            slope = derivative_by(formula, position, inputs, jnp.full_like(at, unit), **statics)
            return lax.complex(slope.real * by, slope.imag * by)

        return along(1.0, t.real) + along(1j, t.imag) if jnp.iscomplexobj(at) else along(1.0, t)

    return differential
