"""Choose what the backward pass of an activation keeps."""

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jax

from activax.core.activation import Activation
from activax.core.definition import Derived
from activax.core.elementwise import elementwise
from activax.core.residuals import INPUT
from activax.saving.quantized import few_bits

_BITS = {f"bits{k}": k for k in (1, 2, 3, 4)}


def policies(activation: Activation[...]) -> tuple[str, ...]:
    """What `lean` may keep for this activation, the least first; then the approximate ones.

    Raises:
        TypeError: what is not an activation.

    Example:
        >>> activax.policies(activax.gelu)
        ('output+branch', 'input', 'bits1', 'bits2', 'bits3', 'bits4')
    """
    check_activation("policies", activation)
    residuals = activation.original._definition.residuals
    exact = tuple(r.policy for r in residuals if r.fits(activation.parameters))
    return (*exact, *(_BITS if activation.kind == "elementwise" else ()))


def lean(
    activation: Activation[...],
    keep: str | None = None,
    *,
    bits: int | None = None,
    deviation: float = 1.0,
    dither: bool = False,
) -> Activation[...]:
    """The same activation, which keeps less, or something else, for the backward pass.

    Its values are the same; what changes is what reverse mode stores, and so how well the slope in
    the input is known (parameters that are trained may need the input all the same):

    - "mask": a bit, which says on which straight piece the input lies. Exact, but where the input
      is NaN the slope is that of one of the pieces.
    - "output": the output, which a linear layer behind it keeps anyway; for monotone functions. A
      slope from a saturated output has lost its tail: `tanh` is 1 from 9.02 on.
    - "output+branch": the output and a bit, which says on which side of the minimum the input lies.
      The slope is right to the rounding of the output, which is flat at the minimum: there the
      slope is known to 1e-4 in float32 and to 0.02 in bfloat16. In float64 the input is kept.
    - "input": the input, from which the slope is computed again. Exact everywhere.
    - "bits1" to "bits4": the slope, rounded to one of 2, 4, 8 or 16 levels, which for normal inputs
      are the best in the mean square. It has no derivative.

    A policy may hold for a part of a parameter's range, as "output" of `elu` does for alpha from 0
    on. It is not offered for another number that is bound, or for an array. A call with one keeps
    what the next policy of `activax.policies` keeps.

    Before a linear layer "output" costs nothing and "output+branch" a bit, an element; before a
    residual sum, which does not keep the output, "mask" and "bits2" do.

    Args:
        activation: an activation; numbers may be bound to it.
        keep: one of the above that `activax.policies(activation)` lists. By default the first of
            those, which keeps the least and is exact to the rounding of what it keeps.
        bits: from 1 to 4, short for keep="bits1" to "bits4".
        deviation: the standard deviation of the normal inputs for which the levels are the best.
        dither: round to the level below or above by a hash of the input, so that the slope is
            right in the mean. On another number of devices, sums are rounded in another order, so
            the inputs differ in their last bits and the draw is another.

    Returns:
        An Activation. With few bits it is one without parameters, for those that are bound.

    Raises:
        ValueError: a policy that this activation does not have, `keep` and `bits` that contradict
            each other, arrays that are bound where few bits are asked for, a deviation that is not
            positive, or one or `dither` where few bits are not asked for.
        TypeError: what is not an activation; when a derivative of a slope of few bits is taken.

    Example:
        >>> leanest = activax.lean(activax.gelu)
        >>> leanest
        activax.lean(activax.gelu, keep='output+branch')
        >>> x = jnp.linspace(-3.0, 3.0, 1024)
        >>> [array.dtype.name for array in activax.bench.kept(lambda x: 2 * leanest(2 * x), x)]
        ['float32', 'uint8']
        >>> round(float(jax.grad(activax.gelu)(0.5)), 2)
        0.87
        >>> round(float(jax.grad(activax.lean(activax.gelu, bits=3))(0.5)), 2)
        0.94

    Paper:
        Novikov, Bershatsky, Gusak, Shonenkov, Dimitrov & Oseledets 2022, Few-Bit Backward,
        arXiv:2202.00441; Bershatsky et al. 2024, Inverted Activations, arXiv:2407.15545.
    """
    check_activation("lean", activation)
    activation = activation.original
    keep = _policy(activation, keep, bits)
    if keep in _BITS:
        return _few_bits(activation, keep, float(deviation), dither)
    if deviation != 1 or dither:
        raise ValueError(
            "lean: deviation and dither are for slopes of few bits; give bits, or leave them out"
        )
    if keep is None:
        return activation
    plain = _exact(activation._plain, keep)
    return plain.bind(**activation._numbers, **activation._leaves)


def check_activation(function: str, activation: Any) -> None:
    """Raise TypeError unless it is one."""
    if not isinstance(activation, Activation):
        raise TypeError(
            f"{function}: activation must be one of activax; got {type(activation).__name__}. Make "
            "one of a function of yours with activax.elementwise."
        )


def _policy(activation: Activation[...], keep: str | None, bits: int | None) -> str | None:
    known = policies(activation)
    if bits is not None:
        if keep not in (None, f"bits{bits}"):
            raise ValueError(f"lean: keep={keep!r} and bits={bits} contradict each other; give one")
        keep = f"bits{bits}"
    if keep is None:
        return known[0] if known[0] != INPUT.policy else None
    if keep not in known:
        raise ValueError(
            f"lean: {activation!r} can keep {', '.join(map(repr, known))}; got {keep!r}"
        )
    return keep


@functools.cache
def _exact(plain: Activation[...], keep: str) -> Activation[...]:
    definition = plain._definition
    (residual,) = (r for r in definition.residuals if r.policy == keep)
    ulps = definition.ulps if residual is INPUT else (definition.ulps[0], float("inf"))
    made = Derived(lean, plain, MappingProxyType({"keep": keep}), residual)
    return Activation(dataclasses.replace(definition, derived=made, ulps=ulps))


@functools.cache
def _few_bits(
    activation: Activation[...], keep: str, deviation: float, dither: bool
) -> Activation[...]:
    if activation.arrays:
        raise ValueError(
            f"lean: the levels of {keep!r} are computed for numbers, but {activation!r} has arrays "
            "bound to it; bind numbers, or keep something else"
        )
    if not 0 < deviation < float("inf"):
        raise ValueError(f"lean: deviation must be positive and finite; got {deviation}")

    def slope(x: Any) -> Any:
        return jax.jvp(activation.inner, (x,), (jax.numpy.ones_like(x),))[1]

    residual = few_bits(
        repr(activation), slope, activation.kinks, _BITS[keep], deviation=deviation, dither=dither
    )

    def formula(x: Any) -> Any:
        return activation.body(x)

    formula.__name__, formula.__module__ = activation.name, activation.__module__
    formula.__doc__ = activation.summary
    definition = elementwise(
        slope,
        reference=functools.partial(activation.reference, **activation.parameters),
        kinks=activation.kinks,
        domain=activation.domain,
        ulps=(activation.ulps[0], float("inf")),
    )(formula)._definition
    options: Mapping[str, Any] = {"keep": keep, "deviation": deviation, "dither": dither}
    made = Derived(lean, activation, MappingProxyType(options), residual)
    return Activation(dataclasses.replace(definition, derived=made))
