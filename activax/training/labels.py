"""Labels of parameters, and the mask of weight decay."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from activax.catalogue.lookup import aliases, catalog
from activax.core.activation import Activation

Params = Any
# Names are compared in lower case with underscores: LayerNorm is layer_norm.
VECTOR = re.compile(
    r"(.*_)?bias(_\w*)?|b|offset|beta|(.*_)?(scale|gamma|gain)"  # shifts and factors
    r"|mean|var"  # running statistics
)
NORM = re.compile(r".*norm\d*|scales")  # in scales a WeightNorm of Flax keeps its factors
POSITIONS = re.compile(r"(.*_)?(pos(ition(s|al)?)?|wpe)(_?(emb|enc)\w*)?")
OF_ACTIVATIONS = "negative_slope"  # nothing else has a parameter of this name


def labels(
    params: Params,
    activations: Iterable[Activation[...]] = (),
    *,
    override: Mapping[str, str] | None = None,
) -> Params:
    """Return the kind of each parameter, for `optax.multi_transform`.

    - "activation": it lies in an `Activation`, is named `negative_slope`, or lies in a dict or
      module named like an activation (`prelu`, `PReLU_0`) and is named like one of its parameters;
    - "vector": a bias, a norm's scale or shift, a vector for each position, by its name or that of
      the dict or module around it; or any other array with at most one axis;
    - "weight": all else.

    A path is the names of dicts, fields and indices, joined by "/", such as "layers/0/kernel"; the
    `value` of a variable of Flax nnx is left out. A module says more than its bare tree of arrays:
    only the class tells the weight of an Equinox norm from that of a linear layer.

    Args:
        params: a tree of arrays, as activax, Flax, Equinox and Haiku make them, or a module.
        activations: activations of your own whose names count beside those of the catalogue.
        override: labels by regular expressions, such as {"cls_token|head/": "vector"}. A pattern
            may match any part of a path; of several that match, the last one decides.

    Returns:
        A tree of the same structure with a string for every array; for a module of Flax nnx, that
        of `nnx.state(module, nnx.Param)`, over which Optax optimises.

    Raises:
        ValueError: a pattern that is not a regular expression, or that matches no path.

    Example:
        >>> params = {"prelu": {"negative_slope": 0.25}, "dense": {"weight": jnp.ones((2, 2))}}
        >>> activax.training.labels(params)
        {'dense': {'weight': 'weight'}, 'prelu': {'negative_slope': 'activation'}}
        >>> activax.training.labels(params, override={"^dense/": "vector"})
        {'dense': {'weight': 'vector'}, 'prelu': {'negative_slope': 'activation'}}
    """
    return _labels("labels", "override", params, activations, override or {})


def decay_mask(
    params: Params,
    activations: Iterable[Activation[...]] = (),
    *,
    exclude: str | Iterable[str] = (),
) -> Params:
    """Return True for the parameters that weight decay should shrink, for `optax.adamw`.

    These are the "weight" ones of `labels`: biases, norms, positions and activations are spared.

    Args:
        params: a tree of arrays, as activax, Flax, Equinox and Haiku make them, or a module.
        activations: activations of your own whose names count beside those of the catalogue.
        exclude: regular expressions of paths to spare, too, such as "cls_token"; see `labels`.

    Returns:
        A tree of the same structure with a bool for every array; for a module of Flax nnx, that of
        `nnx.state(module, nnx.Param)`.

    Raises:
        ValueError: a pattern that is not a regular expression, or that matches no path.

    Example:
        >>> params = {"prelu": {"negative_slope": 0.25}, "dense": {"weight": jnp.ones((2, 2))}}
        >>> activax.training.decay_mask(params)
        {'dense': {'weight': True}, 'prelu': {'negative_slope': False}}
        >>> activax.training.decay_mask(params, exclude="dense")
        {'dense': {'weight': False}, 'prelu': {'negative_slope': False}}
        >>> import optax
        >>> optimizer = optax.adamw(1e-3, mask=activax.training.decay_mask)
    """
    patterns = [exclude] if isinstance(exclude, str) else exclude
    spared = dict.fromkeys(patterns, "vector")
    kinds = _labels("decay_mask", "exclude", params, activations, spared)
    return jax.tree.map(lambda label: label == "weight", kinds)


def _labels(
    function: str,
    argument: str,
    params: Params,
    activations: Iterable[Activation[...]],
    override: Mapping[str, str],
) -> Params:
    """Return the labels; `function` and `argument` are for messages about `override`."""
    known = {_squeezed(alias): catalog[name] for alias, name in aliases.items()}
    known |= {_squeezed(a.name): a for a in (*catalog.values(), *activations)}
    patterns = [(_compiled(function, argument, text), label) for text, label in override.items()]
    found, matched = {}, set()
    for names, nodes, leaf in _walk(params):
        found[names] = _kind(names, nodes, leaf, known)
        for pattern, label in patterns:
            if pattern.search("/".join(names)):
                found[names] = label
                matched.add(pattern)
    for pattern, _ in patterns:
        if pattern not in matched:
            paths = ", ".join(["/".join(names) for names in found][:3])
            raise ValueError(
                f"{function}: each pattern of {argument} must match a path; {pattern.pattern!r} "
                f"matches none of {paths}{', ...' if len(found) > 3 else ''}"
            )
    return jax.tree.unflatten(
        jax.tree.structure(_trained(params)),
        [found[names] for names, _, _ in _walk(_trained(params))],
    )


def _compiled(function: str, argument: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(
            f"{function}: {argument} must hold regular expressions; got {text!r}: {error}"
        ) from None


def _trained(params: Params) -> Params:
    """Return the parameters of a Flax nnx module as a State; other trees as they are."""
    nnx = sys.modules.get("flax.nnx")
    return nnx.state(params, nnx.Param) if nnx and isinstance(params, nnx.Module) else params


def _walk(
    node: Any, names: tuple[str, ...] = (), nodes: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...], Any]]:
    """Yield each leaf with the names that lead to it and the nodes around it, the outermost first.

    The `value` inside a variable of Flax nnx is no name.
    """
    if jax.tree_util.all_leaves([node]):
        nnx = sys.modules.get("flax.nnx")
        inside = 1 if nnx and nodes and isinstance(nodes[-1], nnx.Variable) else 0
        yield names[: len(names) - inside], nodes[: len(nodes) - inside], node
        return
    children = jax.tree.leaves_with_path(node, is_leaf=lambda child: child is not node)
    for (entry,), child in children:
        key = next(getattr(entry, a) for a in ("name", "key", "idx") if hasattr(entry, a))
        yield from _walk(child, (*names, str(key)), (*nodes, node))


def _kind(
    names: tuple[str, ...],
    nodes: tuple[Any, ...],
    leaf: Any,
    known: Mapping[str, Activation[...]],
) -> str:
    # Haiku joins the names of modules with slashes, and Flax those of weights that it normalises.
    *outer, name = (name.rpartition("/")[2] for name in names or ("",))
    owners = [*outer[-1:], *(type(node).__name__ for node in nodes[-1:])]
    around = [known.get(_squeezed(owner)) for owner in owners]
    if (
        any(isinstance(node, Activation) for node in nodes)
        or name == OF_ACTIVATIONS
        or any(activation and name in activation.trainable for activation in around)
    ):
        return "activation"
    vector = (
        VECTOR.fullmatch(_snake(name))
        or any(NORM.fullmatch(_snake(owner)) for owner in owners)
        or any(POSITIONS.fullmatch(_snake(part)) for part in (name, *owners))
        or jnp.ndim(leaf) <= 1
    )
    return "vector" if vector else "weight"


def _snake(name: str) -> str:
    """Return the name in lower case with underscores, without a number that Flax appends."""
    name = re.sub(r"_\d+\Z", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _squeezed(name: str) -> str:
    """Return the name without underscores, so that HardTanh and hard_tanh are one."""
    return _snake(name).replace("_", "")
