"""The Activation, a callable and immutable pytree that carries its own facts."""

import functools
import inspect
import operator
from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Any, Generic, ParamSpec

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.definition import PACKAGE, Definition
from activax.core.facts import Facts

P = ParamSpec("P")


class Activation(Facts, Generic[P]):
    """An activation function, to call, to bind parameters to, and to read facts from.

    An activation without arrays has no pytree leaves, so it may sit in any pytree (a model, an
    optimiser's state, a scan's carry) and passes through `jax.jit` and `jax.grad`. It is compared
    by identity, hashes, pickles and copies by name. Make one with `activax.elementwise`,
    `activax.vector` or `activax.gated`.

    Attributes:
        name: its public name.
        family: the module that defines it, such as "piecewise".
        kind: "elementwise" (one array in, the same shape out), "vector" (the same, along an axis),
            "reduction" (the axis is gone or shorter), "expansion" (the axis is longer), "matrix"
            (the same shape out, along two axes), "gated" (`(gate, value)` in) or "complex" (complex
            arrays in and out).
        resizes: whether the output has another shape than the input.
        tier: what it promises: "certified" (slopes of its own and a bound on the errors, which were
            measured at every float32 if it is elementwise), "derived" (built from other
            activations, or measured at samples) or "formula" (its slopes are JAX's derivative of
            its formula, without a bound).
        inputs: how many arrays it takes before its parameters: 2 if it is gated, else 1.
        formula: the same function of float arrays in ordinary JAX primitives, without the
            derivative rule, the promotion of integers and 16-bit floats and the check of ranges:
            for tools that cannot see through a custom rule, such as converters and
            `jax.experimental.jet` (which raises UnexpectedTracerError, or AttributeError in JAX
            0.12). `activax.plain` does it for whole networks.
        body: the same at the precision of the definition that calls it: what definitions are
            built from.
        inner: the function with its derivative, for the derivative of another definition, which
            recomputes for both.
        derivative: `derivative(x, t, *parameters)`, the derivative at x when x moves in direction
            t, by the definition's own slopes, for the derivative of another definition.
        reference: `reference(mp, *arguments)`, the exact function in mpmath; the formula in float64
            where the definition has none.
        surrogate: `surrogate(mp, *arguments)`, whose derivative by the input is the slope where, by
            design, that is not the value's; None elsewhere.
        surrogates: that of each slope, by the inputs and by `trainable` in turn; () elsewhere.
        latex: the formula as LaTeX, as the section "Formula" of the docstring has it.
        kinks: the inputs at which the value or the slope jumps; for bound arrays, those of every
            element; for a gated unit, those of the gate.
        ranges: the `activax.Range` of each parameter that is a real number, by name.
        domain: the open interval of inputs on which it is finite; outside it is infinite or NaN.
        factors: of a gated unit, the activation of the gate and that of the value, with their
            parameters bound; else ().
        parameters: every parameter but the inputs, with its bound or default value.
        arrays: the bound arrays by name, its leaves as a pytree.
        keep: what the backward pass keeps, if `activax.lean` has chosen it; None if it is what the
            definition says.
        original: the activation as it is without `activax.lean`.
        trainable: the names of the parameters that may be arrays and are differentiated.
        keys: the names of the parameters that are PRNG keys.
        elsewhere: its names in other libraries, and its `.expressions` there at the defaults.
        ulps: the largest error of the value and of the slopes, over all float32 inputs at the
            default parameters, in units in the last place.
        rounding: by 16-bit dtype, how many values and how many slopes are not the exact ones
            rounded correctly, over all inputs at the default parameters; kinks and subnormal
            numbers do not count. None where they were not counted: outside of the catalogue, and
            where an element does not depend on one input alone.
    """

    _plain: "Activation[...]"  # without anything bound
    __signature__: inspect.Signature

    def __init__(
        self,
        definition: Definition,
        numbers: Mapping[str, Hashable] = MappingProxyType({}),
        leaves: Mapping[str, Any] = MappingProxyType({}),
        plain: "Activation[...] | None" = None,
    ):
        # One order, so that equal activations are equal trees.
        order = definition.parameters
        numbers, leaves = (
            {n: given[n] for n in order if n in given} for given in (numbers, leaves)
        )
        bound = {**numbers, **leaves}
        parameters = [
            p.replace(default=bound.get(p.name, p.default))
            for p in definition.signature.parameters.values()
        ]
        signature = definition.signature.replace(parameters=parameters)
        fields = {
            "_definition": definition,
            "_plain": plain or self,
            "_numbers": MappingProxyType(numbers),
            "_leaves": MappingProxyType(leaves),
            "_values": MappingProxyType({**definition.defaults, **bound}),
            "__signature__": signature,
            "__name__": definition.name,
            "__qualname__": definition.name,
            "__module__": definition.module,
            "__doc__": f"{definition.name}{definition.signature}\n\n{definition.doc}",
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"{self!r} is immutable: cannot set {name}; use .bind(...) to set a parameter"
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{self!r} is immutable: cannot delete {name}")

    # Call and bind

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Array:
        # There is nothing to check in an array alone, which takes 2 us.
        alone = self._definition.unary and len(args) == 1 and not kwargs
        if alone and isinstance(args[0], jax.Array):
            return self._definition.run(args[0])
        arrays, statics = self._definition.arguments(self._values, args, kwargs)
        return self._definition.run(*arrays, **statics)

    def bind(self, /, **parameters: Any) -> "Activation[...]":
        """Fix parameters and return an activation again.

        A Python or NumPy number is static: the result hashes, is equal by value and round-trips
        through `to_config`. An array becomes a pytree leaf, so an optimiser that is given a model
        which holds the result trains it.

        A function of yours under `jax.jit` compiles anew, and keeps the old program, for every
        number that is bound to an activation among its arguments. The values of a bound array, and
        of an argument in the call `f(x, alpha)`, compile nothing. So anneal a parameter as an array
        or in the call, with `jax.lax.stop_gradient` where it should not be trained.

        Raises:
            TypeError: a name that is not a parameter, or an array for a static parameter.
            ValueError: a number outside of the parameter's range.

        Example:
            >>> half = activax.elu.bind(alpha=0.5)
            >>> half
            activax.elu.bind(alpha=0.5)
            >>> half == activax.elu.bind(alpha=0.5)
            True
            >>> jax.tree.leaves(activax.prelu.bind(negative_slope=jnp.array(0.25)))
            [Array(0.25, dtype=float32)]
        """
        definition = self._definition
        numbers, leaves = dict(self._numbers), dict(self._leaves)
        for name, value in parameters.items():
            definition.check_known(name)
            if name not in definition.parameters:
                raise TypeError(
                    f"{self.name}.bind: {name!r} is an input, not a parameter; pass it in the "
                    f"call. Parameters: {', '.join(definition.parameters) or 'none'}."
                )
            numbers.pop(name, None)
            leaves.pop(name, None)
            value = value.item() if isinstance(value, np.generic) else value
            if value is None and definition.defaults[name] is None:
                continue
            if name in definition.statics or isinstance(value, float | int | bool):
                numbers[name] = definition.static(name, value)
            else:
                leaves[name] = _leaf(definition.array(name, value), value)
        if not numbers and not leaves:
            return self._plain
        return Activation(definition, numbers, leaves, self._plain)

    # Names, equality and serialisation

    @property
    def keep(self) -> str | None:
        derived = self._definition.derived
        return derived.options["keep"] if derived and derived.residual else None

    @property
    def original(self) -> "Activation[...]":
        derived = self._definition.derived
        return self._base if derived and derived.residual else self

    @property
    def _base(self) -> Any:
        """Return the base of a derived activation, with its parameters that are bound here."""
        derived = self._definition.derived
        assert derived is not None
        bound = {**self._numbers, **self._leaves}
        theirs = {name: bound[name] for name in bound if name not in self._options}
        return derived.base.bind(**theirs) if theirs else derived.base

    @property
    def _options(self) -> dict[str, Any]:
        """Return the options of the call that made a derived activation, and those bound here."""
        derived = self._definition.derived
        assert derived is not None
        known = derived.base.parameters if isinstance(derived.base, Activation) else {}
        own = {name: value for name, value in self._numbers.items() if name not in known}
        return {**derived.options, **own}

    def __repr__(self) -> str:
        if derived := self._definition.derived:
            options = [f"{name}={value!r}" for name, value in self._options.items()]
            return f"{PACKAGE}.{derived.make.__name__}({', '.join([repr(self._base), *options])})"
        name = f"{self.__module__}.{self.name}"
        bound = ", ".join(f"{k}={v!r}" for k, v in {**self._numbers, **self._leaves}.items())
        return f"{name}.bind({bound})" if bound else name

    def to_config(self) -> dict[str, Any]:
        """Return a description for JSON, which `activax.get` turns back into this activation.

        Raises:
            ValueError: a bound array (save it with the model's parameters), or an activation that
                is not in the catalogue (pickle it instead).

        Example:
            >>> activax.elu.bind(alpha=0.5).to_config()
            {'name': 'elu', 'alpha': 0.5}
            >>> activax.get({"name": "elu", "alpha": 0.5})
            activax.elu.bind(alpha=0.5)
        """
        if (derived := self._definition.derived) and isinstance(self._base, Activation):
            return {**self._base.to_config(), derived.make.__name__: self._options}
        if self.__module__ != PACKAGE or derived:
            raise ValueError(f"{self!r}.to_config: not in the catalogue; pickle it instead")
        for name in self._leaves:
            raise ValueError(
                f"{self.name}.to_config: {name} is bound to an array, which is a trained parameter "
                "and not configuration; save it with the model's parameters"
            )
        return {"name": self.name, **self._numbers}

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self._leaves:  # which may be anything after a `jax.tree.map`
            return _rebind, (self._plain, dict(self._numbers), dict(self._leaves))
        if self._numbers:
            return operator.methodcaller("bind", **self._numbers), (self._plain,)
        if derived := self._definition.derived:
            return functools.partial(derived.make, **derived.options), (derived.base,)
        return self.name  # pickles, and copies, as the global of that name in __module__

    def _key(self) -> tuple[Any, ...]:
        """Return the key of equality: bound numbers by value, bound arrays by identity."""
        arrays = frozenset((name, id(leaf)) for name, leaf in self._leaves.items())
        return self._definition, frozenset(self._numbers.items()), arrays

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Activation) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())


def _leaf(array: Any, given: Any) -> Any:
    """Return the leaf of the pytree for a bound array, which was given as `given`."""
    if hasattr(given, "__jax_array__"):
        return given  # a framework's variable, such as flax.nnx.Param, stays what it is
    if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        return array
    # Optimisers return strong types; a weak one here would compile their step twice.
    return array.astype(array.dtype)


def _rebind(
    plain: Activation[...], numbers: Mapping[str, Hashable], leaves: Mapping[str, Any]
) -> Activation[...]:
    return Activation(plain._definition, numbers, leaves, plain)


def _flatten(activation: Activation[...]) -> tuple[tuple[Any, ...], Hashable]:
    leaves = activation._leaves
    structure = activation._plain, tuple(activation._numbers.items()), tuple(leaves)
    return tuple(leaves.values()), structure


def _flatten_with_keys(activation: Activation[...]) -> tuple[tuple[tuple[Any, Any], ...], Hashable]:
    leaves, structure = _flatten(activation)
    keys = [jax.tree_util.GetAttrKey(name) for name in activation._leaves]
    return tuple(zip(keys, leaves, strict=True)), structure


def _unflatten(structure: Any, leaves: Any) -> Activation[...]:
    plain, numbers, names = structure
    if not numbers and not names:
        return plain
    return _rebind(plain, dict(numbers), dict(zip(names, leaves, strict=True)))


jax.tree_util.register_pytree_with_keys(Activation, _flatten_with_keys, _unflatten, _flatten)
