"""A function under a decorator becomes an Activation."""

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from activax.core.activation import Activation
from activax.core.definition import EVERYWHERE, PACKAGE, Definition
from activax.core.documentation import document
from activax.core.pipeline import Operands, Pipeline, keep_inputs, keep_output
from activax.core.ranges import ANY, Ranges, complete
from activax.core.residuals import INPUT, Differential, Residual
from activax.numerics.mode import Mode, at
from activax.numerics.nudge import Nudge

P = ParamSpec("P")
# A formula is written for an array; the activation takes whatever converts to one.
Formula = Callable[Concatenate[Array, P], Array]
Defined = Activation[Concatenate[ArrayLike, P]]
KeepOption = str | Callable[..., tuple[Any, ...]]
Kinks = tuple[float, ...] | Callable[..., tuple[float, ...]]
Surrogate = Callable[..., Any] | tuple[Callable[..., Any], ...]
Ulps = float | tuple[float, float]

CATALOGUE = f"{PACKAGE}.functions."  # where a family of the catalogue is a module or a folder
# The error that the catalogue allows, in units in the last place: of values and of slopes.
ULPS = (4.0, 6.5)
UNBOUNDED = (math.inf, math.inf)


def declare(
    declaration: Callable[..., Array],
    prepare: Callable[[Sequence[Any], dict[str, Any]], Operands],
    differentials: Mapping[str, Differential],
    *,
    kind: str,
    tier: str,
    keep: Callable[..., tuple[Any, ...]],
    formula: Callable[..., Array] | None = None,
    body: Callable[..., Array] | None = None,
    reference: Callable[..., Any] | None = None,
    kinks: Kinks = (),
    surrogate: Surrogate | None = None,
    domain: tuple[float, float] = EVERYWHERE,
    ranges: Ranges = ANY,
    factors: Callable[..., tuple[Activation[...], ...]] = lambda parameters: (),
    ulps: Ulps | None = None,
    residuals: tuple[Residual, ...] = (),
    inputs: int = 1,
    keys: tuple[str, ...] = (),
    masks: tuple[str, ...] = (),
    formula_text: str | None = None,
) -> Activation[Any]:
    """Write the definition down; read from `declaration` what its signature and docstring say."""
    module, name = declaration.__module__, declaration.__name__
    inside, family = module.startswith(CATALOGUE), module.rpartition(".")[2]
    # Names and defaults; annotations would crowd `help`, and type checkers read the source.
    parameters = inspect.signature(declaration).parameters.values()
    signature = inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
    arrays = positional(signature)
    statics = tuple(name for name in signature.parameters if name not in arrays)
    carrying = [n for n in arrays[inputs:] if n not in (*keys, *masks)]
    ranges = complete(name, ranges, signature, carrying)
    swept, nudges, rounding = _records(name) if inside else (True, {}, None)
    if tier == "certified" and kind == "elementwise" and not swept:
        tier = "derived"
    if ulps is None:
        ulps = UNBOUNDED if tier == "formula" else ULPS
    return Activation(
        Definition(
            name=name,
            module=PACKAGE if inside else module,
            family=module.removeprefix(CATALOGUE).partition(".")[0] if inside else family,
            kind=kind,
            tier=tier,
            body=body or declaration,
            pipeline=Pipeline(
                prepare,
                formula or declaration,
                arrays,
                differentials,
                keep,
                ranges,
                along_axis=kind not in ("elementwise", "gated", "complex"),
                nudges=nudges,
            ),
            reference=reference or _float64_reference(declaration, (*keys, *masks)),
            kinks=kinks,
            surrogates=_one_for_each(name, surrogate, [*arrays[:inputs], *carrying]),
            domain=domain,
            factors=factors,
            ulps=ulps if isinstance(ulps, tuple) else (ulps, ulps),
            rounding=rounding,
            residuals=(*residuals, INPUT),
            inputs=inputs,
            arrays=arrays,
            statics=statics,
            keys=keys,
            masks=masks,
            ranges=ranges,
            signature=signature,
            doc=document(declaration.__doc__, kind, signature, ranges, carrying, formula_text),
        )
    )


def _records(
    name: str,
) -> tuple[bool, Mapping[str, Nudge], Mapping[str, tuple[int, int]] | None]:
    """Return what was measured of an entry: if all inputs, the nudges, and the wrong results."""
    # Imported with the first entry, for `import activax` needs none of it.
    from activax.numerics.nudges import NUDGES, WRONG
    from activax.numerics.swept import SWEPT

    return name in SWEPT, NUDGES.get(name, {}), WRONG.get(name)


def _one_for_each(
    name: str, surrogate: Surrogate | None, carrying: Sequence[str]
) -> tuple[Callable[..., Any], ...]:
    """Return the function whose derivative the slope is, for each array that carries one."""
    if not isinstance(surrogate, tuple):
        return () if surrogate is None else (surrogate,) * len(carrying)
    if len(surrogate) != len(carrying):
        raise TypeError(
            f"{name}: surrogate must be one function, or one for each differentiable parameter "
            f"({', '.join(carrying)}); got {len(surrogate)}"
        )
    return surrogate


def check_elementwise(function: str, role: str, part: Any) -> None:
    """Raise TypeError unless an argument is an elementwise activation."""
    if not isinstance(part, Activation):
        raise TypeError(
            f"{function}: {role} must be an elementwise activation; got {type(part).__name__}"
        )
    if part.kind != "elementwise":
        raise TypeError(f"{function}: {role} must be elementwise; {part!r} is {part.kind}")


def declared_as(
    declaration: Callable[..., Array],
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Give a function the name, the docstring, the signature and the defaults of a declaration."""
    signature = inspect.signature(declaration)

    def define(function: Callable[..., Array]) -> Callable[..., Array]:
        @functools.wraps(declaration)
        def complete(*arrays: Any, **statics: Any) -> Array:
            given = signature.bind(*arrays, **statics)
            given.apply_defaults()
            return function(*given.args, **given.kwargs)

        return complete

    return define


def tier_of(*parts: Any) -> str:
    """Return the tier of what is built from these functions, some of which are activations."""
    known = all(isinstance(part, Activation) and part.tier != "formula" for part in parts)
    return "derived" if known else "formula"


def positional(signature: inspect.Signature) -> tuple[str, ...]:
    """Return the names of the positional parameters."""
    parameters = signature.parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)


def differentiable_names(
    formula: str, names: Sequence[str], constants: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names of the parameters that carry a derivative.

    Args:
        formula: the name of the formula, for errors.
        names: its positional parameters.
        constants: those that are declared as PRNG keys and masks.

    Raises:
        TypeError: a key or mask that is not among the names behind the input.
    """
    for constant in constants:
        if constant not in names[1:]:
            raise TypeError(
                f"{formula}: keys and masks must name positional parameters behind the input "
                f"({', '.join(names[1:]) or 'none'}); got {constant!r}"
            )
    return tuple(name for name in names if name not in constants)


def named_differentials(
    formula: Callable[..., Array],
    names: Sequence[str],
    live: Sequence[str],
    given: Sequence[Differential],
    keep: KeepOption | None,
    automatic: Callable[[Callable[..., Array], int], Differential],
) -> dict[str, Differential]:
    """Return the differential by each differentiable parameter: the given, or the automatic one.

    `automatic(formula, position)` is JAX's derivative of the formula by its argument there.

    Raises:
        TypeError: a number of differentials that is neither 0 nor that of the parameters; none, but
            a `keep`, for automatic ones are functions of the inputs.
    """
    name = formula.__name__
    if given:
        if len(given) != len(live):
            raise TypeError(
                f"{name}: needs one slope for each of its differentiable parameters "
                f"({', '.join(live)}), or none, and JAX differentiates the formula; got "
                f"{len(given)}. PRNG keys and masks are declared with keys= and masks=."
            )
        return dict(zip(live, given, strict=True))
    if keep is not None:
        raise TypeError(f"{name}: keep={keep!r} is for slopes that are functions of it; give them")

    return {n: automatic(formula, names.index(n)) for n in live}


def in_direction(formula: Callable[..., Array], position: int) -> Differential:
    """Return the derivative when the array at `position` moves in direction t, by JAX."""
    return lambda *inputs_and_t, **statics: derivative_by(
        formula, position, inputs_and_t[:-1], inputs_and_t[-1], **statics
    )


def derivative_by(
    function: Callable[..., Array], position: int, arrays: Sequence[Any], t: Array, **statics: Any
) -> Array:
    """Return JAX's derivative of a function when the array at `position` moves in direction t."""

    def moved(value: Array) -> Array:
        return function(*arrays[:position], value, *arrays[position + 1 :], **statics)

    return jax.jvp(moved, (arrays[position],), (t,))[1]


def kept_by(name: str, keep: KeepOption) -> Callable[..., tuple[Any, ...]]:
    """Return `keep` as a function of the inputs, the output and the static parameters."""
    if keep == "inputs":
        return keep_inputs
    if keep == "output":
        return keep_output
    if not callable(keep):
        raise ValueError(f"{name}: keep must be 'inputs', 'output' or a function; got {keep!r}")
    return keep


def _float64_reference(
    formula: Callable[..., Array], constants: tuple[str, ...]
) -> Callable[..., Any]:
    """Return the reference of an activation that declares none: its formula in float64."""
    names = positional(inspect.signature(formula))
    in_primitives = at(Mode.PLAIN)(formula)

    def reference(mp: Any, /, *arguments: Any, **statics: Any) -> Any:
        given = iter(arguments)
        with jax.enable_x64(True):
            arrays = [
                jnp.asarray(np.asarray(next(given), np.float64)) if name not in constants else None
                for name in names[: len(arguments) + len(constants)]
            ]
            out = np.asarray(in_primitives(*arrays, **statics))
        return [mp.mpf(v) for v in out.tolist()] if out.ndim else mp.mpf(out.item())

    return reference
