"""The repetition of a layer, compiled once."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params, Part, Source, apply, as_layer, init, output_of


@constructor
def scan(
    layer: Any, times: int, *, remat: Callable[..., bool] | None = None, unroll: int = 1
) -> Layer:
    """Repeat a layer, each time with parameters of its own.

    The result is that of `serial` with `times` copies of the layer, and the same key makes the same
    parameters, stacked along a leading axis. The time to compile does not grow with `times`.

    Args:
        layer: a Layer, an activation or a function of one array, which keeps shape and dtype.
        times: the number of repetitions.
        remat: the policy that says which arrays of each layer are kept beyond its input, such as
            `save_preactivations` or `jax.checkpoint_policies.nothing_saveable`. The backward pass
            computes all other arrays again. By default nothing is computed again.
        unroll: the number of layers in one step of the loop.

    Returns:
        A Layer whose parameters are the parameters of `layer`, with a leading axis of size `times`.

    Raises:
        TypeError: a layer that is none of these, or a remat that is no function.
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

    def init_all(key: Array, example: Example, *, preceding: Source = None) -> Params:
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(times))

        def one(key: Array, preceding: Source) -> Params:
            params, output = init(part, key, example, preceding)
            _check_kept(example, output)
            return params

        between = output_of(part, preceding)
        if between is preceding:
            return jax.vmap(lambda key: one(key, preceding))(keys)
        first = jax.vmap(lambda key: one(key, preceding))(keys[:1])
        others = jax.vmap(lambda key: one(key, between))(keys[1:])
        return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), first, others)

    step: Callable[..., Any] = functools.partial(apply, part)
    if remat is not None:
        step = jax.checkpoint(step, policy=remat, prevent_cse=False)

    def apply_all(params: Params, x: Any, *, key: Array | None = None, **data: Any) -> Any:
        def body(x: Any, of_one: tuple[Params, Array | None]) -> tuple[Any, None]:
            params, key = of_one
            y = step(params, x, key, **data)
            _check_kept(x, y)
            return y, None

        numbers = {leaf.shape[:1] for leaf in jax.tree.leaves(params)}
        if numbers - {(times,)}:
            raise ValueError(
                f"scan: has {times} layers, but the parameters are of "
                f"{', '.join(str(*number) for number in sorted(numbers))}; "
                "were they made by the init of another network?"
            )
        keys = key
        if key is not None:  # as in `serial`
            keys = jax.random.split(key, times) if times > 1 else key[None]
        return lax.scan(body, x, (params, keys), length=times, unroll=unroll)[0]

    def parts(params: Params, x: Any) -> Iterator[Part]:
        yield Part(None, part, jax.tree.map(lambda leaf: leaf[0], params), x, times)

    return Layer(
        init_all,
        apply_all,
        stochastic=part.stochastic,
        takes_preceding=True,
        after=part.after,
        parts=parts,
        takes=part.takes,
    )


def _check_kept(x: Any, y: Any) -> None:
    """Raise ValueError unless y has the shapes and dtypes of x."""
    before, after = (jax.tree.map(lambda a: f"{a.dtype}{list(a.shape)}", tree) for tree in (x, y))
    if before != after:
        raise ValueError(
            f"scan: the layer must keep the shape and dtype of x; it maps {before} to {after}"
        )
