"""Networks of other libraries as functions of parameters, with a named scope for each module."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax

Path = tuple[str | int, ...]
Adapted = tuple[Callable[..., Any], Any]  # the function, and the parameters


def functional(model: Any, *variables: Any, rng: Any = None) -> Adapted:
    """A network of another library as `apply(params, *inputs)`, for every diagnostic here.

    Each of its modules computes in a `jax.named_scope` of its path, such as "layers[0]", so that
    `watch` and `first_nonfinite` say where they are. For that a call of a Flax nnx or Equinox
    network is one of a copy, whose modules are of subclasses of their classes. The model stays as
    it is: what a call changes in it, such as running averages and counters of random numbers, is
    dropped, so that every call starts from the same.

    Args:
        model: a module of Flax nnx or of Equinox, which hold their parameters; or of Flax linen, a
            function that `haiku.transform` or `haiku.transform_with_state` made, or a Layer.
        *variables: for the latter what their `init` returned: the variables of linen, the
            parameters, and for a Haiku network with state that, too.
        rng: a PRNG key for a Haiku network that needs one.

    Returns:
        The function, and the parameters: a tree of arrays, the floating-point ones of Equinox, each
        `nnx.Param` of Flax nnx, the collection "params" of linen. Further arguments go to the call
        of the module, or to `apply` of the others, which is what returns updates of linen's
        collections if it is asked to.

    Raises:
        TypeError: a model of another kind, or another number of variables than it needs.

    Example:
        >>> import equinox as eqx
        >>> model = eqx.nn.MLP(4, 1, 16, depth=1, activation=jax.nn.gelu, key=jax.random.key(0))
        >>> apply, params = activax.diagnostics.functional(model)
        >>> y, seen = activax.diagnostics.watch(apply)(params, jnp.ones(4))
        >>> for path in seen:
        ...     print(path)
        eqx.nn.MLP/layers[0]/eqx.nn.Linear
        eqx.nn.MLP/activation
        eqx.nn.MLP/layers[1]/eqx.nn.Linear
    """
    for library, adapt in ADAPTERS.items():
        imported = sys.modules.get(library)  # or it is not a model of that library
        adapted = imported and adapt(imported, model, variables, rng)
        if adapted:
            return adapted
    if not callable(getattr(model, "apply", None)):
        raise TypeError(
            "functional: model must be a module of Flax or Equinox, a transformed function of "
            f"Haiku or a Layer; got {type(model).__name__}. A function of parameters needs none."
        )
    _check_number(model, variables, 1)
    return model.apply, *variables


def _of_nnx(nnx: Any, model: Any, variables: tuple[Any, ...], rng: Any) -> Adapted | None:
    if not isinstance(model, nnx.Module):
        return None
    _check_number(model, variables, 0)
    graph, params, others = nnx.split(model, nnx.Param, ...)

    def apply(params: Any, *args: Any, **kwargs: Any) -> Any:
        merged = nnx.merge(graph, params, others, copy=True)
        _open_scopes(nnx.iter_modules(merged))
        return merged(*args, **kwargs)

    return apply, params


def _of_equinox(equinox: Any, model: Any, variables: tuple[Any, ...], rng: Any) -> Adapted | None:
    if not isinstance(model, equinox.Module):
        return None
    _check_number(model, variables, 0)
    params, others = equinox.partition(model, equinox.is_inexact_array)
    modules = [((), model), *_parts(model, equinox.Module)]
    paths = [path for path, module in modules if callable(module)]  # which open a scope

    def apply(params: Any, *args: Any, **kwargs: Any) -> Any:
        merged = _functions_in_scopes(equinox.combine(params, others), paths)
        _open_scopes([((), merged), *_parts(merged, equinox.Module)])
        return merged(*args, **kwargs)

    return apply, params


def _of_linen(linen: Any, model: Any, variables: tuple[Any, ...], rng: Any) -> Adapted | None:
    if not isinstance(model, linen.Module):
        return None
    _check_number(model, variables, 1)
    collections = dict(variables[0])
    if "params" not in collections:
        raise TypeError(
            "functional: a linen module needs all variables that its init returned, under "
            f"'params' and other names; got {', '.join(collections)}"
        )
    params = collections.pop("params")

    def apply(params: Any, *args: Any, **kwargs: Any) -> Any:
        return model.apply({"params": params, **collections}, *args, **kwargs)

    return apply, params


def _of_haiku(haiku: Any, model: Any, variables: tuple[Any, ...], rng: Any) -> Adapted | None:
    with_state = isinstance(model, haiku.TransformedWithState)
    if not with_state and not isinstance(model, haiku.Transformed):
        return None
    _check_number(model, variables, 2 if with_state else 1)
    params, *given = variables
    if "rng" in inspect.signature(model.apply).parameters:  # not haiku.without_apply_rng
        given.append(rng)

    def apply(params: Any, *args: Any, **kwargs: Any) -> Any:
        out = model.apply(params, *given, *args, **kwargs)
        return out[0] if with_state else out

    return apply, params


ADAPTERS = {
    "flax.nnx": _of_nnx,
    "flax.linen": _of_linen,
    "equinox": _of_equinox,
    "haiku": _of_haiku,
}


def _check_number(model: Any, variables: tuple[Any, ...], needed: int) -> None:
    if len(variables) != needed:
        rule = {
            0: "holds its parameters itself",
            1: "needs the parameters that its init returned",
            2: "needs the parameters and the state that its init returned",
        }
        raise TypeError(
            f"functional: {type(model).__name__} {rule[needed]}; got {len(variables)} variables"
        )


def _parts(module: Any, kind: type, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The modules inside an Equinox module."""

    def is_part(part: Any) -> bool:
        return part is not module and isinstance(part, kind)

    for keys, part in jax.tree_util.tree_leaves_with_path(module, is_leaf=is_part):
        if is_part(part):
            inside = (*path, *map(_key, keys))
            yield inside, part
            yield from _parts(part, kind, inside)


def _functions_in_scopes(module: Any, paths: list[Path]) -> Any:
    """An Equinox module whose functions, such as those in its fields, compute in scopes."""

    def opened(keys: Any, leaf: Any) -> Any:
        return _in_scope(leaf, _scope(tuple(map(_key, keys)), paths)) if callable(leaf) else leaf

    return jax.tree_util.tree_map_with_path(opened, module)


def _key(key: Any) -> Any:
    """What a key of a path in a tree says: the name of a field, the key of a dict or an index."""
    return next(getattr(key, name) for name in ("name", "key", "idx") if hasattr(key, name))


def _open_scopes(modules: Iterable[tuple[Path, Any]]) -> None:
    """Let each module compute in a scope."""
    called = {path: module for path, module in modules if callable(module)}
    for path, module in called.items():
        if path:
            kind: Any = type(module)
            object.__setattr__(module, "__class__", _scoped(kind, _scope(path, called)))


def _scope(path: Path, modules: Iterable[Path]) -> str:
    """The name of what is at a path, from the innermost module that it is in."""
    above = max((p for p in modules if p == path[: len(p)] != path), key=len, default=())
    parts = path[len(above) :]
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")


@functools.cache
def _scoped(kind: type, name: str) -> type:
    """A class whose modules are called in a scope."""
    return type(kind)(kind.__name__, (kind,), {"__call__": _in_scope(kind.__call__, name)})


def _in_scope(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def scoped(*args: Any, **kwargs: Any) -> Any:
        with jax.named_scope(name):
            return function(*args, **kwargs)

    return scoped
