"""One activation for each mechanism, on which tests of mechanisms run by default."""

import math
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from activax import Activation

T = TypeVar("T")


def signature(activation: Activation) -> Hashable:
    """Return the facts that decide which code of the library an activation runs through.

    Two activations of one signature differ in their formulas alone, which the contract of
    `contract/test_entry.py` checks for every activation.
    """
    definition = activation._definition
    return (
        activation.kind,
        activation.tier,
        activation.inputs,
        tuple((residual.policy, residual.bits) for residual in definition.residuals),
        bool(activation.trainable),
        activation.surrogate is not None,
        activation.domain != (-math.inf, math.inf),
        bool(definition.statics),
        bool(definition.keys),
        bool(definition.masks),
        bool(activation.kinks),
        any(activation.ulps),  # 0 where the formula only selects
    )


def representatives(
    items: Iterable[T], of: Callable[[T], Activation] = lambda item: item
) -> list[T]:
    """Return the first item of each signature; `of` gives the activation in an item."""
    first: dict[Hashable, T] = {}
    for item in items:
        first.setdefault(signature(of(item)), item)
    return list(first.values())
