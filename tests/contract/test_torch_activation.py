"""Beside torch-activation, the largest other catalogue: the same values, and slopes that exist."""

import inspect
import re
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

import activax

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of modules that need plotly
    theirs = pytest.importorskip("torch_activation")

X = np.linspace(-6, 6, 97, dtype=np.float32)
FAR = np.float32([-100, -50, -20, -5, -1, -1e-3, 0, 1e-3, 1, 5, 20, 50, 100])
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


def classes():
    found = {name: getattr(theirs, name) for name in dir(theirs)}
    return {n: c for n, c in found.items() if inspect.isclass(c) and issubclass(c, torch.nn.Module)}


def letters(name):
    return re.sub(r"[\W_]", "", name).lower()


def pairs():
    """Yield the names that both have, the class there, and the activation here."""
    known = {letters(name): name for name in (*activax.catalog, *activax.aliases)}
    for name, kind in classes().items():
        if letters(name) in known and "input_shape" not in inspect.signature(kind).parameters:
            found = activax.get(RENAMED.get(name, known[letters(name)]))
            if found.kind == "elementwise":
                yield name, kind, found


PAIRS = list(pairs())


def test_they_share_many_names():
    assert len(PAIRS) > 90
    assert {*OTHERS, *DEFAULTS, *RENAMED} <= {name for name, *_ in PAIRS}


@pytest.mark.parametrize(("name", "kind", "ours"), PAIRS, ids=[name for name, *_ in PAIRS])
def test_values(name, kind, ours):
    with torch.no_grad():
        expected = kind(*DEFAULTS.get(name, ())).eval()(torch.tensor(X)).numpy()
    same = np.allclose(ours(jnp.asarray(X)), expected, rtol=1e-4, atol=1e-5)
    assert same == (name not in OTHERS), OTHERS.get(name)


def test_slopes_that_are_nan_there():
    """Count classes with a NaN slope at a number that is neither huge nor tiny.

    Here every entry of the catalogue passes the same question, at more numbers (contract).
    """
    broken = set()
    for name, kind in classes().items():
        x = torch.tensor(FAR, requires_grad=True)
        try:
            out = kind()(x)
            out.sum().backward()
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            continue  # it needs arguments, or other shapes
        if x.grad is not None and torch.isnan(x.grad).any():
            broken.add(name)
    assert len(broken) >= 30, broken
    assert {"CELU", "PELU", "REU", "MPELU"} <= broken
