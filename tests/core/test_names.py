"""Public names: what a package exports, completes and shows in `help`."""

import ast
import builtins
import importlib
import pathlib
import pydoc
import re
import sys
from types import ModuleType

import pytest

import activax
from activax.catalogue import INDEX

PACKAGES = ("bench", "diagnostics", "initializers", "nn", "sharding", "study", "theory", "training")
MODULES = ("activax", *(f"activax.{name}" for name in PACKAGES), "activax.diagnostics.plot")
FAMILIES = sorted({entry.module for entry in INDEX.values()})
EVERY = (*MODULES, *(f"activax.functions.{module}" for module in FAMILIES))
ACTIVATIONS = {*activax.catalog, *activax.aliases}


def public(name):
    """Return the names that a module offers: all of `dir` but the dunder names."""
    return {n for n in dir(importlib.import_module(name)) if not n.startswith("__")}


def own(name):
    """Return the public names that a module defines or imports from the modules below it."""
    module = importlib.import_module(name)
    names = set()
    body = ast.parse(pathlib.Path(module.__file__).read_text()).body
    body += [node for part in body if isinstance(part, ast.If) for node in part.body]  # for types
    for node in body:
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{name}."):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return {n for n in names if not n.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_all_lists_what_the_module_offers(name):
    expected = own(name) - {"*"}
    if name == "activax":  # star imports
        rooms = (activax.core, activax.saving, activax.checking)
        expected |= ACTIVATIONS.union(*(room.__all__ for room in rooms))
    assert set(importlib.import_module(name).__all__) == expected - set(dir(builtins))


@pytest.mark.parametrize("name", FAMILIES)
def test_all_of_a_family_lists_its_activations(name):
    """Type checkers learn from `__all__` which names of a module are names of the library."""
    module = importlib.import_module(f"activax.functions.{name}")
    defined = {n for n in ACTIVATIONS if INDEX[activax.get(n).name].module == name}
    assert set(module.__all__) == defined - set(dir(builtins))


@pytest.mark.parametrize("name", EVERY)
def test_a_star_import_rebinds_no_builtin(name):
    namespace = {}
    exec(f"from {name} import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(importlib.import_module(name).__all__)
    assert namespace.keys().isdisjoint(dir(builtins))
    assert activax.abs(-2.0) == 2


@pytest.mark.parametrize("name", MODULES)
def test_completion_shows_functions_and_the_packages(name):
    module = importlib.import_module(name)
    expected = {*module.__all__, *PACKAGES, "abs"} if name == "activax" else {*module.__all__}
    assert public(name) == expected
    modules = {n for n in public(name) if isinstance(getattr(module, n), ModuleType)}
    assert modules == {"activax": set(PACKAGES), "activax.diagnostics": {"plot"}}.get(name, set())


@pytest.mark.parametrize("name", MODULES[:-1])
def test_help_is_an_index(name):
    """Each public name has a line with the summary of its docstring."""
    module = importlib.import_module(name)
    for n in public(name) - set(PACKAGES):
        (line,) = re.findall(rf"^    {n} +(\S.*[.?])$", module.__doc__, re.MULTILINE)
        value = getattr(module, n)
        if isinstance(value, activax.Activation):
            assert line == (value.summary if n == value.name else f"Another name of {value.name}.")
        elif callable(value) and value.__module__.startswith(name):
            assert line == value.__doc__.splitlines()[0]


def test_help_names_the_packages():
    for name in PACKAGES:
        assert re.search(rf"^    activax\.{name} +\S.*\.$", activax.__doc__, re.MULTILINE)


def test_help_without_the_dependencies_of_a_package(monkeypatch):
    monkeypatch.delattr(activax, "training", raising=False)
    for module in [m for m in sys.modules if m.startswith("activax.training")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "optax", None)
    assert "Rectified linear unit." in pydoc.render_doc(activax)
    needs = r"activax\.training needs optax: install it with pip install 'activax\[training\]'"
    with pytest.raises(AttributeError, match=needs):
        _ = activax.training


def test_a_name_that_does_not_exist():
    with pytest.raises(AttributeError, match="module 'activax' has no attribute 'nosuch'"):
        _ = activax.nosuch
