"""Activations of a study, by what users write."""

import sys
import textwrap

import jax
import jax.numpy as jnp
import pytest

import activax
from activax.study.tasks.hidden_units import check_hidden_unit, resolve_activation

SOURCE = """
    import activax
    import jax
    import jax.numpy as jnp

    def mine(x):
        return x * jnp.tanh(2 * x)

    @activax.elementwise()
    def own(x, scale=2.0):
        "x times a scale."
        return scale * x

    def total(x):
        return jnp.sum(x)

    def soft(x):
        return jnp.exp(x) / jnp.sum(jnp.exp(x))

    def pair(gate, value):
        return gate * value

    def strict(x):
        raise ValueError("x is wrong\\nbecause it is")

    number = 3
"""


@pytest.fixture
def module_of_user(tmp_path, monkeypatch):
    (tmp_path / "units_of_user.py").write_text(textwrap.dedent(SOURCE))
    monkeypatch.syspath_prepend(tmp_path)
    yield
    resolve_activation.cache_clear()
    sys.modules.pop("units_of_user", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gelu", activax.gelu),
        ("LeakyReLU", activax.leaky_relu),
        ("elu:alpha=0.5", activax.elu.bind(alpha=0.5)),
        ("keras.leaky_relu", activax.leaky_relu.bind(negative_slope=0.2)),
        ("softmax:axis=-2", activax.softmax.bind(axis=-2)),
    ],
)
def test_names_and_parameters(text, expected):
    assert resolve_activation(text) == expected


def test_several_parameters():
    found = resolve_activation("clamp:low=-2:high=3")
    assert found == activax.clamp.bind(low=-2, high=3)


@pytest.mark.usefixtures("module_of_user")
def test_functions_of_a_module():
    found = resolve_activation("units_of_user:mine")
    assert found is resolve_activation("units_of_user:mine")  # so that programs are kept
    assert (found.name, found.kind) == ("mine", "elementwise")
    x = jnp.linspace(-3, 3, 9)
    assert jnp.allclose(found(x), x * jnp.tanh(2 * x))
    slope = jax.grad(lambda x: x * jnp.tanh(2 * x))
    assert jnp.allclose(jax.vmap(jax.grad(found))(x), jax.vmap(slope)(x), atol=1e-6)
    assert resolve_activation("units_of_user:own").trainable == ("scale",)


@pytest.mark.usefixtures("module_of_user")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gellu", "unknown activation 'gellu'. Did you mean 'gelu'?"),
        ("elu:beta=1", "elu.*beta"),
        ("elu:alpha=much", "a parameter must be name=number; got 'alpha=much'"),
        ("leaky_relu:negative_slope=nan:a", "must be written as gelu, elu:alpha=0.5 or mymodule"),
        ("no_module:mine", "no_module:mine: must be module:attribute; No module named"),
        ("units_of_user:none", "has no attribute 'none'"),
        ("units_of_user:total", "total returns another number of units than a layer has"),
        ("units_of_user:soft", r"acts on whole layers; decorate it with @activax.vector\(\)"),
        ("units_of_user:pair", "must be a function of one array of floats"),
        ("units_of_user:strict", "must be a function of one array of floats; x is wrong$"),
        ("units_of_user:number", "must be a function of one array of floats"),
        ("maxout", "maxout returns another number of units than a layer has"),
        ("log1mexp", "log1mexp is finite only between 0 and inf"),
        ("sinkhorn", "sinkhorn acts on two axes"),
        ("mod_relu", "mod_relu takes complex numbers"),
    ],
)
def test_faults_are_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        resolve_activation(text)
    assert "\n" not in str(caught.value)


def test_most_of_the_catalogue_can_be_hidden_units():
    refused = []
    for name, activation in activax.catalog.items():
        try:
            check_hidden_unit(activation, name)
        except ValueError:
            refused.append(name)
    kinds = {activax.catalog[name].kind for name in refused} - {"elementwise"}
    assert kinds == {"complex", "matrix", "reduction", "expansion"}
    assert [name for name in refused if activax.catalog[name].kind == "elementwise"] == ["log1mexp"]
