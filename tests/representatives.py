"""One activation for each mechanism, on which tests of mechanisms run by default."""

import math
from collections.abc import Hashable, Iterable
from typing import Any

import pytest

from activax import Activation


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
    )


def representatives(activations: Iterable[Activation]) -> list[Activation]:
    """Return the first activation of each signature."""
    first: dict[Hashable, Activation] = {}
    for activation in activations:
        first.setdefault(signature(activation), activation)
    return list(first.values())


def marks(activations: Iterable[Activation]) -> dict[Activation, Any]:
    """Return by activation the mark `slow`, or none for a representative."""
    activations = list(activations)
    default = set(representatives(activations))
    return {a: () if a in default else pytest.mark.slow for a in activations}
