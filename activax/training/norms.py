"""Norms of gradients and updates by path, recorded in the state of the optimiser."""

import dataclasses
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from activax.diagnostics.gradients import norm, ratio
from activax.nn.layer import Params
from activax.nn.trees import Tree, by_path


class Norms(NamedTuple):
    """The norms of a gradient or an update, and of its parameter; NaN before the first step."""

    norm: Array
    parameter_norm: Array
    ratio: Array  # norm / parameter_norm; inf if only the parameter is 0


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class TracedNorms:
    """The state of `trace_norms`: the norms of the latest step, by path."""

    norms: dict[str, Array]
    parameter_norms: dict[str, Array]
    name: str = dataclasses.field(metadata={"static": True})


def trace_norms(name: str = "gradients") -> optax.GradientTransformation:
    """Build an Optax transformation that records norms by path and changes nothing.

    The transformation records the norms of the arrays that pass its place in `optax.chain`: of the
    gradients at the front, of the updates at the end. `traced_norms` finds the record in any nested
    state.

    Args:
        name: the name of the record, which tells several records apart.

    Example:
        >>> from activax.training import trace_norms, traced_norms
        >>> optimizer = optax.chain(trace_norms(), optax.sgd(0.1), trace_norms("updates"))
        >>> params = {"w": jnp.array([3.0, 4.0])}
        >>> state = optimizer.init(params)
        >>> updates, state = optimizer.update(params, state, params)
        >>> record = traced_norms(state)
        >>> record["gradients"]["w"].norm, record["updates"]["w"].ratio
        (Array(5., dtype=float32), Array(0.1, dtype=float32))
    """

    def init(params: Params) -> TracedNorms:
        unknown = {path: jnp.full_like(norm(p), math.nan) for path, p in by_path(params).items()}
        return TracedNorms(unknown, unknown, name)

    def update(
        updates: Tree, state: TracedNorms, params: Params = None
    ) -> tuple[Tree, TracedNorms]:
        passed = {path: norm(leaf) for path, leaf in by_path(updates).items()}
        weights = {path: norm(leaf) for path, leaf in by_path(params).items()}
        return updates, TracedNorms(passed, weights or state.parameter_norms, name)

    return optax.GradientTransformation(init, update)


def traced_norms(opt_state: optax.OptState) -> dict[str, dict[str, Norms]]:
    """Return the norms that every `trace_norms` of an optimiser recorded in the latest step.

    Args:
        opt_state: the state of any optimiser: a chain, a `multi_transform`, a wrapper.

    Returns:
        A dict from the names of the records to dicts from paths, such as "0/weight", to Norms. The
        norms of parameters are NaN if `update` of the optimiser was not given the parameters.

    Raises:
        ValueError: a state without a record, or two records of one name and path.

    Example:
        >>> state = activax.training.trace_norms().init({"w": jnp.ones(2)})
        >>> activax.training.traced_norms(state)["gradients"]["w"].norm
        Array(nan, dtype=float32)
    """

    def is_record(node: Tree) -> bool:
        return isinstance(node, TracedNorms)

    records = [node for node in jax.tree.leaves(opt_state, is_leaf=is_record) if is_record(node)]
    if not records:
        raise ValueError(
            "traced_norms: the state holds no record; put trace_norms() into the optimiser, "
            "as in optax.chain(trace_norms(), optax.adam(1e-3))"
        )
    found: dict[str, dict[str, Norms]] = {}
    for record in records:
        here = found.setdefault(record.name, {})
        for path, passed in record.norms.items():
            if path in here:
                raise ValueError(
                    f"traced_norms: two records are called {record.name!r} and hold {path!r}; "
                    "give each trace_norms a name of its own"
                )
            weight = record.parameter_norms[path]
            here[path] = Norms(passed, weight, ratio(passed, weight))
    return found
