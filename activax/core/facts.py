"""The facts of an activation, read from its definition and from what is bound to it."""

import inspect
import re
import textwrap
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from jax import Array

from activax.core.definition import Definition, Elsewhere
from activax.core.notebook import activation_html, mime_bundle
from activax.core.ranges import Ranges
from activax.numerics.mode import Mode, at


class Facts:
    """The attributes of an `activax.Activation` that its docstring lists."""

    _definition: Definition
    _numbers: Mapping[str, Hashable]  # bound and static
    _leaves: Mapping[str, Any]  # bound, and children of the pytree
    _values: Mapping[str, Any]  # every parameter, bound or default

    @property
    def name(self) -> str:
        return self._definition.name

    @property
    def family(self) -> str:
        return self._definition.family

    @property
    def kind(self) -> str:
        return self._definition.kind

    @property
    def resizes(self) -> bool:
        return self.kind in ("reduction", "expansion")

    @property
    def tier(self) -> str:
        return self._definition.tier

    @property
    def reference(self) -> Callable[..., Any]:
        return self._definition.reference

    @property
    def surrogate(self) -> Callable[..., Any] | None:
        return next(iter(self._definition.surrogates), None)

    @property
    def surrogates(self) -> tuple[Callable[..., Any], ...]:
        return self._definition.surrogates

    @property
    def inputs(self) -> int:
        return self._definition.inputs

    @property
    def domain(self) -> tuple[float, float]:
        return self._definition.domain

    @property
    def ranges(self) -> Ranges:
        return self._definition.ranges

    @property
    def ulps(self) -> tuple[float, float]:
        return self._definition.ulps

    @property
    def rounding(self) -> Mapping[str, tuple[int, int]] | None:
        return None if self._definition.derived else self._definition.rounding

    @property
    def elsewhere(self) -> Elsewhere:
        return self._definition.elsewhere

    @property
    def formula(self) -> Callable[..., Array]:
        return at(Mode.PLAIN)(self.body) if self.is_bound else self._definition.formula

    @property
    def body(self) -> Callable[..., Array]:
        if not self.is_bound:
            return self._definition.body

        def body(*args: Any, **kwargs: Any) -> Array:
            arrays, statics = self._definition.arguments(self._values, args, kwargs)
            return self._definition.body(*arrays, **statics)

        return body

    @property
    def inner(self) -> Callable[..., Array]:
        def inner(*args: Any, **kwargs: Any) -> Array:
            arrays, statics = self._definition.arguments(self._values, args, kwargs)
            return self._definition.pipeline.trace(arrays, statics, recompute=False)

        return inner

    def derivative(self, x: Array, t: Array, /, *parameters: Any, **options: Any) -> Array:
        arrays, statics = self._definition.arguments(self._values, (x, *parameters), options)
        return self._definition.pipeline.derivative(arrays, statics, t)

    @property
    def factors(self) -> tuple[Any, ...]:
        return self._definition.factors(self.parameters)

    @property
    def kinks(self) -> tuple[float, ...]:
        for gate in self.factors[:1]:
            return gate.kinks
        kinks = self._definition.kinks
        if not callable(kinks):
            return kinks
        names = inspect.signature(kinks).parameters
        values = np.broadcast_arrays(*(np.asarray(self.parameters[name]) for name in names))
        rows = zip(*(value.ravel().tolist() for value in values), strict=True)
        return tuple(sorted({kink for row in rows for kink in kinks(*row)}))

    @property
    def parameters(self) -> Mapping[str, Any]:
        return MappingProxyType({name: self._values[name] for name in self._definition.parameters})

    @property
    def arrays(self) -> Mapping[str, Any]:
        return self._leaves

    @property
    def keys(self) -> tuple[str, ...]:
        return self._definition.keys

    @property
    def trainable(self) -> tuple[str, ...]:
        return self._definition.differentiable[self._definition.inputs :]

    @property
    def summary(self) -> str:
        """Return the first line of the docstring."""
        return self._definition.doc.partition("\n")[0]

    def section(self, title: str) -> str:
        """Return the text under a heading of the docstring, such as "Formula", or ""."""
        found = re.search(
            rf"^{title}:\n((?:[ ]+\S.*\n|\n)*)", self._definition.doc + "\n", re.MULTILINE
        )
        return textwrap.dedent(found.group(1)).strip() if found else ""

    @property
    def latex(self) -> str:
        from activax.core.typesetting import as_latex, written_formula  # few need a parser

        return as_latex(written_formula(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return activation_html(self)

    def _repr_latex_(self) -> str:
        """Return what a notebook becomes as a PDF."""
        return rf"$\displaystyle {self.latex}$"

    _repr_mimebundle_ = mime_bundle

    @property
    def is_bound(self) -> bool:
        """Return whether `bind` has fixed any parameter."""
        return bool(self._numbers or self._leaves)
