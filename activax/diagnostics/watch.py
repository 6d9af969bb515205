"""Look at every named point of a network, whatever it is written in."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.diagnostics.cotangents import Cotangents, sink
from activax.diagnostics.interpreter import Point, Sinks, evaluate
from activax.diagnostics.named_points import Plan, plan
from activax.diagnostics.statistics import statistics

ARRAYS = (jax.Array, np.ndarray, jax.ShapeDtypeStruct)


def _statistics(point: Point) -> Any:
    return statistics(point.output)


def watch(
    f: Callable[..., Any], what: Callable[[Point], Any] = _statistics
) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """`f`, which also returns what is seen at each named point inside: by default, statistics.

    Nothing in the network has to change. `f` is traced, and its program is run again with the
    observations among its results, so they cost what they compute, and `jax.jit`, `jax.grad`,
    `jax.vmap` and the like work as on `f`. The points are
    - the outputs of functions with a name: activations of activax, those of `jax.nn` that are
      functions to JAX, and functions of one's own under `jax.jit`, if they return one array as
      large as one that they take and multiply no matrices;
    - the values that leave a `jax.named_scope`, which the layers of `activax.nn`, Flax linen and
      Haiku open; for Flax nnx and Equinox `activax.diagnostics.functional` opens them;
    - what `jax.ad_checkpoint.checkpoint_name` names.
    Their paths are the scopes and the name: "block#2/relu" is in the second scope "block", and
    "block:1" the second value that leaves a scope. They may be in a `jax.jit` or `jax.checkpoint`,
    and in a `jax.lax.scan`, where observations get an axis of its steps in front; inside of other
    loops, `cond`, `shard_map` and functions with a derivative rule of their own there are none, nor
    in the backward pass of a gradient that `f` takes. A `jax.jit` with points is compiled with what
    is around it; its shardings stay.

    Args:
        f: a function of arrays, those of NumPy included, and trees of them, such as a loss; what
            else is among its arguments is passed on as it is.
        what: a function of a Point, which has `path`, `name`, `output`, and of functions `inputs`
            and `function`. It returns a tree of arrays, or None at points that do not matter, as
            `activax.diagnostics.unit_health` does.

    Returns:
        A function of the arguments of `f`, and of `sinks`, a dict from paths to what a `tap` there
        takes: `activax.diagnostics.sinks` makes one for all points, whose gradient describes the
        cotangents. It returns what `f` does, and a dict from paths to observations; from a jitted
        function the dict comes back in the order of the alphabet, as from any.

    Raises:
        TypeError: `f` or `what` that cannot be called; in the call, sinks that are no dict.
        ValueError: in the call, an `f` without named points, sinks for paths that it has not, or
            of another shape.

    Example:
        >>> from activax.nn import dense, serial
        >>> network = serial(dense(64), activax.relu, dense(1))
        >>> params = network.init(jax.random.key(0), x := jnp.ones((8, 4)))
        >>> y, seen = jax.jit(activax.diagnostics.watch(network.apply))(params, x)
        >>> {path: round(float(found.mean), 3) for path, found in seen.items()}
        {'serial[0]': 0.006, 'serial[1]/relu': 0.448, 'serial[2]': -1.017}
    """
    _check_function("watch", "f", f)
    _check_function("watch", "what", what)

    @functools.wraps(f)
    def watched(*args: Any, sinks: Sinks | None = None, **kwargs: Any) -> tuple[Any, Any]:
        if not isinstance(sinks, dict | None):
            raise TypeError(f"watch: sinks must be a dict from paths; got {type(sinks).__name__}")
        traced, structure, arrays = _traced("watch", f, args, kwargs)
        known = [place.path for place in traced.all_places()]
        if unknown := [path for path in sinks or {} if path not in known]:
            raise ValueError(
                f"watch: there is no point {unknown[0]!r} for a sink; the points are "
                f"{', '.join(known)}"
            )
        outputs, seen = evaluate(traced, arrays, what, sinks or {})
        return jax.tree.unflatten(structure, map(_array, outputs)), seen

    return watched


def points(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> dict[str, jax.ShapeDtypeStruct]:
    """The named points of a function that `watch` would see, in their order.

    Args:
        f: a function of arrays and trees of arrays.
        *args: its arguments, of which arrays may be `jax.ShapeDtypeStruct`.
        **kwargs: its named arguments.

    Returns:
        A dict from paths to shapes and dtypes; in a `jax.lax.scan` with the number of steps in
        front.

    Raises:
        TypeError: an `f` that cannot be called.
        ValueError: an `f` without named points.

    Example:
        >>> from activax.nn import dense, serial
        >>> network = serial(dense(64), activax.relu, dense(1))
        >>> params = network.init(jax.random.key(0), x := jnp.ones((8, 4)))
        >>> list(activax.diagnostics.points(network.apply, params, x))
        ['serial[0]', 'serial[1]/relu', 'serial[2]']
    """
    return _shapes("points", f, args, kwargs, lambda point: point.output)


def sinks(f: Callable[..., Any], /, *args: Any, units: bool = False, **kwargs: Any) -> Sinks:
    """A sink for each named point of a function, for `watch` to describe cotangents with.

    Args:
        f: the function that is watched.
        *args: its arguments, of which arrays may be `jax.ShapeDtypeStruct`.
        units: whether to describe the cotangent of each unit of the last axis.
        **kwargs: its named arguments.

    Returns:
        A dict from paths to sinks; leave out what is not wanted.

    Raises:
        TypeError: an `f` that cannot be called.
        ValueError: an `f` without named points.

    Example:
        >>> def loss(x):
        ...     return jnp.sum(activax.relu(x) ** 2)
        >>> x = jnp.arange(-2.0, 2.0)
        >>> empty = activax.diagnostics.sinks(loss, x)
        >>> watched = activax.diagnostics.watch(loss)
        >>> gradient = jax.grad(lambda x, s: watched(x, sinks=s), argnums=(0, 1), has_aux=True)
        >>> (slope, cotangents), seen = gradient(x, empty)
        >>> activax.diagnostics.summarize(cotangents["relu"])["magnitude"]
        Array(0.5, dtype=float32)
    """

    def drain(point: Point) -> Cotangents:
        return sink(point.output.shape[-1:] if units else ())

    shapes = _shapes("sinks", f, args, kwargs, drain)
    return jax.tree.map(lambda part: jnp.zeros(part.shape, part.dtype), shapes)


def _check_function(caller: str, name: str, given: Any) -> None:
    if not callable(given):
        raise TypeError(f"{caller}: {name} must be a function; got {type(given).__name__}")


def _array(value: Any) -> Any:
    """What a compiled program returns, be it a constant."""
    return value if isinstance(value, jax.Array) else jnp.asarray(value)


def _shapes(
    caller: str, f: Any, args: Any, kwargs: Any, what: Callable[[Point], Any]
) -> dict[str, Any]:
    _check_function(caller, "f", f)
    traced, _, arrays = _traced(caller, f, args, kwargs)
    seen = jax.eval_shape(lambda arrays: evaluate(traced, arrays, what, {})[1], arrays)
    return {place.path: seen[place.path] for place in traced.all_places()}


def _traced(
    caller: str, f: Callable[..., Any], args: Any, kwargs: Any
) -> tuple[Plan, Any, list[Any]]:
    """The program of a function, the structure of what it returns, and the arrays it takes."""
    leaves, structure = jax.tree.flatten((args, kwargs))
    which = [i for i, leaf in enumerate(leaves) if isinstance(leaf, ARRAYS)]

    def of_arrays(*arrays: Any) -> Any:
        filled = list(leaves)
        for i, array in zip(which, arrays, strict=True):
            filled[i] = array
        args, kwargs = jax.tree.unflatten(structure, filled)
        return f(*args, **kwargs)

    arrays = [leaves[i] for i in which]
    closed, shapes = jax.make_jaxpr(of_arrays, return_shape=True)(*arrays)
    traced = plan(closed)
    if next(traced.all_places(), None) is None:
        raise ValueError(
            f"{caller}: {getattr(f, '__name__', type(f).__name__)} has no named point, or only "
            "inside of loops, conditions and rules, which are not looked into. Call activations of "
            "activax, or name what matters with jax.named_scope or "
            "jax.ad_checkpoint.checkpoint_name; for a network of Flax nnx or Equinox use "
            "activax.diagnostics.functional."
        )
    return traced, jax.tree.structure(shapes), arrays
