"""What each parameter is, and what to leave out of weight decay."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from activax._activation import Activation
from activax._catalog import aliases, catalog

Params = Any
NO_DECAY = re.compile(r"(bias|b|offset|beta|scale|gamma|gain)\Z")


def labels(params: Params, activations: Iterable[Activation[...]] = ()) -> Params:
    """What each parameter is, for `optax.multi_transform`.

    - "activation": it belongs to an activation: it lies in an `Activation`, or in a dict or module
      that is named like one (`prelu`, `PReLU_0`) and is itself named like one of that activation's
      parameters;
    - "vector": a bias, or a scale or shift of a normalisation: by its name, or because it has at
      most one axis;
    - "weight": all else.

    Args:
        params: a tree of arrays, as activax, Flax, Equinox and Haiku make them.
        activations: activations of your own whose names count beside those of the catalogue.

    Returns:
        A tree of the same structure with a string for every array.

    Example:
        >>> params = {"prelu": {"negative_slope": 0.25}, "dense": {"weight": jnp.ones((2, 2))}}
        >>> activax.training.labels(params)
        {'dense': {'weight': 'weight'}, 'prelu': {'negative_slope': 'activation'}}
    """
    known = {**catalog, **{activation.name: activation for activation in activations}}
    inside = jax.tree.map(
        lambda node: jax.tree.map(lambda _: isinstance(node, Activation), node),
        params,
        is_leaf=lambda node: isinstance(node, Activation),
    )

    def label(path: tuple[Any, ...], of_activation: bool, leaf: Any) -> str:
        names = [_name(entry) for entry in path]
        if of_activation or _is_parameter(names, known):
            return "activation"
        vector = any(map(NO_DECAY.match, names[-1:])) or jnp.ndim(leaf) <= 1
        return "vector" if vector else "weight"

    return jax.tree.map_with_path(label, inside, params)


def decay_mask(params: Params, activations: Iterable[Activation[...]] = ()) -> Params:
    """True for the parameters that weight decay should shrink, for `optax.masked` and `adamw`.

    These are the "weight" ones of `labels`: biases, normalisations and activations are left alone.

    Args:
        params: a tree of arrays, as activax, Flax, Equinox and Haiku make them.
        activations: activations of your own whose names count beside those of the catalogue.

    Returns:
        A tree of the same structure with a bool for every array.

    Example:
        >>> params = {"prelu": {"negative_slope": 0.25}, "dense": {"weight": jnp.ones((2, 2))}}
        >>> activax.training.decay_mask(params)
        {'dense': {'weight': True}, 'prelu': {'negative_slope': False}}
        >>> import optax
        >>> optimizer = optax.adamw(1e-3, mask=activax.training.decay_mask)
    """
    return jax.tree.map(lambda label: label == "weight", labels(params, activations))


def _name(entry: Any) -> str:
    """A path's entry as text: a dict's key, an attribute's name or a sequence's index."""
    for attribute in ("key", "name", "idx"):
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    return str(entry)


def _is_parameter(names: list[str], known: Mapping[str, Activation[...]]) -> bool:
    """Whether a parent is named like an activation, and the leaf like one of its parameters."""
    for parent in names[:-1]:
        for part in parent.split("/"):  # Haiku joins module names with slashes
            name = re.sub(r"_\d+\Z", "", part).lower()
            activation = known.get(aliases.get(name, name))
            if activation is not None and names[-1] in activation.trainable:
                return True
    return False
