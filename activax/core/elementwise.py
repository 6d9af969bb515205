"""The decorator that turns a formula into an Activation, elementwise; and what all share."""

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from activax.core.activation import Activation
from activax.core.arguments import (
    align,
    cast,
    mode_of,
    narrow,
    real,
    weaken,
    widen,
)
from activax.core.definition import EVERYWHERE, PACKAGE, Definition
from activax.core.ranges import ANY, Ranges, complete, described, nan_outside
from activax.core.residuals import INPUT, Residual, from_output, with_residual
from activax.core.rule import differentiable
from activax.numerics.mode import at, is_plain

P = ParamSpec("P")
# A formula is written for an array; the activation takes whatever converts to one.
Formula = Callable[Concatenate[Array, P], Array]
Defined = Activation[Concatenate[ArrayLike, P]]
Keep = str | Callable[..., tuple[Any, ...]]
Kinks = tuple[float, ...] | Callable[..., tuple[float, ...]]

ALONG_AXIS = """Raises:
    TypeError: an argument that is complex or not an array, or an unknown parameter.
    ValueError: a number outside of its parameter's range; an axis that the input does not have."""

# The error that the catalogue allows, in units in the last place: of values and of slopes.
ULPS = (4.0, 6.5)

RAISES = {
    "elementwise": """Raises:
    TypeError: an argument that is complex or not an array, or an unknown parameter.
    ValueError: a number outside of its parameter's range, or an array that does not broadcast
        against the input.""",
    "vector": ALONG_AXIS,
    "reduction": ALONG_AXIS,
    "gated": """Raises:
    TypeError: an argument that is complex or not an array, or an unknown parameter.
    ValueError: a number outside of its parameter's range; gate and value of different shapes; one
        array without a layout, or of odd size.""",
}


def elementwise(
    *slopes: Callable[..., Any],
    reference: Callable[..., Any],
    keep: Keep = "inputs",
    lean: tuple[Residual, ...] = (),
    kinks: Kinks = (),
    surrogate: Callable[..., Any] | None = None,
    domain: tuple[float, float] = EVERYWHERE,
    ranges: Ranges = ANY,
    ulps: float | tuple[float, float] = ULPS,
    exact: bool = False,
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
            is kept.
        reference: `reference(mp, *arguments)`, the exact value in mpmath.
        keep: what the backward pass may look at: "inputs", "output", or a function
            `keep(*inputs, out)` that returns a tuple of arrays.
        lean: what it may keep in place of that, the least first, for `activax.lean`: see
            `activax.from_output`, `activax.from_piece` and `activax.from_branch`.
        kinks: inputs at which the value or the slope jumps, or a function of the parameters that
            returns them.
        surrogate: `surrogate(mp, *arguments)`, the function whose derivatives the slopes are, where
            they are not the value's.
        domain: the open interval of inputs on which the function is finite, if it is not all.
        ranges: the `activax.Range` of each parameter that may not be any finite number.
        ulps: the largest error in float32, of the value and of the slopes (one number: of both).
        exact: the formula only selects, so nothing is rounded in any dtype.
        integers: the formula is exact on integers, which then stay integers.
        keys: the names of the positional parameters that are PRNG keys, or None where no random
            number is drawn.
        plain: the formula in as few ordinary JAX primitives as it takes, for `activax.plain` and
            `.formula`; by default the decorated function.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: the number of slopes is not the number of differentiable parameters, `lean` is
            not a tuple, or `ranges` has another name than those of the parameters.
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
    """

    def define(declaration: Formula[P]) -> Defined[P]:
        formula = _with_plain(declaration, plain)
        names = positional(inspect.signature(formula))
        live = carrying_slopes(formula.__name__, names, keys, "slope", slopes)
        kept_of = kept_by(formula.__name__, keep)
        if not isinstance(lean, tuple):
            raise TypeError(
                f"{formula.__name__}: lean must be a tuple of residuals, such as "
                f"(activax.from_output(...),); got {type(lean).__name__}"
            )
        residuals = lean
        if keep == "output":
            own = from_output(lambda out, *parameters, **statics: slopes[0](out, **statics))
            residuals = (*lean, own)

        def traced(
            arrays: Sequence[Any],
            statics: dict[str, Any],
            *,
            recompute: bool = True,
            residual: Residual | None = None,
        ) -> Array:
            given = dict(zip(names, arrays, strict=True))
            operands = {
                name: real(formula.__name__, name, given[name])
                for name in live
                if given[name] is not None
            }
            if integers and not jnp.issubdtype(operands[names[0]].dtype, jnp.floating):
                return formula(*operands.values(), **statics)
            operands = dict(zip(operands, align(formula.__name__, operands), strict=True))
            inputs = [operands.get(name, given[name]) for name in names]
            shape = jnp.broadcast_shapes(*(operand.shape for operand in operands.values()))
            dtype = inputs[0].dtype
            chosen_keep, chosen_slopes = with_residual(residual, dtype, formula, kept_of, slopes)
            # A parameter is a float32 beside 16-bit inputs, and so is what flows to it.
            precise = {
                name: at(mode_of(operands[name].dtype))(slope)
                for name, slope in zip(live, chosen_slopes, strict=True)
                if name in operands
            }

            def differential(kept: tuple[Any, ...], tangents: tuple[Any, ...]) -> Array:
                wide = jax.tree.map(widen, kept)
                by_name = dict(zip(names, tangents, strict=True))
                terms = [
                    jnp.asarray(slope(*wide, **statics), t.dtype) * t
                    for name, slope in precise.items()
                    if (t := widen(by_name[name])) is not None
                ]
                total = functools.reduce(operator.add, terms)
                return cast(jnp.broadcast_to(total, shape), dtype)

            kept = functools.partial(chosen_keep, **statics)
            value = rounded(formula, dtype, statics, exact=exact)
            rule = differentiable(
                *nan_outside(ranges, names, value, kept, differential),
                recompute=recompute,
                pin=residual is not None and residual.output,
            )
            return weaken(rule(*inputs), *operands.values())

        return make_activation(
            formula,
            traced,
            keys=keys,
            kind="elementwise",
            residuals=residuals,
            reference=reference,
            kinks=kinks,
            surrogate=surrogate,
            domain=domain,
            ranges=ranges,
            ulps=ulps,
        )

    return define


def _with_plain(
    formula: Callable[..., Array], plain: Callable[..., Array] | None
) -> Callable[..., Array]:
    """Return the formula, which in a plain function is `plain`."""
    if plain is None:
        return formula
    signature = inspect.signature(formula)

    @functools.wraps(formula)
    def either(*arrays: Any, **statics: Any) -> Array:
        if not is_plain():
            return formula(*arrays, **statics)
        given = signature.bind(*arrays, **statics)
        given.apply_defaults()
        return plain(*given.args, **given.kwargs)

    return either


def make_activation(
    declaration: Callable[..., Array],
    traced: Callable[..., Array],
    *,
    kind: str,
    reference: Callable[..., Any],
    body: Callable[..., Array] | None = None,
    kinks: Kinks = (),
    surrogate: Callable[..., Any] | None = None,
    domain: tuple[float, float] = EVERYWHERE,
    ranges: Ranges = ANY,
    factors: Callable[..., tuple[Activation[...], ...]] = lambda parameters: (),
    ulps: float | tuple[float, float] = ULPS,
    residuals: tuple[Residual, ...] = (),
    inputs: int = 1,
    keys: tuple[str, ...] = (),
    masks: tuple[str, ...] = (),
) -> Activation[Any]:
    """Write down the definition; what `declaration` says itself is read from it."""
    module = declaration.__module__
    # Names and defaults; annotations would crowd `help`, and type checkers read the source.
    parameters = inspect.signature(declaration).parameters.values()
    signature = inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
    arrays = tuple(positional(signature))
    statics = tuple(name for name in signature.parameters if name not in arrays)
    carrying = [name for name in arrays[inputs:] if name not in (*keys, *masks)]
    ranges = complete(declaration.__name__, ranges, signature, carrying)
    doc = inspect.cleandoc(declaration.__doc__ or "")
    return Activation(
        Definition(
            name=declaration.__name__,
            module=PACKAGE if module.startswith(f"{PACKAGE}.functions.") else module,
            family=module.rpartition(".")[2],
            kind=kind,
            body=body or declaration,
            traced=traced,
            reference=reference,
            kinks=kinks,
            surrogate=surrogate,
            domain=domain,
            factors=factors,
            ulps=ulps if isinstance(ulps, tuple) else (ulps, ulps),
            residuals=(*residuals, INPUT),
            inputs=inputs,
            arrays=arrays,
            statics=statics,
            keys=keys,
            masks=masks,
            ranges=ranges,
            signature=signature,
            doc="\n\n".join([doc, *described(ranges, carrying), RAISES[kind]]),
        )
    )


def carrying_slopes(
    formula: str, names: list[str], constants: tuple[str, ...], word: str, slopes: tuple[Any, ...]
) -> list[str]:
    """Return the names that carry a derivative; raise TypeError unless each has one slope.

    `constants` are the declared PRNG keys and masks.
    """
    for constant in constants:
        if constant not in names[1:]:
            raise TypeError(
                f"{formula}: keys and masks must name positional parameters behind the input "
                f"({', '.join(names[1:]) or 'none'}); got {constant!r}"
            )
    live = [name for name in names if name not in constants]
    if len(slopes) != len(live):
        raise TypeError(
            f"{formula}: needs one {word} for each of its differentiable parameters "
            f"({', '.join(live)}); got {len(slopes)}. PRNG keys and masks are declared with keys= "
            "and masks=."
        )
    return live


def positional(signature: inspect.Signature) -> list[str]:
    parameters = signature.parameters.values()
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]


def rounded(
    formula: Callable[..., Array], dtype: Any, statics: dict[str, Any], *, exact: bool = False
) -> Callable[..., Array]:
    """`formula` computed in at least float32 and rounded once, to `dtype`."""

    def value(*inputs: Any) -> Array:
        return narrow(formula(*map(widen, inputs), **statics), dtype, exact=exact)

    value.__name__ = formula.__name__  # by which a traced program knows it
    return at(mode_of(dtype))(value)


def kept_by(name: str, keep: Keep) -> Callable[..., tuple[Any, ...]]:
    """`keep` as a function of the inputs, the output and the static parameters."""
    if keep == "inputs":
        return lambda *inputs_and_out, **statics: inputs_and_out[:-1]
    if keep == "output":
        return lambda *inputs_and_out, **statics: inputs_and_out[-1:]
    if isinstance(keep, str):
        raise ValueError(f"{name}: keep must be 'inputs', 'output' or a function; got {keep!r}")
    return keep
