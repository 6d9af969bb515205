"""The choice of experts for every token, and the order of tokens that it makes."""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import compute_dtype
from activax.functions.reduction import logsumexp
from activax.functions.sigmoidal.logistic import log_sigmoid, sigmoid
from activax.functions.vector.dense import softmax
from activax.nn.layer import Params
from activax.nn.linear import add_bias

Weighting = Literal["softmax", "top_k_softmax", "sigmoid"]
WEIGHTINGS = ("softmax", "top_k_softmax", "sigmoid")

ROUTER = "activax_router"  # the name of `router_numbers` for `activax.diagnostics.watch`


def router_logits(params: Params, x: Array) -> Array:
    """Return a number for each expert, at least in float32."""
    wide = compute_dtype(x.dtype)

    # The wide copies are made again in the backward pass; the product is linear, so it is not.
    @jax.checkpoint
    def logits(params: Params, x: Array) -> Array:
        params, x = jax.tree.map(lambda array: array.astype(wide), (params, x))
        return add_bias(params, jnp.matmul(x, params["weight"], precision="highest"))

    return logits(params, x)


def choose_experts(
    logits: Array, top_k: int, weighting: Weighting, balance: Array | None
) -> tuple[Array, Array, Array]:
    """Return the chosen experts of each token, their weights, and the shares of all experts.

    The shares are positive, sum to 1, and grow with the logits.
    """
    logs = log_sigmoid(logits) if weighting == "sigmoid" else logits
    shares = softmax(logs)
    ranks = logs
    if balance is not None:
        scores = sigmoid(logits) if weighting == "sigmoid" else shares
        ranks = scores + jnp.expand_dims(balance.astype(scores.dtype), range(scores.ndim - 1))
    chosen = lax.top_k(lax.stop_gradient(ranks), top_k)[1]
    of = shares if weighting == "softmax" else logs
    weights = jnp.take_along_axis(of, chosen, -1)
    weights = weights if weighting == "softmax" else softmax(weights)
    return chosen, weights, shares


def router_numbers(logits: Array, chosen: Array, shares: Array) -> Array:
    """Return the balance loss, the z-loss, and the part of the choices that each expert has."""
    number = logits.shape[-1]
    counts = jnp.sum(_is_of(chosen.reshape(-1), number), 0)
    load = counts.astype(logits.dtype) / chosen.size
    balance = number * jnp.sum(load * jnp.mean(shares.reshape(-1, number), 0))
    square = jnp.mean(logsumexp(logits) ** 2)
    return jnp.concatenate([jnp.stack([balance, square]), load])


class Order(NamedTuple):
    """The rows of tokens and choices, ordered by expert.

    Attributes:
        rows: for each row its place in (tokens, choices).
        places: for each token and choice its row.
        sizes: the number of rows of each expert.
        own: whether a row belongs to these experts, (rows, 1); None if all rows do.
    """

    rows: Array
    places: Array
    sizes: Array
    own: Array | None

    def ordered(self, x: Array) -> Array:
        """Return the rows of an array (tokens, choices, ...), and 0 for rows of other experts."""
        flat = x.reshape(-1, *x.shape[2:])
        # Each index stands once, so that the transpose adds nothing in an order of its own.
        rows = flat.at[self.rows].get(unique_indices=True, mode="promise_in_bounds")
        return self.masked(rows)

    def total(self, rows: Array) -> Array:
        """Return the sum of the choices of each token."""
        flat = self.masked(rows)
        flat = flat.at[self.places.reshape(-1)].get(unique_indices=True, mode="promise_in_bounds")
        return jnp.sum(flat.reshape(*self.places.shape, rows.shape[-1]), 1)

    def masked(self, rows: Array) -> Array:
        """Return rows with 0 in those of other experts, which `lax.ragged_dot` leaves undefined."""
        return rows if self.own is None else jnp.where(self.own, rows, 0)


def order_by_expert(chosen: Array, first: Array | int, number: int, whole: bool) -> Order:
    """Return the order of the choices (tokens, choices) of experts first, first + 1, ...

    Rows of other experts stand last; there are none if these experts are the `whole`.
    """
    expert = chosen.reshape(-1) - first
    if not whole:
        expert = jnp.where((expert >= 0) & (expert < number), expert, number)
    rows = _sorting(expert)
    sizes = jnp.sum(_is_of(expert, number), 0, dtype=jnp.int32)
    own = None if whole else (jnp.arange(rows.size) < jnp.sum(sizes))[:, None]
    return Order(rows, _sorting(rows).reshape(chosen.shape), sizes, own)


def _sorting(x: Array) -> Array:
    """Return the places of the elements of x in their order, equal ones as they stand.

    Inside `jax.shard_map`, `lax.sort` gives each result the type of its own operand. So the places
    of `jnp.argsort` would be of the type that is equal on all devices, where x is not.
    """
    places = jnp.arange(x.size, dtype=x.dtype) + 0 * x
    return lax.sort((x, places), num_keys=1)[1]


def _is_of(expert: Array, number: int) -> Array:
    """Return for each choice and each expert whether they are the same."""
    return expert[:, None] == jnp.arange(number, dtype=expert.dtype)[None]
