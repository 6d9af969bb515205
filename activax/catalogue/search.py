"""Search of the catalogue by facts and by shape."""

import difflib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.catalogue.index import FAMILIES, INDEX, TAGS
from activax.catalogue.lookup import by_name, get
from activax.catalogue.models import MODELS, unit_of
from activax.core.activation import Activation

POINTS = 24  # at which the values of an activation are kept, for the nearest by shape
EVERY_KIND = ("elementwise", "gated", "vector", "reduction", "expansion", "matrix", "complex")
EVERY_TIER = ("certified", "derived", "formula")


def find(
    *,
    family: str | None = None,
    kind: str | None = None,
    tier: str | None = None,
    smooth: int = -1,
    since: int | None = None,
    model: str | None = None,
    **tags: bool,
) -> tuple[str, ...]:
    """Return the names of the activations that have all of the given facts.

    Args:
        family: the family, such as "exponential".
        kind: "elementwise", "gated", "vector", "reduction", "expansion", "matrix" or
            "complex".
        tier: "certified", "derived" or "formula".
        smooth: the least number of continuous derivatives, 0, 1 or 2 (2: two or more); -1 for any.
            Above -1 only elementwise activations are found.
        since: the earliest year of the paper.
        model: a published model that uses the activation, such as "llama".
        **tags: for each tag whether it holds. `activax.theory.traits` computes bounded, even,
            monotone, nonnegative, odd and sparse (0 on an interval) at the default parameters;
            masked, random, surrogate and trainable are facts of the definition.

    Returns:
        The names in the order of the catalogue.

    Raises:
        TypeError: a tag that is unknown, or is not True or False.
        ValueError: a family, a kind, a tier or a model that is unknown, or another number of
            derivatives.

    Example:
        >>> "log_sigmoid" in activax.find(family="sigmoidal", bounded=False)
        True
        >>> "softplus" in activax.find(monotone=True, smooth=2)
        True
        >>> activax.find(model="gpt_oss")
        ('clamped_swiglu',)
    """
    for name, value, known in (
        ("family", family, FAMILIES),
        ("kind", kind, EVERY_KIND),
        ("tier", tier, EVERY_TIER),
        ("smooth", smooth, (-1, 0, 1, 2)),
        ("model", model, MODELS),
    ):
        if value is not None and (isinstance(value, bool) or value not in known):
            raise ValueError(
                f"find: {name} must be one of {', '.join(map(str, known))}; got {value!r}"
            )
    for tag, wanted in tags.items():
        if tag not in TAGS:
            raise TypeError(f"find: unknown tag {tag!r}. {_hint(tag)}")
        if not isinstance(wanted, bool):
            raise TypeError(f"find: {tag} must be True or False; got {wanted!r}")
    return tuple(
        name
        for name, entry in INDEX.items()
        if family in (None, entry.family)
        and kind in (None, entry.kind)
        and tier in (None, entry.tier)
        and (smooth == -1 or (entry.smooth is not None and entry.smooth >= smooth))
        and (since is None or (entry.year or 0) >= since)
        and (model is None or unit_of(model) == name)
        and all((tag in entry.tags) == wanted for tag, wanted in tags.items())
    )


def _hint(tag: str) -> str:
    """Say what an unknown tag may mean: another tag, a family or a kind."""
    guess = difflib.get_close_matches(tag, (*TAGS, *FAMILIES, *EVERY_KIND), 1)
    if not guess:
        return f"The tags are {', '.join(TAGS)}."
    for fact, known in {"family": FAMILIES, "kind": EVERY_KIND}.items():
        if guess[0] in known:
            return f"Did you mean {fact}={guess[0]!r}?"
    return f"Did you mean {guess[0]!r}?"


def similar(
    activation: str | Activation[...] | Callable[..., Any], count: int = 5
) -> dict[str, float]:
    """Return the elementwise activations with the most similar values, and their distances.

    The distance is the root mean square of the difference for standard normal inputs, at the
    default parameters, by Gauss-Hermite quadrature; next to a kink it is right to some percent.

    Formula:
        distance(f, g) = sqrt(E[(f(x) - g(x))^2]), x ~ N(0, 1)

    Args:
        activation: a name, an elementwise Activation, or any function of an array that acts on each
            element.
        count: the number of activations, at least 1.

    Returns:
        The distances by name, the nearest first. The activation itself is left out.

    Raises:
        ValueError: a name that is unknown, another count, or a function that is not finite.
        TypeError: an activation that is not elementwise, or what is no function.

    Example:
        >>> activax.similar("silu", 1000)["quick_gelu"] < 0.1
        True
    """
    from activax.catalogue.shapes import SHAPES

    if isinstance(activation, str):
        activation = get(activation)
    if not callable(activation):
        raise TypeError(f"similar: needs a name or a function; got {type(activation).__name__}")
    if isinstance(activation, Activation) and activation.kind != "elementwise":
        raise TypeError(
            f"similar: needs an elementwise activation; {activation!r} is {activation.kind}"
        )
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"similar: count must be a whole number, at least 1; got {count}")
    name = activation.name if isinstance(activation, Activation) else ""
    itself = name if by_name(name) is activation else ""
    own = np.array(SHAPES[itself]) if itself in SHAPES else shape_of(activation)
    if not np.isfinite(own).all():
        raise ValueError(
            f"similar: needs a function that is finite for normal inputs; {activation!r} is not"
        )
    weights = np.polynomial.hermite_e.hermegauss(len(own))[1]
    others = {name: row for name, row in SHAPES.items() if name != itself}
    squares = (np.array([*others.values()]) - own) ** 2
    distances = np.sqrt(squares @ weights / weights.sum())
    nearest = np.argsort(distances, kind="stable")[:count]
    names = [*others]
    return {names[i]: float(distances[i]) for i in nearest}


def shape_of(function: Callable[..., Any]) -> np.ndarray:
    """Return the values of a function at the points of a Gauss-Hermite quadrature, in float64."""
    points = np.polynomial.hermite_e.hermegauss(POINTS)[0]
    with jax.enable_x64(True):
        return np.broadcast_to(np.asarray(function(jnp.asarray(points)), float), points.shape)
