"""Values that were computed from the papers or the code of others, apart from this library."""

import csv
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

# Each row is an activation at its defaults, its input (gate and value of a gated unit), its output;
# a complex number is a pair.
POINTS = Path(__file__).with_name("check_points.tsv")


def rows():
    with POINTS.open() as file:
        return [tuple(row.values()) for row in csv.DictReader(file, delimiter="\t")]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "given", "expected"), rows())
def test_value(name, given, expected):
    """Compare in float64; the values have ten digits."""
    activation, given = activax.get(name), json.loads(given)
    inputs = given if activation.kind == "gated" else [given]
    with jax.enable_x64(True):
        arrays = [jnp.asarray(value, jnp.float64) for value in inputs]
        if activation.kind == "complex":
            out = activation(jax.lax.complex(*arrays[0]))
            out = jnp.stack([out.real, out.imag])
        else:
            out = activation(*arrays)
    np.testing.assert_allclose(out, json.loads(expected), rtol=1e-8, atol=1e-10)
