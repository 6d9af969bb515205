"""The layer of experts, each token in some of them."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax import initializers
from activax.core.activation import Activation
from activax.core.arguments import cast, compute_dtype, inexact_dtype, real
from activax.functions.gated.units import swiglu
from activax.nn.checkpoint_names import ACTIVATION, PREACTIVATION, named
from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding, entries, explicit_mesh, joined, with_sharding
from activax.nn.layer import (
    AxisNames,
    Example,
    Layer,
    Params,
    Source,
    Unit,
    as_layer,
    init,
    no_params,
    output_of,
)
from activax.nn.linear import Reduce, affine_axes, affine_init
from activax.nn.router import (
    ROUTER,
    WEIGHTINGS,
    Order,
    Weighting,
    choose_experts,
    order_by_expert,
    router_logits,
    router_numbers,
)


@constructor
def experts(
    number: int,
    top_k: int,
    hidden: int,
    *,
    activation: Unit = swiglu,
    weighting: Weighting = "softmax",
    balance_bias: bool = False,
    weight_init: initializers.Initializer | None = None,
    bias: bool = False,
    out_sharding: Sharding = None,
    reduce: Reduce = None,
    expert_axis: str | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Send every token to some of several feed-forward layers, which a router chooses.

    Each expert is a `gated_ffn`, or an `ffn` if the activation is not gated. No token is dropped:
    tokens are sorted by expert, and `jax.lax.ragged_dot` multiplies each group by its weights.
    Reverse mode keeps x, the choices and one pre-activation of (tokens top_k, hidden) for each
    first weight, and repeats no product of experts.

    The losses of the router are values inside of the network, so `apply` returns y alone, and
    experts may stand in `serial`, `residual`, `scan` and under `jax.jit`.
    `activax.diagnostics.watch(f, activax.diagnostics.router_losses)` returns them beside the result
    of f, with their gradients. A compiled program without `watch` does not compute them.

    `jax.vmap` has no rule for `lax.ragged_dot`: give x more leading axes. On TPUs XLA multiplies
    groups of rows; on CPUs, and by default on GPUs, each expert multiplies all rows.

    Where `jax.jit` splits the experts over devices, XLA leaves the weights in place, but gives
    every device all tokens, and adds up hidden arrays. Inside `jax.shard_map`, with `expert_axis`,
    a device computes its own tokens and experts, and one array of the size of x is added up over
    the axis. The axis splits the experts, and not the tokens.

    Formula:
        y = sum over the top_k experts e with the largest scores of w_e expert_e(x), with
        logits = x router and
        w = softmax(logits) at the chosen ("softmax"),
        w = softmax(logits of the chosen) ("top_k_softmax"), or
        w = sigmoid(logits) / (sum over the chosen of sigmoid(logits)) ("sigmoid")

    Args:
        number: the number of experts.
        top_k: the number of experts that each token visits.
        hidden: the size of an expert's hidden axis.
        activation: an activation, gated or not, a Layer, or a function of one array. Parameters of
            a Layer are the same for all experts.
        weighting: how logits become weights: "softmax", "top_k_softmax" or "sigmoid", as above.
            Logits and weights are float32 at least.
        balance_bias: whether the parameters have a number for each expert that is added to its
            score for the choice, and not for the weights. No gradient reaches it. Raise it for
            experts with little load, and no loss is needed.
        weight_init: an initialiser `(key, shape, dtype) -> array` for the weights of one expert and
            of the router. By default `initializers.variance_scaling` with the gain of the
            activation that the weights read.
        bias: whether the linear maps, the router's included, have biases, which start at 0.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; by default that of x.
        reduce: a function of the sum of experts, before their biases are added: inside
            `jax.shard_map`, with the hidden axis split, the sum over the devices; see `dense`.
        expert_axis: the axis of the mesh that splits the experts. Such a layer applies inside
            `jax.shard_map` only.
        prevent_cse: False where layers are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer of (..., features) that keeps the shape, with parameters {"router": {"weight":
        (features, number)}, "gate": {"weight": (number, features, hidden)}, "up": {"weight": ...},
        "down": {"weight": (number, hidden, features)}}, without "gate" if the activation is not
        gated. Each has a "bias" if there are biases; "balance_bias": (number,) if asked for, and
        "activation" for an activation with parameters.

    Raises:
        ValueError: sizes that are not positive integers, a top_k above number, or of 1 with weights
            that would be 1 for any logits; an unknown weighting; in `init`, an example without
            axes; in `apply`, an input whose last axis does not fit, or parameters of other experts.
        TypeError: an activation or another function that is none; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.experts(8, 2, 64, weighting="top_k_softmax")
        >>> params = layer.init(jax.random.key(0), jnp.zeros((4, 10, 16)))
        >>> layer.apply(params, jnp.ones((4, 10, 16))).shape
        (4, 10, 16)
        >>> watched = activax.diagnostics.watch(layer.apply, activax.diagnostics.router_losses)
        >>> y, seen = watched(params, jnp.ones((4, 10, 16)))
        >>> seen["activax_router"].load.max()  # all tokens visit the same two
        Array(0.5, dtype=float32)

    Paper:
        Shazeer, Mirhoseini, Maziarz, Davis, Le, Hinton & Dean 2017, Outrageously Large Neural
        Networks, arXiv:1701.06538; Fedus, Zoph & Shazeer 2022, Switch Transformers,
        arXiv:2101.03961; Jiang et al. 2024, Mixtral of Experts, arXiv:2401.04088, for
        "top_k_softmax"; DeepSeek-AI 2024, DeepSeek-V3, arXiv:2412.19437, for "sigmoid" and
        balance_bias; Gale, Narayanan, Young & Zaharia 2023, MegaBlocks, arXiv:2211.15841, for
        experts without capacity.
    """
    for name, value in (("number", number), ("top_k", top_k), ("hidden", hidden)):
        check_size("experts", name, value)
    if top_k > number:
        raise ValueError(f"experts: top_k must be at most number; got {top_k} of {number} experts")
    if weighting not in WEIGHTINGS:
        raise ValueError(
            f"experts: weighting must be one of {', '.join(WEIGHTINGS)}; got {weighting!r}"
        )
    if top_k == 1 < number and weighting != "softmax":
        raise ValueError(
            f"experts: top_k must be above 1 for weighting={weighting!r}, where a single weight is "
            "1 and the router does not learn; use weighting='softmax'"
        )
    check_functions("experts", weight_init=weight_init, reduce=reduce)
    inputs, unit = _unit(activation)
    linear = functools.partial(affine_init, "experts", weight_init=weight_init, bias=bias)

    def stacked(key: Array, example: Example, features: int, preceding: Source) -> Params:
        keys = jax.random.split(key, number)
        return jax.vmap(lambda key: linear(key, example, features, preceding=preceding))(keys)

    def init_all(key: Array, example: Example, *, preceding: Source = None) -> Params:
        unit_key, router_key, down_key, *keys = jax.random.split(key, 3 + len(inputs))
        params = {"router": linear(router_key, example, number, preceding=preceding)}
        for of, own in zip(inputs, keys, strict=True):
            params[of] = stacked(own, example, hidden, preceding)
        dtype = inexact_dtype(example.dtype)
        if balance_bias:
            params["balance_bias"] = jnp.zeros(number, compute_dtype(dtype))
        rows = jax.ShapeDtypeStruct((math.prod(example.shape[:-1]) * top_k, hidden), dtype)
        made, inside = init(unit, unit_key, rows if len(inputs) == 1 else (rows, rows), None)
        params["down"] = stacked(down_key, inside, example.shape[-1], output_of(unit, None))
        return {**params, **({"activation": made} if made else {})}

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        _check_fit(params, x, number, expert_axis)
        x = cast(real("experts", "x", x), inexact_dtype(x.dtype))
        logits = router_logits(params["router"], x)
        chosen, weights, shares = choose_experts(
            logits, top_k, weighting, params.get("balance_bias")
        )
        named(router_numbers(logits, chosen, shares), ROUTER)
        held = params["down"]["weight"].shape[0]
        first = 0 if expert_axis is None else lax.axis_index(expert_axis) * held
        order = order_by_expert(chosen.reshape(-1, top_k), first, held, expert_axis is None)
        if expert_axis is not None:  # here, so that gradients of tokens are added, not of rows
            x, weights = lax.pcast((x, weights), expert_axis, to="varying")
        checkpoint = functools.partial(jax.checkpoint, prevent_cse=prevent_cse)

        # Products are linear, so their checkpoints repeat none of them, but gather rows again.
        @checkpoint
        def preactivations(maps: list[Params], x: Array, order: Order) -> list[Array]:
            tokens = x.reshape(-1, 1, x.shape[-1])
            choices = jnp.broadcast_to(tokens, (tokens.shape[0], top_k, x.shape[-1]))
            rows = order.ordered(choices)
            products = [_product(rows, own["weight"], order) for own in maps]
            if not bias:
                return products
            ones = jnp.ones_like(rows[:, :1])
            return [y + _biases(own, ones, order) for own, y in zip(maps, products, strict=True)]

        # The weights multiply what `down` reads: their gradient needs no output of an expert.
        @checkpoint
        def finish(inside: list[Array], weights: Array, params: Params, order: Order,
                   key: dict[str, Array | None]) -> Array:  # fmt: skip
            pair = tuple(inside) if len(inside) > 1 else inside[0]
            output = named(unit.inner(params.get("activation", {}), pair, **key), ACTIVATION)
            by = order.ordered(weights.reshape(-1, top_k, 1))
            rows = (output.astype(by.dtype) * by).astype(output.dtype)
            y = order.total(_product(rows, params["down"]["weight"], order))
            y = y if reduce is None else reduce(y)
            if bias:
                y += order.total(_biases(params["down"], by.astype(y.dtype), order))
            return y if expert_axis is None else lax.psum(y, expert_axis)

        inside = preactivations([params[of] for of in inputs], x, order)
        inside = [named(array, PREACTIVATION) for array in inside]
        return finish(inside, weights, params, order, key).reshape(x.shape)

    def apply_on_mesh(params: Params, x: Array, **key: Array | None) -> Array:
        leaves, structure = jax.tree.flatten((params, x, key))
        mesh = explicit_mesh(*leaves)
        if mesh is None:
            return apply(params, x, **key)

        def of_leaves(*leaves: Array) -> Array:
            params, x, key = jax.tree.unflatten(structure, leaves)
            return apply(params, x, **key)

        return with_sharding(of_leaves, out_sharding or joined(mesh, *entries(x)), *leaves)

    def names(*of_one: str) -> dict[str, AxisNames]:
        return {of: ("experts", *axes) for of, axes in affine_axes(*of_one, bias=bias).items()}

    axes: dict[str, Any] = {of: names("embed", "mlp") for of in inputs}
    axes |= {"router": affine_axes("embed", "router", bias=bias), "down": names("mlp", "embed")}
    return Layer(
        init_all,
        apply_on_mesh,
        stochastic=unit.stochastic,
        takes_preceding=True,
        axes={
            **axes,
            "balance_bias": ("router",) if balance_bias else None,
            "activation": unit.axes,
        },
    )


def _unit(activation: Any) -> tuple[tuple[str, ...], Layer]:
    """Return the names of the first weights, and the unit of what they give."""
    if isinstance(activation, Activation) and activation.kind == "gated":
        function = activation.inner
        unit = Layer(no_params, lambda params, pair: function(*pair), after=activation)
        return ("gate", "up"), unit
    return ("up",), as_layer(activation, "experts: activation")


def _product(rows: Array, weights: Array, order: Order) -> Array:
    """Return every row times the weights of its expert."""
    dtype = jnp.promote_types(rows.dtype, weights.dtype)
    return lax.ragged_dot(rows.astype(dtype), weights.astype(dtype), order.sizes)


def _biases(params: Params, factors: Array, order: Order) -> Array:
    """Return for each row the bias of its expert times a factor.

    The gradient of this product adds rows in one order; that of a look-up need not.
    """
    return _product(factors, params["bias"][:, None], order)


def _check_fit(params: Params, x: Array, number: int, expert_axis: str | None) -> None:
    """Raise ValueError unless x and the parameters fit the layer."""
    features = params["router"]["weight"].shape[0]
    if not x.shape or x.shape[-1] != features:
        raise ValueError(
            f"experts: the last axis of x must be {features}, as in the example that init was "
            f"given; got x of shape {x.shape}"
        )
    held = params["down"]["weight"].shape[0]
    parts = 1 if expert_axis is None else lax.axis_size(expert_axis)
    if held * parts != number:
        hint = "; inside jax.shard_map pass expert_axis" if expert_axis is None else ""
        raise ValueError(
            f"experts: must have the parameters of {number} experts over {parts} devices; got "
            f"those of {held}{hint}"
        )
