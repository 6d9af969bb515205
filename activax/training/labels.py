"""Labels of parameters, and the mask of weight decay."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from activax.catalogue.lookup import aliases, catalog
from activax.core.activation import Activation
from activax.nn.layer import Params
from activax.nn.path_patterns import last_matches
from activax.nn.trees import Tree, entry_name

# The patterns match names in lower case with underscores: LayerNorm is layer_norm.
VECTOR = re.compile(
    r"(.*_)?bias(_\w*)?|b|offset|beta|(.*_)?(scale|gamma|gain)"  # shifts and factors
    r"|mean|var"  # running statistics
    r"|sinks"  # logits of attention, one a head
    r"|frequencies"  # of Fourier features, which are not trained
)
NORM = re.compile(r".*norm\d*|scales")  # a WeightNorm of Flax keeps its factors in `scales`
POSITIONS = re.compile(r"(.*_)?(pos(ition(s|al)?)?|wpe)(_?(emb|enc)\w*)?")
ACTIVATION_PARAMETER = "negative_slope"  # no other parameter has this name


def labels(
    params: Params,
    activations: Iterable[Activation[...]] = (),
    *,
    override: Mapping[str, str] | None = None,
) -> Params:
    """Return the kind of each parameter, for `optax.multi_transform`.

    - "activation": the parameters of an `Activation`, and every parameter named `negative_slope`.
      Also a parameter of a dict or module named like an activation (`prelu`, `PReLU_0`), if the
      activation has a parameter of that name;
    - "vector": a bias, a norm's scale or shift, or a vector for each position, by its name or by
      the name of the dict or module around it; and any other array with at most one axis;
    - "weight": every other array.

    A path is the names of dicts, fields and indices, joined by "/", such as "layers/0/kernel". The
    `value` of a variable of Flax nnx is left out. Pass the module where there is one: only the
    class distinguishes the weight of an Equinox norm from the weight of a linear layer.

    Args:
        params: a tree of arrays, as activax, Flax, Equinox and Haiku make them, or a module.
        activations: activations of your own, whose names count like the names of the catalogue.
        override: labels by regular expressions, such as {"cls_token|head/": "vector"}. A pattern
            may match any part of a path; if several patterns match, the last pattern decides.

    Returns:
        A tree of the same structure with a string for every array. For a module of Flax nnx, a tree
        of the structure of `nnx.state(module, nnx.Param)`, over which Optax optimises.

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

    Decay shrinks the parameters that `labels` calls "weight", and spares biases, norms, positions
    and activations.

    Args:
        params: a tree of arrays, as activax, Flax, Equinox and Haiku make them, or a module.
        activations: activations of your own, whose names count like the names of the catalogue.
        exclude: regular expressions of further paths to spare, such as "cls_token"; see `labels`.

    Returns:
        A tree of the same structure with a bool for every array. For a module of Flax nnx, a tree
        of the structure of `nnx.state(module, nnx.Param)`.

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
    """Return the labels; messages about `override` name `function` and `argument`."""
    known = {_squeezed(alias): catalog[name] for alias, name in aliases.items()}
    known |= {_squeezed(a.name): a for a in (*catalog.values(), *activations)}
    leaves = [*_named_leaves(params)]
    chosen = last_matches(
        override,
        ["/".join(names) for names, _, _ in leaves],
        rule=f"{function}: {argument} must hold regular expressions",
        each=f"{function}: each pattern of {argument}",
    )
    found = {
        names: label or _label_of(names, nodes, leaf, known)
        for (names, nodes, leaf), label in zip(leaves, chosen, strict=True)
    }
    return jax.tree.unflatten(
        jax.tree.structure(_trained(params)),
        [found[names] for names, _, _ in _named_leaves(_trained(params))],
    )


def _trained(params: Params) -> Params:
    """Return the parameters of a Flax nnx module as a State, and any other tree unchanged."""
    nnx = sys.modules.get("flax.nnx")
    return nnx.state(params, nnx.Param) if nnx and isinstance(params, nnx.Module) else params


def _named_leaves(
    node: Tree, names: tuple[str, ...] = (), nodes: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...], Any]]:
    """Yield (names, nodes, leaf): the names and nodes on the path to each leaf, outermost first.

    The `value` inside a variable of Flax nnx is not among the names.
    """
    if jax.tree_util.all_leaves([node]):
        nnx = sys.modules.get("flax.nnx")
        inside = 1 if nnx and nodes and isinstance(nodes[-1], nnx.Variable) else 0
        yield names[: len(names) - inside], nodes[: len(nodes) - inside], node
        return
    children = jax.tree.leaves_with_path(node, is_leaf=lambda child: child is not node)
    for (entry,), child in children:
        yield from _named_leaves(child, (*names, str(entry_name(entry))), (*nodes, node))


def _label_of(
    names: tuple[str, ...],
    nodes: tuple[Any, ...],
    leaf: Any,
    known: Mapping[str, Activation[...]],
) -> str:
    # Haiku joins module names with slashes, and Flax joins the names of normalised weights.
    *outer, name = (name.rpartition("/")[2] for name in names or ("",))
    owners = [*outer[-1:], *(type(node).__name__ for node in nodes[-1:])]
    around = [known.get(_squeezed(owner)) for owner in owners]
    if (
        any(isinstance(node, Activation) for node in nodes)
        or name == ACTIVATION_PARAMETER
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
    """Return the name in lower case with underscores, without the number that Flax appends."""
    name = re.sub(r"_\d+\Z", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _squeezed(name: str) -> str:
    """Return the name without underscores, so that HardTanh and hard_tanh are one."""
    return _snake(name).replace("_", "")
