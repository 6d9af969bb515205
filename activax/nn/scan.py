"""A layer repeated, compiled once."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.activation import Activation
from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params, Part, apply, as_layer, init, output_of


@constructor
def scan(
    layer: Any, times: int, *, remat: Callable[..., bool] | None = None, unroll: int = 1
) -> Layer:
    """The same layer several times over, each time with parameters of its own.

    It is `serial` of so many of them, with the same parameters for the same key, stacked along a
    leading axis: compiled once, in a time that does not grow with their number.

    Args:
        layer: a Layer, an activation or a function of one array, which keeps shape and dtype.
        times: how often.
        remat: what is kept of each layer beyond its input, one of `jax.checkpoint_policies`, such
            as `save_preactivations`, or `jax.checkpoint_policies.nothing_saveable`; the rest is
            computed again in the backward pass. By default nothing is computed again.
        unroll: how many layers one step of the loop holds.

    Returns:
        A Layer whose parameters are those of the layer, with a leading axis of size `times`.

    Raises:
        TypeError: what is not a layer, or a remat that is no function.
        ValueError: times or unroll that are not positive integers; in `init` and `apply`, a layer
            that changes shape or dtype; in `apply`, parameters of another number of layers.

    Example:
        >>> from activax.nn import dense, residual
        >>> network = activax.nn.scan(residual(dense(4), activax.tanh), 16)
        >>> params = network.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> params[0]["weight"].shape
        (16, 4, 4)
        >>> network.apply(params, jnp.zeros((8, 4))).shape
        (8, 4)
    """
    check_size("scan", "times", times)
    check_size("scan", "unroll", unroll)
    check_functions("scan", remat=remat)
    part = as_layer(layer, "scan: layer")

    def init_all(
        key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(times))

        def one(key: Array, preceding: Activation[...] | None) -> Params:
            params, output = init(part, key, example, preceding)
            _check_kept(example, output)
            return params

        between = output_of(part, preceding)
        if between is preceding:
            return jax.vmap(lambda key: one(key, preceding))(keys)
        first = jax.vmap(lambda key: one(key, preceding))(keys[:1])
        others = jax.vmap(lambda key: one(key, between))(keys[1:])
        return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), first, others)

    def step(x: Any, of_one: tuple[Params, Array | None]) -> Any:
        params, key = of_one
        return apply(part, params, x, key)

    if remat is not None:
        step = jax.checkpoint(step, policy=remat, prevent_cse=False)

    def body(x: Any, of_one: tuple[Params, Array | None]) -> tuple[Any, None]:
        y = step(x, of_one)
        _check_kept(x, y)
        return y, None

    def apply_all(params: Params, x: Any, *, key: Array | None = None) -> Any:
        numbers = {leaf.shape[:1] for leaf in jax.tree.leaves(params)}
        if numbers - {(times,)}:
            raise ValueError(
                f"scan: has {times} layers, but the parameters are of "
                f"{', '.join(str(*number) for number in sorted(numbers))}; "
                "were they made by the init of another network?"
            )
        keys = None if key is None else jax.random.split(key, times)
        return lax.scan(body, x, (params, keys), length=times, unroll=unroll)[0]

    def after(preceding: Activation[...] | None) -> Activation[...] | None:
        for _ in range(times):
            preceding = output_of(part, preceding)
        return preceding

    def parts(params: Params, x: Any) -> Iterator[Part]:
        yield Part(None, part, jax.tree.map(lambda leaf: leaf[0], params), x, times)

    return Layer(init_all, apply_all, stochastic=part.stochastic, after=after, parts=parts)


def _check_kept(x: Any, y: Any) -> None:
    before, after = (jax.tree.map(lambda a: f"{a.dtype}{list(a.shape)}", tree) for tree in (x, y))
    if before != after:
        raise ValueError(
            f"scan: the layer must keep the shape and dtype of x; it maps {before} to {after}"
        )
