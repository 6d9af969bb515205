"""Choose what the backward pass of an activation keeps."""

import dataclasses
import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jax

from activax.core.activation import Activation
from activax.core.declaration import tier_of
from activax.core.definition import Derived
from activax.core.elementwise import elementwise
from activax.core.residuals import INPUT
from activax.saving.quantized import few_bits
from activax.saving.storage import check_format, kept_codes, read_format

_BITS = {f"bits{k}": k for k in (1, 2, 3, 4)}
CODED = ("elementwise", "gated")  # the kinds whose inputs may be kept in a format


def policies(activation: Activation[...]) -> tuple[str, ...]:
    """Return what `lean` can keep for an activation.

    Policies with exact slopes come first, the smallest memory first; policies of few bits follow.

    Raises:
        TypeError: `activation` is not an Activation.

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
    store: str | None = None,
    deviation: float = 1.0,
    dither: bool = False,
) -> Activation[...]:
    """Return the activation with another choice of what it keeps for the backward pass.

    The values stay the same. Reverse mode stores less, or something else, and so knows the slope in
    the input less exactly. (Parameters that are trained may need the input in any case.)

    - "mask": a bit that tells the straight piece of the input. The slope is exact, but at NaN it is
      the slope of one of the pieces.
    - "output": the output, which a linear layer behind the activation keeps anyway; for monotone
      functions. A saturated output has lost the tail of the slope: `tanh` is 1 from 9.02 on.
    - "output+branch": the output, and a bit that tells the side of the minimum. The slope is exact
      to the rounding of the output. At the minimum the output is flat, and the slope is known to
      1e-4 in float32 and to 0.02 in bfloat16. In float64 the input is kept.
    - "input": the input, from which the slope is computed again. The slope is exact everywhere.
    - "bits1" to "bits4": the slope, rounded to one of 2, 4, 8 or 16 levels, which have the least
      mean square error for normal inputs. The slope has no derivative.
    - "int8/128" and the other formats of `activax.stored`: the input of an elementwise activation,
      or gate and value of a gated one, in few bits. All slopes are those of the decoded input, with
      the parameters as they are; they have no derivative.

    A policy may hold for a part of a parameter's range: "output" of `elu` needs alpha >= 0. It is
    not offered if a number outside that range, or an array, is bound. A call with such a number
    keeps what the next policy of `activax.policies` keeps.

    Before a linear layer, "output" costs no memory and "output+branch" a bit an element. A residual
    sum does not keep the output; before it "mask" (1 bit an element) or "bits2" (2 bits) saves
    memory.

    Args:
        activation: an activation; numbers may be bound to it.
        keep: a policy that `activax.policies(activation)` lists, or a format. The default is the
            first one listed, which keeps the least and is exact to the rounding of what it keeps.
        bits: from 1 to 4, short for keep="bits1" to "bits4".
        store: a format, short for keep="int8/128" and the like.
        deviation: the standard deviation of the normal inputs for which the levels are the best.
        dither: round to the level below or above by a hash of the input, so that the slope is
            right in the mean. Another number of devices changes the order of sums, and with it the
            last bits of inputs and their hash.

    Returns:
        An Activation. With few bits it has no parameters left: the bound numbers are fixed.

    Raises:
        ValueError: the activation does not have the policy; an unknown format; `keep`, `bits` and
            `store` contradict each other; few bits are asked for an activation with bound arrays;
            the deviation is not positive; or `deviation` or `dither` is given without few bits.
        TypeError: `activation` is not an Activation; or a derivative of a slope of few bits, or of
            codes, is taken.

    Example:
        >>> leanest = activax.lean(activax.gelu)
        >>> leanest
        activax.lean(activax.gelu, keep='output+branch')
        >>> x = jnp.linspace(-3.0, 3.0, 1024)
        >>> [array.dtype.name for array in activax.bench.kept(lambda x: 2 * leanest(2 * x), x)]
        ['float32', 'uint8']
        >>> coded = activax.lean(activax.gelu, store="int8/128")
        >>> [array.dtype.name for array in activax.bench.kept(lambda x: coded(2 * x), x)]
        ['int8', 'float32']
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
    keep = _policy(activation, keep, bits, store)
    if keep in _BITS:
        return _few_bits(activation, keep, float(deviation), dither)
    if deviation != 1 or dither:
        raise ValueError(
            "lean: deviation and dither are for slopes of few bits; give bits, or leave them out"
        )
    if keep is None:
        return activation
    plain = _with_kept(activation._plain, keep)
    return plain.bind(**activation._numbers, **activation._leaves)


def check_activation(function: str, activation: Any) -> None:
    """Raise TypeError unless `activation` is an Activation."""
    if not isinstance(activation, Activation):
        raise TypeError(
            f"{function}: activation must be one of activax; got {type(activation).__name__}. Make "
            "an activation of your function with activax.elementwise."
        )


def _policy(
    activation: Activation[...], keep: str | None, bits: int | None, store: str | None
) -> str | None:
    """Return what is to be kept; None for the input, from which the activation itself computes."""
    known = policies(activation)
    if store is not None:
        check_format("lean: store", store)
        if activation.kind not in CODED:
            raise ValueError(
                "lean: store is for elementwise and gated activations, whose inputs it keeps; "
                f"{activation!r} is {activation.kind}: leave it out"
            )
    options = {"keep": keep, "bits": bits, "store": store}
    given = {name: value for name, value in options.items() if value is not None}
    if len({f"bits{value}" if name == "bits" else value for name, value in given.items()}) > 1:
        shown = " and ".join(f"{name}={value!r}" for name, value in given.items())
        raise ValueError(f"lean: {shown} contradict each other; give one")
    if not given:
        return known[0] if known[0] != INPUT.policy else None
    keep = keep or store or f"bits{bits}"
    if keep not in known and not (activation.kind in CODED and read_format(keep)):
        raise ValueError(
            f"lean: {activation!r} can keep {', '.join(map(repr, known))}; got {keep!r}"
        )
    return keep


@functools.cache
def _with_kept(plain: Activation[...], keep: str) -> Activation[...]:
    definition = plain._definition
    found = [r for r in definition.residuals if r.policy == keep]
    residual = found[0] if found else kept_codes(keep, definition.inputs)
    ulps = definition.ulps if residual is INPUT else (definition.ulps[0], float("inf"))
    made = Derived(lean, plain, MappingProxyType({"keep": keep}), residual)
    tier = tier_of(plain)
    return Activation(dataclasses.replace(definition, tier=tier, derived=made, ulps=ulps))


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
    nudges = activation._definition.pipeline.nudges
    pipeline = dataclasses.replace(definition.pipeline, nudges=nudges)
    tier = tier_of(activation)
    return Activation(dataclasses.replace(definition, tier=tier, derived=made, pipeline=pipeline))
