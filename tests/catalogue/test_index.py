"""The index of the catalogue, and the import of activations when they are first named."""

import os
import subprocess
import sys

import pytest

import activax
from activax.catalogue import ALIASES, FAMILIES, INDEX
from activax.catalogue.absent import ABSENT_NAMES


def test_the_written_files_are_up_to_date(capsys):
    pytest.importorskip("ruff")
    from benchmarks.index import main

    assert main(["--check"]) == 0, capsys.readouterr().err


def test_the_index_says_what_the_activation_says(activation):
    entry = INDEX[activation.name]
    assert (entry.family, entry.kind, entry.tier) == (
        activation.family,
        activation.kind,
        activation.tier,
    )
    assert entry.summary == activation.summary
    assert entry.family in FAMILIES


def test_every_alias_is_another_name_of_an_entry():
    assert {*ALIASES.values()} <= {*INDEX}
    assert all(getattr(activax, alias) is activax.catalog[name] for alias, name in ALIASES.items())


@pytest.mark.thorough
def test_an_activation_is_imported_when_it_is_named():
    code = """
import sys, activax
def families():
    return sorted(m for m in sys.modules if m.startswith("activax.functions."))
assert families() == [], families()
dir(activax), activax.catalog.keys(), activax.__doc__, "gelu" in activax.catalog
activax.get
assert families() == [], families()
activax.step
of_family = "activax.functions.spiking"
used = ["bounded", "neurons", "surrogate", "unbounded"]  # it chooses among their surrogates
assert families() == [of_family, *(f"{of_family}.{module}" for module in used)], families()
assert activax.step is activax.catalog["step"] is activax.get("heaviside")
"""
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_catalogue_is_a_mapping():
    assert activax.catalog["gelu"] is activax.gelu
    assert [*activax.catalog] == [*INDEX]
    assert len(activax.catalog) == len(INDEX)
    assert "relu2" not in activax.catalog  # an alias
    assert activax.catalog.get("nosuch") is None
    assert repr(activax.catalog).startswith(
        f"activax.catalog of {len(INDEX)} activations: identity"
    )
    with pytest.raises(TypeError, match="item assignment"):
        activax.catalog["own"] = activax.gelu


def test_what_is_absent_has_no_entry():
    assert not ABSENT_NAMES.keys() & {*INDEX, *ALIASES}
