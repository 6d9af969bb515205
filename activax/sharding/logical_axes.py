"""The names of the axes of parameters."""

from collections.abc import Iterable, Mapping
from typing import Any

import jax
from jax.sharding import PartitionSpec

from activax.nn import trees
from activax.nn.checks import check_axes
from activax.nn.layer import AxisNames, Layer, Params, as_layer
from activax.nn.path_patterns import last_matches

STACKED = "layers"  # the axis along which `scan` stacks parameters


def axes(network: Any, params: Params) -> Any:
    """Return the names of the axes of every parameter of a network.

    The names are embed, mlp, heads, kv_heads, head, vocab, experts, router, norm, positions,
    conv_in, conv_out and conv_window, and layers for the axis that `scan` adds. A layer of yours
    says the names with `Layer(axes=)`; the axes of a layer that says none have no names.

    Args:
        network: a Layer, an activation or a function of one array.
        params: its parameters, or their shapes from `jax.eval_shape(network.init, ...)`.

    Returns:
        A tree like the parameters with a tuple in the place of each array: a name, or None, for
        each of its axes.

    Raises:
        TypeError: a network that is no layer, or params that are not arrays.
        ValueError: axes of a layer that do not fit its parameters, or parameters of another
            network.

    Example:
        >>> from activax.nn import embedding, ffn, residual, scan, serial
        >>> network = serial(embedding(256, 16), scan(residual(ffn(64, bias=False)), 4))
        >>> x = jax.ShapeDtypeStruct((2, 8), "int32")
        >>> params = jax.eval_shape(network.init, jax.random.key(0), x)
        >>> embed, blocks = activax.sharding.axes(network, params)
        >>> embed
        {'weight': ('vocab', 'embed')}
        >>> blocks[0]["up"]
        {'weight': ('layers', 'embed', 'mlp')}
    """
    layer = as_layer(network, "axes: network")
    found: list[Any] = []
    # Traced for shapes, because `scan` takes the parameters of a part out of their stack.
    jax.eval_shape(lambda params: found.append(_of_layer(layer, params)), params)
    return found[0]


def axes_by_path(params: Params, patterns: Mapping[str, AxisNames | PartitionSpec]) -> Any:
    """Return names for the axes of parameters by their paths, for networks of other libraries.

    A path is the names of dicts, fields and indices, joined by "/", such as "layers/0/kernel".

    Args:
        params: a tree of arrays or of their shapes.
        patterns: by regular expressions, names of axes as in `Layer(axes=)`, or a PartitionSpec. A
            pattern may match any part of a path; if several patterns match, the last one decides.

    Returns:
        A tree like the parameters, for `specs`. The axes of an array that no pattern matches have
        no names.

    Raises:
        ValueError: a pattern that is no regular expression, or that matches no path; names that
            are not one for each axis.

    Example:
        >>> params = {"up": {"kernel": jnp.ones((4, 8)), "bias": jnp.ones(8)}}
        >>> activax.sharding.axes_by_path(params, {"kernel": ("embed", "mlp")})
        {'up': {'bias': (None,), 'kernel': ('embed', 'mlp')}}
    """
    leaves, structure = jax.tree.flatten_with_path(params)
    paths = [path_of(path) for path, _ in leaves]
    chosen = last_matches(
        patterns,
        paths,
        rule="axes_by_path: patterns must be regular expressions",
        each="axes_by_path: each pattern",
    )
    found = [
        checked_names("axes_by_path", path, leaf, names)
        for path, (_, leaf), names in zip(paths, leaves, chosen, strict=True)
    ]
    return jax.tree.unflatten(structure, found)


def path_of(path: tuple[Any, ...]) -> str:
    """Return the path of a leaf as text; the path of parameters that are one array is "params"."""
    return trees.path_text(path) or "params"


def checked_names(function: str, path: str, leaf: Any, names: Any) -> AxisNames:
    """Return a name or None for each axis of an array; raise unless the names fit."""
    if not hasattr(leaf, "shape"):
        raise TypeError(
            f"{function}: params must be arrays or their shapes; got {type(leaf).__name__} at "
            f"{path!r}. Take the arrays out of a module first."
        )
    rank = len(leaf.shape)
    if names is None:
        return (None,) * rank
    if isinstance(names, PartitionSpec) and len(names) <= rank:
        names = (*names, *(None,) * (rank - len(names)))
    check_axes(f"{function}: {path}", names, rank)
    return tuple(names)


def _of_layer(layer: Layer, params: Params) -> Any:
    """Return the names that a layer, or the layers inside, say for traced parameters."""
    if layer.parts is None:
        return _spread(layer, layer.axes, params)
    children, structure = _children(params)
    try:
        parts = list(layer.parts(params, None))
    except (LookupError, TypeError) as error:
        raise ValueError(_foreign(layer, children)) from error
    if parts and parts[0].name is None:  # one part, which has all parameters, perhaps stacked
        (part,) = parts
        return jax.tree.map(
            lambda stack, one, names: (*(STACKED,) * (stack.ndim - one.ndim), *names),
            params,
            part.params,
            _of_layer(part.layer, part.params),
        )
    found = {str(part.name): _of_layer(part.layer, part.params) for part in parts}
    if found.keys() != children.keys():
        raise ValueError(_foreign(layer, children))
    return jax.tree.unflatten(structure, [found[name] for name in children])


def _foreign(layer: Layer, children: Iterable[str]) -> str:
    return (
        f"axes: params must be those of the network, or their shapes; got entries "
        f"{', '.join(children) or 'of no name'} for {layer!r}"
    )


def _spread(layer: Layer, names: Any, params: Params) -> Any:
    """Return names for every array of a layer; None in `names` stands for all arrays below."""
    if names is None or hasattr(params, "shape"):
        return jax.tree.map(lambda leaf: checked_names("axes", repr(layer), leaf, names), params)
    known, _ = _children(names)
    children, structure = _children(params)
    if unknown := [name for name in known.keys() - children.keys() if known[name] is not None]:
        raise ValueError(
            f"axes: axes of {layer!r} must be a tree like its parameters; got axes of "
            f"{unknown[0]!r}, but parameters {', '.join(children)}"
        )
    found = [_spread(layer, known.get(name), child) for name, child in children.items()]
    return jax.tree.unflatten(structure, found)


def _children(tree: Any) -> tuple[dict[str, Any], Any]:
    """Return the children of a node by name, and its structure with a leaf for each child."""
    found, structure = jax.tree.flatten_with_path(tree, is_leaf=lambda child: child is not tree)
    return {path_of(path): child for path, child in found}, structure
