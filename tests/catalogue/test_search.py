"""Search of the catalogue: by facts, and by shape."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.catalogue.index import INDEX, TAGS
from activax.catalogue.shapes import SHAPES
from activax.catalogue.traits import TRAITS
from activax.theory import Traits, traits
from benchmarks.traits import has_traits


@pytest.mark.thorough
def test_traits_are_those_that_are_computed(elementwise):
    if not has_traits(elementwise):
        pytest.skip("it is not finite at all finite inputs")
    np.testing.assert_allclose(TRAITS[elementwise.name], traits(elementwise), rtol=1e-12)


def test_every_activation_that_can_has_traits_and_a_shape():
    able = {a.name for a in activax.catalog.values() if has_traits(a)}
    assert {*TRAITS} == {*SHAPES} == able


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: jnp.sin(3 * x), (-1, 1, 0, -1, 2, False)),
        (jnp.abs, (0, math.inf, 0, 1, 0, False)),
        (lambda x: jnp.exp(x) + jnp.exp(-x), (2, math.inf, 0, 1, 2, False)),  # it overflows
        (lambda x: -jnp.exp(x), (-math.inf, 0, -1, 0, 2, False)),
        (lambda x: jnp.where(jnp.abs(x) < 1, 0.0, jnp.sign(x)), (-1, 1, 1, -1, -1, True)),
        (lambda x: jnp.where(x > 2, (x - 2) ** 2, 0.0), (0, math.inf, 1, 0, 1, True)),
        (lambda x: jnp.zeros_like(x), (0, 0, 0, 0, 2, True)),
    ],
)
def test_traits_of_any_function(function, expected):
    np.testing.assert_allclose(traits(function), Traits(*expected), atol=1e-12)


def test_find_agrees_with_the_facts_of_each_activation():
    assert activax.find() == (*INDEX,)
    for tag in TAGS:
        if tag == "smooth":
            continue
        both = {*activax.find(**{tag: True})}, {*activax.find(**{tag: False})}
        assert all(both)
        assert (both[0] | both[1], both[0] & both[1]) == ({*INDEX}, set())
    trainable = {name for name, a in activax.catalog.items() if a.trainable}
    assert {*activax.find(trainable=True)} == trainable
    assert {*activax.find(family="hard", kind="elementwise")} == {
        name for name, a in activax.catalog.items() if a.family == "hard"
    }
    smooth = {name for name, row in TRAITS.items() if Traits(*row).smooth >= 1}
    assert {*activax.find(smooth=1)} == smooth
    assert "dyt" in activax.find(since=2025)
    assert "gelu" not in activax.find(since=2017)
    assert activax.find(model="deepseek_v4") == ("clamped_swiglu",)
    assert activax.find(model="llama", kind="vector") == ()


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        ({"monotonous": True}, TypeError, "find: unknown tag 'monotonous'. Did you mean 'monoton"),
        ({"zzz": True}, TypeError, "find: unknown tag 'zzz'. The tags are bounded, even, "),
        ({"bounded": 1}, TypeError, "find: bounded must be True or False; got 1"),
        ({"smooth": 3}, ValueError, "find: smooth must be one of -1, 0, 1, 2; got 3"),
        ({"smooth": True}, ValueError, "find: smooth must be one of -1, 0, 1, 2; got True"),
        ({"tier": "best"}, ValueError, "find: tier must be one of certified, derived, formula; "),
        ({"kind": "x"}, ValueError, "find: kind must be one of elementwise, gated, vector, reduc"),
        ({"family": "x"}, ValueError, "find: family must be one of elementary, "),
        ({"model": "lama"}, ValueError, "find: model must be one of apertus, bert, "),
        ({"periodic": True}, TypeError, "find: unknown tag 'periodic'. Did you mean family='per"),
        (
            {"quantizer": True},
            TypeError,
            "unknown tag 'quantizer'. Did you mean family='quantizing",
        ),
        ({"gated": True}, TypeError, "find: unknown tag 'gated'. Did you mean "),
    ],
)
def test_wrong_facts(facts, error, message):
    with pytest.raises(error) as raised:
        activax.find(**facts)
    assert message in str(raised.value)


def test_similar_knows_names_activations_and_functions():
    by_name = activax.similar("silu", 3)
    assert by_name == activax.similar(activax.silu, 3)
    assert "silu" not in by_name
    assert [*by_name.values()] == sorted(by_name.values())
    itself = activax.similar(lambda x: x / (1 + jnp.exp(-x)), 5)
    assert itself["silu"] < 1e-6
    bound = activax.similar(activax.swish.bind(beta=50.0), 1000)
    assert bound["relu"] < 0.01 < bound["swish"]
    far = activax.similar("relu", 1000)["identity"]
    assert math.isclose(far, math.sqrt(0.5), rel_tol=0.05)  # sqrt(E[min(x, 0)^2])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (("gellu",), ValueError, "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (
            (activax.softmax,),
            TypeError,
            "similar: needs an elementwise activation; activax.softmax",
        ),
        ((3.0,), TypeError, "similar: needs a name or a function; got float"),
        (("log1mexp",), ValueError, "finite for normal inputs; activax.log1mexp is not"),
        (("gelu", 0), ValueError, "similar: count must be a whole number, at least 1; got 0"),
    ],
)
def test_wrong_questions(given, error, message):
    with pytest.raises(error) as raised:
        activax.similar(*given)
    assert message in str(raised.value)
