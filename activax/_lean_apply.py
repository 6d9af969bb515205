"""Apply a function so that reverse mode keeps what goes in, and nothing else."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax

P = ParamSpec("P")
T = TypeVar("T")


def lean_apply(
    f: Callable[P, T],
    *,
    policy: Callable[..., bool] | None = None,
    prevent_cse: bool = True,
) -> Callable[P, T]:
    """`f`, of which reverse mode keeps the arguments; what is inside is computed again.

    Worth it for what is cheap to compute and large to keep, up to and with the matrix product that
    reads it: a product keeps its operands, so an activation and the product behind it are best one
    such function. None of its products is computed twice, for the backward pass of the last one
    needs its operands only. Every transformation of JAX works as it does on `f`.

    It is `jax.checkpoint(f)`. Inside `f`, an activation's `inner` is the activation without a
    checkpoint of its own, which an accelerator would wait for.

    Args:
        f: a function of arrays or of trees of arrays.
        policy: what else is kept, one of `jax.checkpoint_policies`; by default nothing.
        prevent_cse: whether the compiler must not merge the second computation with the first,
            which would keep what the first made. False in the body of `lax.scan`, where the two are
            in different loops: the arguments are then not copied.

    Returns:
        A function of the same arguments and results.

    Raises:
        TypeError: an `f` that cannot be called.

    Example:
        >>> unit = activax.lean_apply(lambda g, u, w: (activax.silu.inner(g) * u) @ w)
        >>> hidden, w = jax.ShapeDtypeStruct((64, 32), "float32"), jnp.ones((32, 8))
        >>> activax.bench.kept(unit, hidden, hidden, w)  # beyond the arguments
        []
        >>> plain = lambda g, u, w: (jax.nn.silu(g) * u) @ w
        >>> [array.shape for array in activax.bench.kept(plain, hidden, hidden, w)]
        [(64, 32), (64, 32), (64, 32), (64, 32)]

    Paper:
        Chen, Xu, Zhang & Guestrin 2016, Training Deep Nets with Sublinear Memory Cost,
        arXiv:1604.06174.
    """
    if not callable(f):
        raise TypeError(f"lean_apply: f must be a function of arrays; got {type(f).__name__}")
    return jax.checkpoint(f, policy=policy, prevent_cse=prevent_cse)
