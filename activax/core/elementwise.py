"""The decorator of activations that act on each element."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.arguments import align, real
from activax.core.declaration import (
    Defined,
    Formula,
    KeepOption,
    Kinks,
    P,
    Surrogate,
    Ulps,
    declare,
    declared_as,
    derivative_by,
    differentiable_names,
    kept_by,
    named_differentials,
    positional,
)
from activax.core.definition import EVERYWHERE
from activax.core.pipeline import Operands
from activax.core.ranges import ANY, Ranges
from activax.core.residuals import Differential, Residual, along, from_output
from activax.numerics.mode import PLAIN, tracing


def elementwise(
    *slopes: Callable[..., Any],
    reference: Callable[..., Any] | None = None,
    keep: KeepOption | None = None,
    lean: tuple[Residual, ...] = (),
    kinks: Kinks = (),
    surrogate: Surrogate | None = None,
    domain: tuple[float, float] = EVERYWHERE,
    ranges: Ranges = ANY,
    ulps: Ulps | None = None,
    integers: bool = False,
    keys: tuple[str, ...] = (),
    plain: Callable[..., Array] | None = None,
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an activation that acts on each element.

    The decorated function is the formula; its first parameter is the input, other positional
    parameters are arrays that broadcast against it and are differentiated (but for PRNG keys, which
    `keys` names), and keyword-only parameters are static. 16-bit inputs are computed in float32 and
    rounded once, value and slope alike.

    Args:
        *slopes: the slope with respect to each positional parameter in turn, as a function of what
            is kept. Without any, JAX differentiates the formula: then the formula has to be safe,
            so that no piece that `jnp.where` drops is infinite or NaN.
        reference: `reference(mp, *arguments)`, the exact value in mpmath. By default the formula in
            float64, which tells rounding errors but no wrong formula.
        keep: what the slopes are functions of: "inputs" (the default), "output", or a function
            `keep(*inputs, out)` that returns a tuple of arrays.
        lean: what it may keep in place of that, the least first, for `activax.lean`: see
            `activax.from_output`, `activax.from_piece` and `activax.from_branch`.
        kinks: inputs at which the value or the slope jumps, or a function of the parameters that
            returns them.
        surrogate: `surrogate(mp, *arguments)`, the function whose derivatives the slopes are, where
            they are not the value's; or a tuple of functions, one for each slope, where no function
            has them all.
        domain: the open interval of inputs on which the function is finite, if it is not all.
        ranges: the `activax.Range` of each parameter that may not be any finite number.
        ulps: the largest error in float32, of the value and of the slopes (one number: of both).
            By default (4, 6.5) with slopes, and no bound without.
        integers: the formula is exact on integers, which then stay integers.
        keys: the names of the positional parameters that are PRNG keys, or None where no random
            number is drawn.
        plain: the formula in as few ordinary JAX primitives as it takes, for `activax.plain` and
            `.formula`; by default the decorated function.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: some slopes, but not one for each differentiable parameter; `keep` without
            slopes; `lean` is not a tuple; or `ranges` has another name than those of the
            parameters.
        ValueError: an unknown `keep`, or a default that is out of its range.

    Example:
        >>> @activax.elementwise(
        ...     lambda x: 3 * x**2,
        ...     reference=lambda mp, x: x**3,
        ... )
        ... def cube(x):
        ...     "The cube of x."
        ...     return x**3
        >>> cube(jnp.array([1.0, 2.0]))
        Array([1., 8.], dtype=float32)
        >>> jax.grad(cube)(2.0)
        Array(12., dtype=float32, weak_type=True)
        >>> @activax.elementwise()
        ... def wave(x, frequency=1.0):
        ...     "x + sin(frequency x)."
        ...     return x + jnp.sin(frequency * x)
        >>> wave.tier, float(jax.grad(wave)(0.0))
        ('formula', 2.0)
    """

    def define(declaration: Formula[P]) -> Defined[P]:
        return elementwise_of(
            _with_plain(declaration, plain),
            slopes,
            tier="certified" if slopes else "formula",
            reference=reference,
            keep=keep,
            lean=lean,
            kinks=kinks,
            surrogate=surrogate,
            domain=domain,
            ranges=ranges,
            ulps=ulps,
            integers=integers,
            keys=keys,
        )

    return define


def elementwise_of(
    formula: Formula[P],
    slopes: Sequence[Callable[..., Any]],
    *,
    tier: str,
    keep: KeepOption | None = None,
    lean: tuple[Residual, ...] = (),
    integers: bool = False,
    keys: tuple[str, ...] = (),
    **facts: Any,
) -> Defined[P]:
    """Return the activation of a formula and its slopes, as `elementwise` defines it."""
    name, names = formula.__name__, positional(inspect.signature(formula))
    live = differentiable_names(name, names, keys)
    residuals = lean
    if not isinstance(lean, tuple):
        raise TypeError(
            f"{name}: lean must be a tuple of residuals, such as (activax.from_output(...),); "
            f"got {type(lean).__name__}"
        )
    if slopes and keep == "output":
        residuals = (*lean, from_output(lambda out, *_, **statics: slopes[0](out, **statics)))

    def prepare(arrays: Sequence[Any], statics: dict[str, Any]) -> Operands:
        given = dict(zip(names, arrays, strict=True))
        operands = {n: real(name, n, given[n]) for n in live if given[n] is not None}
        if integers and not jnp.issubdtype(operands[names[0]].dtype, jnp.floating):
            return Operands([*operands.values()], None)
        operands = dict(zip(operands, align(name, operands), strict=True))
        inputs = [operands.get(n, given[n]) for n in names]
        shape = jnp.broadcast_shapes(*(operand.shape for operand in operands.values()))
        return Operands(inputs, inputs[0].dtype, shape)

    return declare(
        formula,
        prepare,
        named_differentials(formula, names, live, [*map(along, slopes)], keep, _by_slope),
        kind="elementwise",
        tier=tier,
        keep=kept_by(name, keep or "inputs"),
        residuals=residuals,
        keys=keys,
        **facts,
    )


def _by_slope(formula: Callable[..., Array], position: int) -> Differential:
    """Return JAX's slope by the array at `position`, times the direction.

    The slope is computed forward. Backward, a select would let no NaN of a parameter pass, and
    0 times an infinite factor would be NaN.
    """

    def slope(*arrays: Any, **statics: Any) -> Array:
        return derivative_by(formula, position, arrays, jnp.ones_like(arrays[position]), **statics)

    return along(slope)


def _with_plain(
    formula: Callable[..., Array], plain: Callable[..., Array] | None
) -> Callable[..., Array]:
    """Return the formula, which in a plain function is `plain`."""
    if plain is None:
        return formula
    in_primitives = declared_as(formula)(plain)

    @functools.wraps(formula)
    def either(*arrays: Any, **statics: Any) -> Array:
        return (in_primitives if tracing.value in PLAIN else formula)(*arrays, **statics)

    return either
