"""The committed bits of every activation."""

import json

import jax.numpy as jnp
import pytest

import activax

pytest.importorskip("rich")
from benchmarks import kept_bits

ROWS = json.loads(kept_bits.COMMITTED.read_text())["records"]


def test_every_activation_has_a_row_for_each_dtype():
    able = [a for a in activax.catalog.values() if not a.resizes]
    keys = [(a.name, dtype) for a in able for dtype in kept_bits.dtypes(a)]
    assert [(row["op"], row["dtype"]) for row in ROWS] == keys


@pytest.mark.parametrize("name", ["gelu", "relu", "powglu", "mod_relu", "softmax"])
def test_committed_bits_are_those_of_today(name):
    activation = activax.catalog[name]
    committed = [row for row in ROWS if row["op"] == name]
    assert committed == [kept_bits.measure(activation, d) for d in kept_bits.dtypes(activation)]


def test_no_activation_keeps_more_than_its_inputs():
    for row in ROWS:
        inputs = activax.catalog[row["op"]].inputs
        assert row["alone"] <= inputs * 8 * jnp.dtype(row["dtype"]).itemsize, row
