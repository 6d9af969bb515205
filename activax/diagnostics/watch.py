"""Observations at every named point of a network, in any framework."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.diagnostics.cotangents import Cotangents, sink
from activax.diagnostics.interpreter import Observe, Point, Seen, Sinks, evaluate
from activax.diagnostics.merging import Statistics
from activax.diagnostics.named_points import MarkedJaxpr, mark_points
from activax.diagnostics.statistics import statistics

ARRAYS = (jax.Array, np.ndarray, jax.ShapeDtypeStruct)


def _statistics_of_output(point: Point) -> Statistics:
    return statistics(point.output)


def watch(
    f: Callable[..., Any], what: Observe = _statistics_of_output
) -> Callable[..., tuple[Any, Seen]]:
    """Return `f` with a second result: observations of its named points, by default statistics.

    Nothing in the network has to change. `f` is traced, and its program runs again with the
    observations among its outputs. So an observation costs only its own computation, and `jax.jit`,
    `jax.grad`, `jax.vmap` and other transformations work as on `f`. The points are

    - the outputs of named functions: activations of activax, functions of `jax.nn` that keep
      their name in a jaxpr, and other functions under `jax.jit`. Such a function returns one array,
      of the shape of one of its inputs, and multiplies no matrices;
    - the values that leave a `jax.named_scope`. Layers of `activax.nn`, Flax linen and Haiku open
      scopes; for Flax nnx and Equinox `activax.diagnostics.functional` opens them;
    - the values that `jax.ad_checkpoint.checkpoint_name` names.

    The path of a point joins the scopes and the name: "block#2/relu" is in the second scope
    "block", and "block:1" is the second value that leaves a scope "block".

    Points may be inside `jax.jit`, `jax.checkpoint` and `jax.lax.scan`; a scan puts an axis of its
    steps in front of the observations. A `jax.jit` with points is compiled with the program around
    it, and keeps its shardings. There are no points inside other loops, `cond`, `shard_map` and
    functions with a derivative rule. The backward pass of a gradient in `f` has no points, either.

    Args:
        f: a function of arrays of JAX or NumPy and trees of arrays, such as a loss. Arguments of
            other types are passed on unchanged.
        what: the function that observes a Point, which has `path`, `name` and `output`, and, if a
            function returned the output, `inputs` and `function`. It returns a tree of arrays, or
            None at points to skip, as `activax.diagnostics.unit_health` does.

    Returns:
        A function of the arguments of `f` and of `sinks`, a dict from paths to sinks for a `tap`
        there. `activax.diagnostics.sinks` makes the sinks of all points; the gradient with respect
        to a sink describes the cotangent. The function returns the result of `f` and a dict from
        paths to observations. `jax.jit` sorts the paths of the dict, as of any dict.

    Raises:
        TypeError: `f` or `what` that cannot be called; in the call, sinks that are no dict.
        ValueError: in the call, an `f` without named points, sinks for paths that are no points, or
            sinks of another shape.

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
        return jax.tree.unflatten(structure, map(_as_array, outputs)), seen

    return watched


def points(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> dict[str, jax.ShapeDtypeStruct]:
    """Return the shape and dtype of every named point that `watch` would see, in order.

    Args:
        f: a function of arrays and trees of arrays.
        *args: the arguments of `f`; a `jax.ShapeDtypeStruct` may stand for an array.
        **kwargs: the keyword arguments of `f`.

    Returns:
        A dict from paths to shapes and dtypes. In a `jax.lax.scan` the number of steps is in front
        of the shape.

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
    return _shapes_seen("points", f, args, kwargs, lambda point: point.output)


def sinks(f: Callable[..., Any], /, *args: Any, units: bool = False, **kwargs: Any) -> Sinks:
    """Return a sink for each named point of a function, through which `watch` sees cotangents.

    Args:
        f: the function to watch.
        *args: the arguments of `f`; a `jax.ShapeDtypeStruct` may stand for an array.
        units: True to describe the cotangent of each unit of the last axis by itself.
        **kwargs: the keyword arguments of `f`.

    Returns:
        A dict from paths to sinks. Points without a sink are not tapped.

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

    shapes = _shapes_seen("sinks", f, args, kwargs, drain)
    return jax.tree.map(lambda part: jnp.zeros(part.shape, part.dtype), shapes)


def _check_function(caller: str, name: str, given: Any) -> None:
    if not callable(given):
        raise TypeError(f"{caller}: {name} must be a function; got {type(given).__name__}")


def _as_array(value: Any) -> jax.Array:
    """Return an output as an array, as a compiled program would even for a constant."""
    return value if isinstance(value, jax.Array) else jnp.asarray(value)


def _shapes_seen(caller: str, f: Any, args: Any, kwargs: Any, what: Observe) -> Seen:
    _check_function(caller, "f", f)
    traced, _, arrays = _traced(caller, f, args, kwargs)
    seen = jax.eval_shape(lambda arrays: evaluate(traced, arrays, what, {})[1], arrays)
    return {place.path: seen[place.path] for place in traced.all_places()}


def _traced(
    caller: str, f: Callable[..., Any], args: Any, kwargs: Any
) -> tuple[MarkedJaxpr, Any, list[Any]]:
    """Return the marked program of a function, the structure of its result, and its arrays."""
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
    traced = mark_points(closed)
    if next(traced.all_places(), None) is None:
        raise ValueError(
            f"{caller}: {getattr(f, '__name__', type(f).__name__)} has no named point outside of "
            "loops, conditions and derivative rules. Call activations of activax, or name values "
            "with jax.named_scope or jax.ad_checkpoint.checkpoint_name; for a network of Flax nnx "
            "or Equinox use activax.diagnostics.functional."
        )
    return traced, jax.tree.structure(shapes), arrays
