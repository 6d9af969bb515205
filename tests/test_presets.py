"""Names of other libraries: each gives an activation of ours, with the defaults there."""

import pytest

import activax


def test_every_preset_is_an_activation_that_round_trips(preset):
    activation = activax.get(preset)
    assert activax.get(activation.to_config()) == activation


@pytest.mark.parametrize(
    ("spec", "config"),
    {
        "jax.gelu": {"name": "gelu_tanh"},
        "jax.swish": {"name": "silu"},
        "flax.PReLU": {"name": "prelu", "negative_slope": 0.01},
        "torch.gelu": {"name": "gelu"},
        "torch.leaky_relu": {"name": "leaky_relu"},
        "torch.hardswish": {"name": "hard_silu"},
        "keras.leaky_relu": {"name": "leaky_relu", "negative_slope": 0.2},
        "keras.LeakyReLU": {"name": "leaky_relu", "negative_slope": 0.3},
        "hf.gelu_new": {"name": "gelu_tanh"},
        "mlx.gelu_fast_approx": {"name": "quick_gelu"},
        "te.glu": {"name": "glu", "layout": "gate_value"},
    }.items(),
)
def test_defaults_are_those_of_the_library(spec, config):
    assert activax.get(spec).to_config() == config


def test_parameters_of_a_config_go_on_top():
    spec = {"name": "keras.leaky_relu", "negative_slope": 0.4}
    assert activax.get(spec) == activax.leaky_relu.bind(negative_slope=0.4)


@pytest.mark.parametrize(("peer", "count"), {"hf": 24, "timm": 21, "mlx": 27}.items())
def test_no_name_of_a_registry_is_missing(peer, count):
    assert len(activax._presets.PRESETS[peer]) == count


@pytest.mark.parametrize(
    ("spec", "message"),
    {
        "torch.squareplus": r"torch has no activation 'squareplus'\. .*activax\.squareplus",
        "torch.hard_swish": r"torch has no activation 'hard_swish'\. Did you mean 'hardswish'\?",
        "te.qqqq": r"te has no activation 'qqqq'\. It has relu, silu, ",
        "pytorch.relu": r"pytorch\.relu: unknown library 'pytorch'; known: jax, flax, torch, keras",
    }.items(),
)
def test_unknown_names(spec, message):
    with pytest.raises(ValueError, match=message):
        activax.get(spec)
