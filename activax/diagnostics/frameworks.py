"""Networks of other libraries as functions of parameters, with a named scope for each module."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax

from activax.nn.layer import Params
from activax.nn.trees import Tree, entry_name

ModulePath = tuple[str | int, ...]
Adapted = tuple[Callable[..., Any], Params]


def functional(model: Any, *variables: Any, rng: Any = None) -> Adapted:
    """Return a network of another library as `apply(params, *inputs)`, for every diagnostic here.

    Each module computes in a `jax.named_scope` of its path, such as "layers[0]", so that `watch`
    and `first_nonfinite` can name the module. A call of a Flax nnx or Equinox network therefore
    runs a copy, whose modules are instances of subclasses. The model itself never changes. Changes
    that a call makes, such as running averages and random counters, are dropped with the copy. So
    every call starts from the same state.

    Args:
        model: a module of Flax nnx or Equinox, which holds its parameters. Or a module of Flax
            linen, a function that `haiku.transform` or `haiku.transform_with_state` made, or a
            Layer.
        *variables: nothing for Flax nnx and Equinox. For the other models the results of `init`:
            the variables of linen, the parameters, and the state of a Haiku network with state.
        rng: a PRNG key for a Haiku network that needs one.

    Returns:
        The function and the parameters, a tree of arrays: the floating-point arrays of Equinox,
        every `nnx.Param` of Flax nnx, or the collection "params" of linen. The function passes
        further arguments on to the call of the module, or to `apply` of linen, Haiku and Layers.
        With the argument `mutable`, for example, linen returns updated collections, too.

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
        imported = sys.modules.get(library)  # no model comes from a library that is not imported
        adapted = imported and adapt(imported, model, variables, rng)
        if adapted:
            return adapted
    if not callable(getattr(model, "apply", None)):
        raise TypeError(
            "functional: model must be a module of Flax or Equinox, a transformed function of "
            f"Haiku or a Layer; got {type(model).__name__}. Pass a function of parameters to the "
            "diagnostics as it is."
        )
    _check_number(model, variables, 1)
    return model.apply, *variables


def _of_nnx(nnx: Any, model: Any, variables: tuple[Any, ...], rng: Any) -> Adapted | None:
    if not isinstance(model, nnx.Module):
        return None
    _check_number(model, variables, 0)
    graph, params, others = nnx.split(model, nnx.Param, ...)

    def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
        merged = nnx.merge(graph, params, others, copy=True)
        _open_scopes(nnx.iter_modules(merged))
        return merged(*args, **kwargs)

    return apply, params


def _of_equinox(equinox: Any, model: Any, variables: tuple[Any, ...], rng: Any) -> Adapted | None:
    if not isinstance(model, equinox.Module):
        return None
    _check_number(model, variables, 0)
    params, others = equinox.partition(model, equinox.is_inexact_array)
    modules = [((), model), *_submodules(model, equinox.Module)]
    paths = [path for path, module in modules if callable(module)]  # of modules that open a scope

    def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
        merged = _functions_in_scopes(equinox.combine(params, others), paths)
        _open_scopes([((), merged), *_submodules(merged, equinox.Module)])
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

    def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
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

    def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
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


def _submodules(module: Any, kind: type, path: ModulePath = ()) -> Iterator[tuple[ModulePath, Any]]:
    """Yield the modules inside an Equinox module, with their paths."""

    def is_part(part: Any) -> bool:
        return part is not module and isinstance(part, kind)

    for keys, part in jax.tree_util.tree_leaves_with_path(module, is_leaf=is_part):
        if is_part(part):
            inside = (*path, *map(entry_name, keys))
            yield inside, part
            yield from _submodules(part, kind, inside)


def _functions_in_scopes(module: Tree, paths: list[ModulePath]) -> Tree:
    """Return an Equinox module whose leaves that are functions compute in scopes."""

    def opened(keys: Any, leaf: Any) -> Any:
        if not callable(leaf):
            return leaf
        return _in_scope(leaf, _scope_name(tuple(map(entry_name, keys)), paths))

    return jax.tree_util.tree_map_with_path(opened, module)


def _open_scopes(modules: Iterable[tuple[ModulePath, Any]]) -> None:
    """Let each module compute in a scope of its name, by a subclass of its class."""
    called = {path: module for path, module in modules if callable(module)}
    for path, module in called.items():
        if path:
            kind: Any = type(module)
            object.__setattr__(module, "__class__", _scoped_class(kind, _scope_name(path, called)))


def _scope_name(path: ModulePath, modules: Iterable[ModulePath]) -> str:
    """Return the part of a path below the innermost of the modules around it, as text."""
    above = max((p for p in modules if p == path[: len(p)] != path), key=len, default=())
    parts = path[len(above) :]
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")


@functools.cache
def _scoped_class(kind: type, name: str) -> type:
    """Return a subclass whose modules compute in a scope."""
    return type(kind)(kind.__name__, (kind,), {"__call__": _in_scope(kind.__call__, name)})


def _in_scope(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def scoped(*args: Any, **kwargs: Any) -> Any:
        with jax.named_scope(name):
            return function(*args, **kwargs)

    return scoped
