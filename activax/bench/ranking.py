"""A ranking of what activations may keep, by what the gradient of a network needs with each."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax.bench.memory.kept import residuals_of
from activax.bench.memory.temporary import temporary_bytes
from activax.bench.results.tables import markdown_table
from activax.bench.timing.stopwatch import FEWEST, race
from activax.core.activation import Activation
from activax.saving.policies import CODED, check_activation, lean, policies

DEFAULT = "default"  # the policy of an activation that `activax.lean` has not changed
FORMATS = ("bfloat16", "e4m3/128", "int8/128", "e5m2/128", "int4/32")
COLUMNS = ("", "keep", "ms", "residual MiB", "temporary MiB", "gradient off by")

Network = Callable[[Any], Callable[..., Any]]


class Ranked(NamedTuple):
    """A training step of a network with one choice of what is kept."""

    activation: str  # its name; "" if the choices were given by name
    policy: str
    seconds: float | None  # of value and gradient, a median; None if the arguments are no arrays
    residual_bytes: int  # stored by `jax.vjp` in the first argument, beside the arguments
    temporary_bytes: int | None  # of the compiled program of value and gradient
    gradient_error: float | None  # relative to the first choice of the activation, in the 2-norm


class Ranking(tuple[Ranked, ...]):
    """Rows of `rank`, which print as a table."""

    __slots__ = ()

    def __str__(self) -> str:
        return markdown_table(COLUMNS, [_cells(row) for row in self])


def variants(activation: Activation[...]) -> dict[str, Activation[...]]:
    """Return an activation with each of its policies by name, the default first."""
    original = activation.original
    lean_ones = {policy: lean(original, policy) for policy in policies(original)}
    return {DEFAULT: original, **lean_ones}


def rank(
    network: Network,
    choices: Activation[...] | Sequence[Activation[...]] | Mapping[str, Any],
    *specs: Any,
    repeats: int = FEWEST,
) -> Ranking:
    """Rank what activations may keep, by what the gradient of your network needs with it.

    Of each activation every policy of `activax.lean` is tried, and every format of
    `activax.stored` if it is elementwise or gated. The gradient in the first argument is compiled
    for the default device. It runs only if all of `specs` are arrays; then the programs run in
    turn, A B C A B C ....

    Args:
        network: takes a choice, and returns a function with a scalar result, such as the loss of
            parameters and a batch. The function takes arrays or trees of arrays.
        choices: an activation, several of them, or what else `network` takes by name, such as
            {"exact": None, "int8": "int8/128"} for the `store` of a layer.
        *specs: the arguments of the function: arrays, or `jax.ShapeDtypeStruct`s, or trees.
        repeats: how often each program runs.

    Returns:
        A row for each choice, the least temporary memory first, then the fewest residual bytes;
        printed, it is a table. Residual bytes are needed by a loss in a scan or a checkpoint, and
        by a loss that is not compiled as a whole. In one compiled program XLA may recompute some of
        them. Gradients are compared with those of the unchanged activation, or of the first choice.

    Raises:
        TypeError: an activation that is none.
        ValueError: no choices, too few repeats, or a function whose result is no scalar.

    Example:
        >>> def network(act):
        ...     def loss(weights, x):
        ...         return jnp.sum(act(x + act(x @ weights[0])) @ weights[1])
        ...     return loss
        >>> specs = [jax.ShapeDtypeStruct((512, 512), "float32")] * 2, jnp.ones((512, 512))
        >>> rows = activax.bench.rank(network, activax.gelu, *specs)
        >>> min(rows, key=lambda row: row.residual_bytes).policy
        'bits1'
        >>> layer = lambda store: activax.nn.ffn(512, store=store)
        >>> network = lambda store: lambda params, x: jnp.sum(layer(store).apply(params, x))
        >>> params = jax.eval_shape(layer(None).init, jax.random.key(0), specs[1])
        >>> stores = {"exact": None, "int8": "int8/128"}
        >>> rows = activax.bench.rank(network, stores, params, specs[1])
        >>> min(rows, key=lambda row: row.residual_bytes).policy
        'int8'
    """
    if repeats < FEWEST:
        raise ValueError(f"rank: repeats must be at least {FEWEST}; got {repeats}")
    given = dict(_named(choices))
    if not given:
        raise ValueError("rank: choices must be an activation, or several; got none")
    steps = {name: _Step(network(choice), specs) for name, choice in given.items()}
    concrete = all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(specs))
    times = race(steps, repeats=repeats, sample_s=0.0) if concrete else {}
    exact: dict[str, Any] = {}
    rows = []
    for (activation, policy), step in steps.items():
        error = None
        if concrete:
            gradient = step.gradient()
            error = _relative_distance(gradient, exact.setdefault(activation, gradient))
        seconds = times[activation, policy].seconds.median if concrete else None
        row = activation, policy, seconds, step.residual_bytes, step.temporary_bytes, error
        rows.append(Ranked(*row))
    return Ranking(sorted(rows, key=lambda row: (row.temporary_bytes or 0, row.residual_bytes)))


def _named(choices: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield the choices, each with the name of an activation and that of a policy."""
    if isinstance(choices, Mapping):
        yield from ((("", name), choice) for name, choice in choices.items())
        return
    for activation in choices if isinstance(choices, list | tuple) else (choices,):
        check_activation("rank", activation)
        every = variants(activation)
        if activation.kind in CODED:
            every |= {format: lean(activation, store=format) for format in FORMATS}
        yield from (((activation.name, policy), one) for policy, one in every.items())


class _Step:
    """The compiled value and gradient of a loss in its first argument."""

    compile_s: float | None = None

    def __init__(self, loss: Callable[..., Any], specs: tuple[Any, ...]):
        out = jax.eval_shape(loss, *specs)
        if getattr(out, "shape", None) != ():
            raise ValueError(
                "rank: network(choice) must be a function with a scalar result; it returns "
                f"{jax.tree.map(lambda a: f'{a.dtype}{list(a.shape)}', out)}. Return the loss."
            )

        def pull_back(first: Any, *others: Any) -> Any:
            return jax.vjp(lambda first: loss(first, *others), first)[1]

        self.specs = specs
        self.compiled = jax.jit(jax.value_and_grad(loss)).lower(*specs).compile()
        self.residual_bytes = sum(array.nbytes for array in residuals_of(pull_back, *specs))
        self.temporary_bytes = temporary_bytes(self.compiled)

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            jax.block_until_ready(self.compiled(*self.specs))

    def gradient(self) -> Any:
        return self.compiled(*self.specs)[1]


def _relative_distance(tree: Any, exact: Any) -> float:
    """Return the 2-norm of the difference of two trees over the 2-norm of `exact`."""

    def square(tree: Any) -> float:
        leaves = (leaf.astype(jnp.float32) for leaf in jax.tree.leaves(tree))
        return math.fsum(float(jnp.vdot(leaf, leaf)) for leaf in leaves)

    size = square(exact)
    return math.sqrt(square(jax.tree.map(jnp.subtract, tree, exact)) / size) if size else 0.0


def _cells(row: Ranked) -> list[str]:
    sizes = row.residual_bytes, row.temporary_bytes
    return [
        row.activation,
        row.policy,
        "" if row.seconds is None else f"{1e3 * row.seconds:.3g}",
        *("" if size is None else f"{size / 2**20:.3g}" for size in sizes),
        "" if row.gradient_error is None else f"{row.gradient_error:.1e}",
    ]
