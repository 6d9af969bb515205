"""The helpers of the contract: representatives, and slopes that docstrings declare."""

import jax.numpy as jnp
import pytest
from kinks import declared_slope
from own import scaled_square as square
from representatives import marks, representatives

import activax


@activax.elementwise(
    lambda x: 1.0,
    lean=(activax.from_piece(lambda x: x > 0, lambda piece: jnp.ones(piece.shape), bits=3),),
    reference=lambda mp, x: x,
)
def passed(x):
    """The input, of which three bits are kept."""
    return x


def test_a_new_mechanism_is_its_own_representative():
    """No activation of the catalogue keeps three bits; `square` shows no fact of its own."""
    catalogue = [*activax.catalog.values()]
    chosen = representatives([*catalogue, square, passed])
    assert chosen == [*representatives(catalogue), passed]
    assert {a for a, mark in marks([*catalogue, passed]).items() if not mark} == {*chosen}


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("f(x) = |x|; the slope at 0 is 0.5", {0.0: 0.5, 1.0: None}),
        ("f(x) = x; the slope at 0 and at n is alpha", {0.0: 7.0, 3.0: 7.0, 1.0: None}),
        ("f(x) = x. The slope at -3 is 0 and at 3 is 1, as in torch", {-3.0: 0.0, 3.0: 1.0}),
        ("f(x) = x; the slope at the thresholds is 0", {-3.0: 0.0, 3.0: 0.0}),
        ("f(x) = x; the slope at a clamp is the inside one", {-3.0: 5.0, 3.0: 4.0}),
        ("f(x) = x; the slope at n is the left one, 1.75", {3.0: 4.0}),
        ("f(x) = x if x >= 0 else 2 x", {0.0: None}),
    ],
)
def test_the_declared_slope_at_a_kink(text, slopes):
    for kink, slope in slopes.items():
        beside = {"left": 4.0, "right": 5.0, "inside": 4.0 if kink > 0 else 5.0}
        assert declared_slope(text, kink, {"n": 3.0, "alpha": 7.0}, beside) == slope
