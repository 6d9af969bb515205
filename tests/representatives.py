"""Activations that together show each mechanism, on which tests of mechanisms run by default."""

import math
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest

from activax import Activation


def signature(activation: Activation) -> tuple[Hashable, ...]:
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
    )


def representatives(activations: Iterable[Activation]) -> list[Activation]:
    """Return few activations that together show every fact of every kind.

    The first one of most facts that no chosen one has is chosen next.
    """
    shown = {}
    for activation in activations:
        kind, *facts = signature(activation)
        shown[activation] = {(kind, place, fact) for place, fact in enumerate(facts)}
    missing, chosen = set[Hashable]().union(*shown.values()), list[Activation]()
    while missing:
        chosen.append(max(shown, key=lambda activation: len(shown[activation] & missing)))
        missing -= shown[chosen[-1]]
    return chosen


def of_each_signature(activations: Iterable[Activation]) -> list[Activation]:
    """Return the first activation of each signature, for code in which facts meet."""
    first: dict[Hashable, Activation] = {}
    for activation in activations:
        first.setdefault(signature(activation), activation)
    return list(first.values())


def marks(
    activations: Iterable[Activation],
    choose: Callable[[Iterable[Activation]], list[Activation]] = representatives,
) -> dict[Activation, Any]:
    """Return by activation the mark `slow`, or none for those that run by default."""
    activations = list(activations)
    default = set(choose(activations))
    return {a: () if a in default else pytest.mark.slow for a in activations}
