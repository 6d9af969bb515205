"""Beside torch-activation, the largest other catalogue: the same values, and slopes that exist."""

import inspect
import warnings

import jax.numpy as jnp
import numpy as np
import pytest
from entry import MAGNITUDES
from torch_modules import classes, namesakes, with_nan_slopes

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of modules that need plotly
    theirs = pytest.importorskip("torch_activation")

X = np.linspace(-6, 6, 97, dtype=np.float32)
FAR = np.float32([-100, -50, -20, -5, -1, 0, 1, 5, 20, 50, 100])
# Arguments there that are our defaults, and names there that mean another activation here.
DEFAULTS = {
    "DELU": (1.0,),
    "DifferenceELU": (0.3, 0.1),
    "ESwish": (1.375,),
    "ErfAct": (0.75, 0.75),
    "LPSELU": (1.0507009873554805, 1.6732632423543772, 0.01),
    "LiReLU": (0.01,),
    "PSELU": (1.0507009873554805, 1.6732632423543772),
    "PSerf": (1.25, 0.85),
    "PVLU": (1.0, 1.0),
    "RPReLU": (0.0, 0.0, 0.25),
    "SaRa": (0.5, 0.7),
    "SinLU": (1.0, 1.0),
    "Sine": (1.0,),
    "SquarePlus": (4.0,),
    "TanhSoft1": (0.87,),
    "TanhSoft2": (0.6, 1.0),
    "TanhSoft3": (0.85,),
}
RENAMED = {"Cosine": "one_minus_cos", "HardSigmoid": "hard_sigmoid_half", "TeLU": "telu_elu"}
# Names whose function there is none of ours, and what it does instead.
OTHERS = {
    "BLU": "it is x - 1 at its default 0, where the bendable linear unit is the identity",
    "LAAF": "an activation of the user, with a trained rate",
    "PAU": "its denominator has even powers alone, and it starts as the identity",
    "PReLU": "it divides by the slope",
    "ProbAct": "it draws noise in evaluation, too",
    "RReLU": "it divides by the slope",
    "SMU": "its error function is an approximation",
    "ShiftedReLU": "max(x - a, 0)",
    "SineReLU": "the amplitude is 1, and it is 0 at 0",
}


CLASSES = {
    name: kind
    for name, kind in classes(theirs).items()
    if "input_shape" not in inspect.signature(kind).parameters
}
PAIRS = namesakes(CLASSES, RENAMED)


def test_they_share_many_names():
    assert len(PAIRS) > 90
    assert {*OTHERS, *DEFAULTS, *RENAMED} <= PAIRS.keys()


@pytest.mark.parametrize("name", PAIRS)
def test_values(name):
    with torch.no_grad():
        expected = CLASSES[name](*DEFAULTS.get(name, ())).eval()(torch.tensor(X)).numpy()
    same = np.allclose(PAIRS[name](jnp.asarray(X)), expected, rtol=1e-4, atol=1e-5)
    assert same == (name not in OTHERS), OTHERS.get(name)


def test_slopes_that_are_nan_there():
    """Ask what the contract asks of every entry of the catalogue here, at the same magnitudes."""
    x = np.concatenate([MAGNITUDES, -MAGNITUDES, FAR]).astype(np.float32)
    assert len(with_nan_slopes(classes(theirs), x)) >= 50
    assert {"CELU", "PELU", "REU", "MPELU"} <= with_nan_slopes(classes(theirs), FAR)
