"""A search for the operation that made the first NaN or infinity of a network."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.diagnostics.jaxprs import (
    Equation,
    Jaxpr,
    bound,
    inputs_of_scan,
    is_literal,
    names_of,
    opened,
    scopes_of,
)
from activax.nn.layer import Layer, Params
from activax.nn.layer import apply as apply_layer
from activax.nn.trees import Tree, by_path

CALLED = ("jaxpr", "call_jaxpr", "call")  # parameters of an equation that may hold a called jaxpr
OPAQUE = ("while", "shard_map")  # the inputs of their jaxpr are not the inputs of the equation


class NonFinite(NamedTuple):
    """The operation that made the first NaN or infinity."""

    direction: str  # "forward" or "backward"
    path: str  # the scopes around the operation, such as "serial[2]/residual[1]/gelu"
    operation: str  # the primitive of JAX; "argument" or "constant" for a value given from outside
    made: str  # "NaN" or "inf"
    share: float  # the non-finite share of the output's elements
    inputs: tuple[tuple[float, float], ...]  # the minimum and the maximum of each input array

    def __str__(self) -> str:
        inputs = " and ".join(f"[{low:.6g}, {high:.6g}]" for low, high in self.inputs)
        given = f", given {inputs}" if inputs else ""
        place = f" in {self.path}" if self.path else ""
        return f"{self.direction}: {self.made} ({self.share:.1%}) by {self.operation}{place}{given}"


def first_nonfinite(network: Any, params: Params, x: Tree) -> NonFinite | None:
    """Find the operation that made the first NaN or infinity, forward or backward.

    The network is evaluated one operation at a time, outside of `jax.jit`. This is slow, so use a
    batch that is known to fail. If the output of the network is finite, the search goes on in the
    gradient of the sum of the output. Values that are masked out before the result, such as the
    -inf of an attention mask, are no fault.

    Paths are the scopes of `jax.named_scope`, which `nn.serial`, `nn.parallel`, `nn.residual`, Flax
    and Haiku open, and the names of compiled functions.

    Args:
        network: a Layer, any other object with `apply(params, x)`, or a function of params and x,
            such as a loss.
        params: a tree of arrays.
        x: the input of the network, an array or a tree of arrays.

    Returns:
        A NonFinite, which prints as one line, or None if all values are finite.

    Raises:
        TypeError: a network that cannot be called.

    Example:
        >>> from activax.nn import dense, serial
        >>> network = serial(dense(4), jnp.exp, dense(1))
        >>> x = jnp.full((2, 3), 1e4)
        >>> params = network.init(jax.random.key(0), x)
        >>> found = activax.diagnostics.first_nonfinite(network, params, x)
        >>> found.direction, found.path, found.operation, found.made
        ('forward', 'serial[1]', 'exp', 'inf')
    """
    if isinstance(network, Layer):
        apply: Any = functools.partial(apply_layer, network, key=None)
    else:
        apply = getattr(network, "apply", network)
    if not callable(apply):
        raise TypeError(
            "first_nonfinite: network must be a Layer or a function of params and x; "
            f"got {type(network).__name__}"
        )
    found = _search("forward", apply, params, x)
    return found or _search("backward", _gradient(apply), params, x)


def _gradient(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Return the gradient of the sum of all float outputs with respect to all float inputs."""

    def gradient(params: Params, x: Tree) -> Tree:
        leaves, structure = jax.tree.flatten((params, x))
        floats = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]

        def total(values: list[Array]) -> Any:
            filled = list(leaves)
            for i, value in zip(floats, values, strict=True):
                filled[i] = value
            outputs = jax.tree.leaves(apply(*jax.tree.unflatten(structure, filled)))
            return sum(jnp.sum(out) for out in outputs if _is_float(out))

        return jax.grad(total)([jnp.asarray(leaves[i]) for i in floats])

    return gradient


def _search(
    direction: str, function: Callable[..., Any], params: Params, x: Tree
) -> NonFinite | None:
    closed = jax.make_jaxpr(function)(params, x)
    given = {"params": params, "x": x}
    search = _Search(direction)
    arguments = [search.given(path, leaf) for path, leaf in by_path(given).items()]
    constants = [search.given("", value, "constant") for value in closed.consts]
    blames = [blame for _, blame in search.through(closed.jaxpr, constants, arguments, ())]
    blamed = [blame for blame in blames if blame is not None]
    return search.found[min(blamed)] if blamed else None


# An array and its blame: the index in `found` of the operation that made it non-finite, or None.
Value = tuple[Array, int | None]


class _Search:
    """An evaluation of a jaxpr that remembers which operation made each non-finite value.

    Each operation is evaluated as a whole. The search enters the jaxpr of an operation only if its
    result is not finite.
    """

    def __init__(self, direction: str) -> None:
        self.direction = direction
        self.found: list[NonFinite] = []

    def given(self, path: str, array: Any, operation: str = "argument") -> Value:
        """Return the value of an array from outside."""
        array = jnp.asarray(array)
        return array, None if _finite(array) else self.made_by(path, operation, array, [])

    def made_by(self, path: str, operation: str, out: Array, inputs: list[Array]) -> int:
        """Record the operation that made a non-finite output; return the index of the record."""
        ranges = tuple(map(_min_and_max, filter(_is_float, inputs)))
        made = "NaN" if _has_nan(out) else "inf"
        share = float(jnp.mean(~jnp.isfinite(out)))
        record = NonFinite(self.direction, path, operation, made, share, ranges)
        self.found.append(record)
        return len(self.found) - 1

    def through(
        self, jaxpr: Jaxpr, constants: list[Value], arguments: list[Value], scopes: tuple[str, ...]
    ) -> list[Value]:
        """Return the outputs of a jaxpr."""
        known = dict(zip((*jaxpr.constvars, *jaxpr.invars), constants + arguments, strict=True))
        for equation in jaxpr.eqns:
            here = (*scopes, *names_of(scopes_of(equation)))
            inputs = [
                self.given("/".join(here), jnp.asarray(atom.val, atom.aval.dtype), "constant")
                if is_literal(atom)
                else known[atom]
                for atom in equation.invars
            ]
            known.update(zip(equation.outvars, self.across(equation, inputs, here), strict=True))
        return [
            self.given("/".join(scopes), atom.val, "constant") if is_literal(atom) else known[atom]
            for atom in jaxpr.outvars
        ]

    def across(
        self, equation: Equation, inputs: list[Value], scopes: tuple[str, ...]
    ) -> list[Value]:
        """Return the outputs of one equation."""
        arrays = [array for array, _ in inputs]
        outputs = bound(equation, arrays)
        if all(map(_finite, outputs)):
            return [(out, None) for out in outputs]
        inside = self.inside(equation, inputs, scopes)
        blames = [blame for _, blame in inside] if inside else [None] * len(outputs)
        return [
            (out, None if _finite(out) else self.blame(equation, out, inputs, scopes, blame))
            for out, blame in zip(outputs, blames, strict=True)
        ]

    def blame(
        self,
        equation: Equation,
        out: Array,
        inputs: list[Value],
        scopes: tuple[str, ...],
        inside: int | None,
    ) -> int:
        """Return the blame of a non-finite output: an inner blame, an input's, or a new record."""
        if inside is not None:
            return inside
        arrays = [array for array, _ in inputs]
        if equation.primitive.name == "select_n":  # only the selected elements count
            which, *cases = inputs
            inputs = [
                (array, blame)
                for i, (array, blame) in enumerate(cases)
                if not _finite(jnp.where(which[0].astype(jnp.int32) == i, array, 0))
            ]
        sources = [blame for _, blame in inputs if blame is not None]
        made = [blame for blame in sources if self.found[blame].operation != "constant"]
        if made:
            return min(made)
        # An infinite constant is intended; a NaN that an operation makes of the constant is not.
        if sources and not (_has_nan(out) and not any(map(_has_nan, arrays))):
            return min(sources)
        return self.made_by("/".join(scopes), equation.primitive.name, out, arrays)

    def inside(
        self, equation: Equation, inputs: list[Value], scopes: tuple[str, ...]
    ) -> list[Value] | None:
        """Return the outputs of an equation through its inner jaxpr, or None without one."""
        options = equation.params
        if equation.primitive.name == "scan":
            return self.iterations(equation, inputs, scopes)
        if equation.primitive.name == "cond":
            branches = options["branches"]
            branch = branches[int(np.clip(inputs[0][0], 0, len(branches) - 1))]
            return self.closed(branch, inputs[1:], scopes)
        body = next((options[name] for name in CALLED if name in options), None)
        if body is None or equation.primitive.name in OPAQUE:
            return None
        name = str(options.get("name", "_"))
        return self.closed(body, inputs, scopes if name.startswith("_") else (*scopes, name))

    def closed(self, body: Any, inputs: list[Value], scopes: tuple[str, ...]) -> list[Value]:
        """Return the outputs of a jaxpr that may be closed over constants."""
        jaxpr, constants = opened(body)
        given = [self.given("/".join(scopes), value, "constant") for value in constants]
        return self.through(jaxpr, given, inputs, scopes)

    def iterations(
        self, equation: Equation, inputs: list[Value], scopes: tuple[str, ...]
    ) -> list[Value]:
        """Return the outputs of a scan, evaluated step by step."""
        options = equation.params
        first, last = inputs_of_scan(equation)
        constants, carry, rows = inputs[:first], inputs[first:last], inputs[last:]
        steps = range(options["length"])[:: -1 if options["reverse"] else 1]
        stacked: list[Value] = []
        for i in steps:
            row = [(array[i], None if _finite(array[i]) else blame) for array, blame in rows]
            outputs = self.closed(
                options["jaxpr"], [*constants, *carry, *row], (*scopes, f"scan[{i}]")
            )
            stacked = _keep_first_blames(stacked, outputs[len(carry) :])
            carry = outputs[: len(carry)]
        return [*carry, *stacked]


def _keep_first_blames(stacked: list[Value], row: list[Value]) -> list[Value]:
    """Return the outputs with the first blame of each so far; nothing reads their arrays."""
    if not stacked:
        return row
    return [
        (array, new if old is None else old)
        for (_, old), (array, new) in zip(stacked, row, strict=True)
    ]


def _is_float(array: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(array), jnp.inexact)


def _finite(array: Any) -> bool:
    return not _is_float(array) or bool(jnp.all(jnp.isfinite(array)))


def _has_nan(array: Any) -> bool:
    return _is_float(array) and bool(jnp.any(jnp.isnan(array)))


def _min_and_max(array: Array) -> tuple[float, float]:
    low, high = jnp.min(array, initial=jnp.inf), jnp.max(array, initial=-jnp.inf)
    return float(low), float(high)
