"""The losses and the loads of the routers of experts."""

from typing import NamedTuple

from jax import Array

from activax.diagnostics.interpreter import Point
from activax.nn.router import ROUTER


class RouterLosses(NamedTuple):
    """The losses of one router, and how it spreads tokens over experts.

    Attributes:
        balance: the load-balancing loss, n sum_e load_e share_e, where share_e is the mean weight
            of expert e over all tokens before the choice. Equal loads and shares give 1.
        z: the mean of logsumexp(logits)^2, which keeps the logits small.
        load: for each of the n experts its part of all choices; the sum is 1.
    """

    balance: Array
    z: Array
    load: Array


def router_losses(point: Point) -> RouterLosses | None:
    """Return the losses of the router of `activax.nn.experts`, as an observation for `watch`.

    The gradient of a loss reaches the router and the layers before it. The losses of layers in a
    `scan` are stacked. Inside `jax.shard_map`, where `watch` does not look, watch the function that
    is mapped; the losses are then those of the tokens of a device.

    Args:
        point: a named point, as `activax.diagnostics.watch` passes it.

    Returns:
        The losses, in float32 at least; None if the point is no router.

    Example:
        >>> from activax.nn import dense, experts, residual, serial
        >>> network = serial(residual(experts(4, 2, 32)), dense(1))
        >>> x = jax.random.normal(jax.random.key(0), (64, 8))
        >>> router_losses = activax.diagnostics.router_losses
        >>> watched = activax.diagnostics.watch(network.apply, router_losses)
        >>> def loss(params):
        ...     y, seen = watched(params, x)
        ...     own = sum(r.balance.sum() + 0.1 * r.z.sum() for r in seen.values())
        ...     return jnp.mean((y - 1) ** 2) + 0.01 * own
        >>> slopes = jax.jit(jax.grad(loss))(network.init(jax.random.key(1), x))
        >>> slopes[0][0]["router"]["weight"].shape
        (8, 4)

    Paper:
        Fedus, Zoph & Shazeer 2022, Switch Transformers, arXiv:2101.03961, for balance; Zoph et al.
        2022, ST-MoE: Designing Stable and Transferable Sparse Expert Models, arXiv:2202.08906,
        for z.
    """
    if point.name != ROUTER:
        return None
    return RouterLosses(point.output[0], point.output[1], point.output[2:])
