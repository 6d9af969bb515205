"""The record of one activation, which its decorator writes down."""

import dataclasses
import difflib
import functools
import inspect
import math
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.pipeline import Pipeline
from activax.core.ranges import Ranges
from activax.core.residuals import Residual
from activax.numerics.mode import Mode, at

PACKAGE = __name__.partition(".")[0]
EVERYWHERE = (-math.inf, math.inf)


class Elsewhere(NamedTuple):
    """Names of an activation in other libraries, and expressions there.

    Attributes:
        names: for each library its names, with the parameters that ours needs to be the same.
        expressions: for a library the expression at our defaults.
    """

    names: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    expressions: Mapping[str, str] = MappingProxyType({})


NOWHERE = Elsewhere()


@dataclasses.dataclass(frozen=True, eq=False)
class Derived:
    """The call that made a definition of another activation or function: make(base, **options)."""

    make: Callable[..., Any]  # activax.lean or activax.affine
    base: Any
    options: Mapping[str, Any]
    residual: Residual | None = None  # what the backward pass keeps, if that was chosen


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Definition:
    """The facts of one activation, and the checks of its arguments.

    `run` compiles the pipeline; the other fields are the facts that tests, benchmarks, theory and
    documentation read.
    """

    name: str
    module: str
    family: str
    kind: str  # "elementwise", "vector", "reduction", "expansion", "matrix", "gated" or "complex"
    tier: str  # "certified", "derived" or "formula"
    body: Callable[..., Array]
    pipeline: Pipeline
    reference: Callable[..., Any]
    kinks: tuple[float, ...] | Callable[..., tuple[float, ...]]
    surrogates: tuple[Callable[..., Any], ...]  # one for each differentiable array, or none
    domain: tuple[float, float]
    factors: Callable[[Mapping[str, Any]], tuple[Any, ...]]  # of a gated unit's parameters
    ulps: tuple[float, float]  # of value and slopes
    rounding: Mapping[str, tuple[int, int]] | None  # wrong values and slopes, by 16-bit dtype
    residuals: tuple[Residual, ...]  # what the backward pass may keep
    inputs: int
    arrays: tuple[str, ...]  # positional parameters: the inputs, then what is differentiable
    statics: tuple[str, ...]  # keyword-only parameters
    keys: tuple[str, ...]  # those of the arrays that are PRNG keys
    masks: tuple[str, ...]  # those of the arrays that are boolean masks
    ranges: Ranges  # of the parameters that are real numbers
    signature: inspect.Signature
    doc: str
    elsewhere: Elsewhere = NOWHERE
    derived: Derived | None = None  # how it was made of another, if it was

    @functools.cached_property
    def run(self) -> Callable[..., Array]:
        """Compile the pipeline at the first call; at import that takes a third of the time."""
        residual = self.derived.residual if self.derived else None
        if residual is None:
            return self._compiled(None)
        candidates = self.residuals[self.residuals.index(residual) :] if residual.ranges else ()
        compiled = functools.cache(self._compiled)

        def fitting(*arrays: Any, **statics: Any) -> Array:
            given = dict(zip(self.arrays, arrays, strict=True))
            return compiled(next(r for r in candidates if r.fits(given)))(*arrays, **statics)

        return fitting if candidates else compiled(residual)

    def _compiled(self, residual: Residual | None) -> Callable[..., Array]:
        def run(*__arrays: Any, **statics: Any) -> Array:  # a private name: statics have any other
            return self.pipeline.trace(__arrays, statics, residual=residual)

        # In HLO and profiles an affine map has another name than its activation.
        run.__name__ = run.__qualname__ = self.body.__name__
        return jax.jit(run, static_argnames=self.statics)

    @functools.cached_property
    def formula(self) -> Callable[..., Array]:
        """Return the body in ordinary primitives; always the same object, so jit compiles once."""
        return at(Mode.PLAIN)(self.body)

    @functools.cached_property
    def unary(self) -> bool:
        """Return whether the activation takes one array and nothing else."""
        return len(self.signature.parameters) == 1

    @functools.cached_property
    def differentiable(self) -> tuple[str, ...]:
        """Return the names of the arrays that carry a derivative."""
        return tuple(n for n in self.arrays if n not in (*self.keys, *self.masks))

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        return {name: p.default for name, p in self.signature.parameters.items()}

    @functools.cached_property
    def parameters(self) -> tuple[str, ...]:
        """Return the names of all parameters but the inputs."""
        return (*self.arrays[self.inputs :], *self.statics)

    def arguments(
        self, values: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the arrays and the static keywords of one call; `values` fills the gaps."""
        if len(args) > len(self.arrays):
            raise TypeError(
                f"{self.name}: takes at most {len(self.arrays)} positional arguments "
                f"({', '.join(self.arrays)}); got {len(args)}. The rest are keyword-only."
            )
        given = dict(zip(self.arrays, args, strict=False))
        for name in kwargs:
            self.check_known(name)
            if name in given:
                raise TypeError(f"{self.name}: {name} was given twice")
        values = {**values, **given, **kwargs}
        arrays = [self.array(name, values[name]) for name in self.arrays]
        return arrays, {name: self.static(name, values[name]) for name in self.statics}

    def check_known(self, name: str) -> None:
        """Raise TypeError, with a suggestion, unless a parameter has this name."""
        known = self.signature.parameters
        if name not in known:
            guess = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {guess[0]!r}?" if guess else ""
            raise TypeError(
                f"{self.name}: unknown parameter {name!r}; its parameters are "
                f"{', '.join(known)}.{hint}"
            )

    def array(self, name: str, value: Any) -> Any:
        """Return `value` as an array, a Python number, or None."""
        if isinstance(value, jax.Array) or (value is None and self.defaults[name] is None):
            return value
        if isinstance(value, float | int | bool):
            self._check_range(name, value)
            return value
        if isinstance(value, np.generic):
            self._check_range(name, value.item())
        if isinstance(value, np.ndarray | np.generic | complex) or hasattr(value, "__jax_array__"):
            return jnp.asarray(value)
        if value is inspect.Parameter.empty:
            raise TypeError(f"{self.name}: missing argument {name!r}")
        raise TypeError(
            f"{self.name}: {name} must be an array or a number; got {type(value).__name__}. "
            "Convert it with jnp.asarray first."
        )

    def static(self, name: str, value: Any) -> Hashable:
        """Return `value` if it may be a static parameter; of a NumPy scalar the Python number."""
        value = value.item() if isinstance(value, np.generic) else value
        if not isinstance(value, bool | int | float | str | tuple | None):
            raise TypeError(
                f"{self.name}: {name} is static, so it must be a Python number, string or tuple; "
                f"got {type(value).__name__}. Only positional parameters may be arrays."
            )
        if isinstance(self.defaults[name], float) and not isinstance(value, float | int):
            raise TypeError(
                f"{self.name}: {name} is static and must be a Python number; got {value!r}"
            )
        self._check_range(name, value)
        return value

    def _check_range(self, name: str, value: Any) -> None:
        if (
            name in self.ranges
            and isinstance(value, float | int)
            and value not in self.ranges[name]
        ):
            raise ValueError(
                f"{self.name}: {name} must be {self.ranges[name]}; got {value}. Choose a number in "
                "this range."
            )
