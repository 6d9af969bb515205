"""Names of other libraries, which mean activations of activax with the library's defaults."""

import pytest

import activax
from activax.bench.workloads import peers
from activax.catalogue.lookup import _tables
from activax.catalogue.presets import PRESETS

TABLES = {path: table for path, table in _tables.items() if path not in ("activax", "model")}


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


def spellings(name):
    """Return the name in other cases, and with hyphens or nothing in place of underscores."""
    words = name.split("_")
    camel = "".join(word[:1].upper() + word[1:] for word in words)
    return {name, name.upper(), name.lower(), "-".join(words), "".join(words), camel}


def letters(name):
    return name.replace("_", "").replace("-", "").lower()


@pytest.mark.parametrize("library", TABLES)
def test_every_spelling_of_a_name(library):
    """Every spelling works, unless two names differ only in case and underscores."""
    table = TABLES[library]
    for name, ours in table.items():
        meanings = {activax.get(table[n]) for n in table if letters(n) == letters(name)}
        for spelling in spellings(name):
            spec = f"{library}.{spelling}"
            if spelling in table or len(meanings) == 1:
                assert activax.get(spec) == activax.get(table.get(spelling, ours))
            else:
                with pytest.raises(ValueError, match=r"'keras\.leaky_relu' or 'keras\.LeakyReLU'"):
                    activax.get(spec)


@pytest.mark.every
def test_a_definition_names_libraries_that_are_known(entry):
    """A misspelt library would be found by nobody."""
    assert entry.elsewhere.names.keys() <= PRESETS.keys()
    assert entry.elsewhere.expressions.keys() <= {*peers.LIBRARIES}


@pytest.mark.thorough
@pytest.mark.every
def test_every_spelling_of_our_names(entry):
    for spelling in spellings(entry.name):
        assert activax.get(spelling) is entry
        assert activax.get(f"activax.{spelling}") is entry


def test_our_names_that_are_spelled_alike_mean_the_same():
    ours = {name: name for name in activax.catalog} | activax.aliases
    meanings = {(letters(name), meant) for name, meant in ours.items()}
    assert len(meanings) == len({letters(name) for name in ours})


@pytest.mark.parametrize("library", TABLES)
def test_a_name_without_its_library(library):
    """A name of activax keeps its meaning; other names mean the same in every library."""
    ours = {letters(name): name for name in (*activax.catalog, *activax.aliases)}
    for name, preset in TABLES[library].items():
        assert activax.get(name) == activax.get(ours.get(letters(name), preset))


@pytest.mark.parametrize(
    ("spec", "name"),
    {
        "GELU": "gelu",
        "torch.GELU": "gelu",
        "torch.nn.GELU": "gelu",
        "torch.nn.functional.gelu": "gelu",
        "torch.nn.Identity": "identity",
        "jax.nn.gelu": "gelu_tanh",
        "flax.linen.gelu": "gelu_tanh",
        "flax.nnx.gelu": "gelu_tanh",
        "nnx.gelu": "gelu_tanh",
        "equinox.nn.PReLU": "prelu",
        "eqx.nn.gelu": "gelu_tanh",
        "hk.relu": "relu",
        "torch.nn.modules.activation.Hardswish": "hard_silu",
        "mlx.core.sigmoid": "sigmoid",
        "keras.activations.gelu": "gelu",
        "keras.layers.ReLU": "relu",
        "transformers.activations.ACT2FN.gelu_new": "gelu_tanh",
        "transformers.activations.NewGELUActivation": "gelu_tanh",
        "gelu_new": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "LeakyReLU": "leaky_relu",
        "ReLU6": "relu6",
        "Hard-Swish": "hard_silu",
        "relu2": "relu_squared",
        "hard_sigmoid": "hard_sigmoid",  # Keras 2 has another function of this name
        "linear": "identity",
        "Exp": "exponential",
    }.items(),
)
def test_names_as_they_are_written(spec, name):
    assert activax.get(spec) is activax.catalog[name]


def test_functions_and_layers_of_keras():
    slopes = {"activations.leaky_relu": 0.2, "layers.LeakyReLU": 0.3, "layers.leaky_relu": 0.3}
    for name, slope in slopes.items():
        expected = activax.leaky_relu.bind(negative_slope=slope)
        assert activax.get(f"keras.{name}") == expected


def test_a_name_that_two_libraries_define_differently(monkeypatch):
    one, two = {"blob": "relu"}, {"Blob": "gelu"}
    monkeypatch.setattr("activax.catalogue.lookup._tables", {"activax": {}, "one": one, "two": two})
    with pytest.raises(ValueError, match=r"'blob' has several meanings: say 'one\.blob' or 'two\."):
        activax.get("blob")


def test_parameters_of_a_config_go_on_top():
    spec = {"name": "keras.leaky_relu", "negative_slope": 0.4}
    assert activax.get(spec) == activax.leaky_relu.bind(negative_slope=0.4)


@pytest.mark.parametrize(("peer", "count"), {"hf": 24, "timm": 21, "mlx": 27}.items())
def test_no_name_of_a_registry_is_missing(peer, count):
    assert len(PRESETS[peer]) == count


@pytest.mark.parametrize(
    ("spec", "message"),
    {
        "torch.squareplus": r"torch has no activation 'squareplus'\. .*activax\.squareplus",
        "torch.softplos": r"torch has no activation 'softplos'\. Did you mean 'softplus'\?",
        "te.qqqq": r"te has no activation 'qqqq'\. It has relu, srelu, ",
        "torch.foo.gelu": r"torch\.foo\.gelu: unknown library 'torch\.foo'; known: jax, flax",
        "gelo": r"unknown activation 'gelo'\. Did you mean 'gelu'\?",
        "logistic": "Did you mean 'sigmoid'?",
        "Guided-ReLU": r"unknown activation 'Guided-ReLU'\. The backward pass depends on the sign",
        "hyperbolic tangent": "Did you mean 'tanh'?",
        "RectifiedLinearUnit": "Did you mean 'relu'?",
        "squared_relu": "Did you mean 'relu_squared'?",
        "gelu_neww": "Did you mean 'gelu_new'?",
        "normalizing": "The family 'normalizing' has ",
        "cbrt": r"unknown activation 'cbrt'\. activax\.catalog lists them all\.",
        "pytorch.relu": r"pytorch\.relu: unknown library 'pytorch'; known: jax, flax, torch, keras",
    }.items(),
)
def test_unknown_names(spec, message):
    with pytest.raises(ValueError, match=message):
        activax.get(spec)
