"""Docstrings: every activation has all sections, and every example runs."""

import doctest
import importlib
import io
import pkgutil
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

GLOBALS = {"activax": activax, "jax": jax, "jnp": jnp, "np": np}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(activax.__path__, "activax.")
    if not module.name.endswith("__main__")
]


NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]?\d+)?")


class Close(doctest.OutputChecker):
    """A comparison that allows floats to differ in padding and last digits, as backends differ."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        texts = ["".join(NUMBER.sub("#", text).split()) for text in (want, got)]
        numbers = [list(map(float, NUMBER.findall(text))) for text in (want, got)]
        return super().check_output(*texts, optionflags) and np.allclose(*numbers, rtol=1e-5)


def run(example: doctest.DocTest) -> None:
    report = io.StringIO()
    runner = doctest.DocTestRunner(Close())
    assert not runner.run(example, out=report.write).failed, report.getvalue()


@pytest.mark.every
def test_sections(entry):
    for title in ("Formula", "Args", "Paper", "Raises"):
        assert entry.section(title), title


@pytest.mark.every
def test_summary(entry):
    """The docstring begins with the signature and one line that ends in a full stop."""
    signature, blank, summary, *_ = entry.__doc__.splitlines()
    assert signature.startswith(f"{entry.name}(")
    assert blank == ""
    assert summary.endswith(".")
    assert len(summary) <= 100


@pytest.mark.every
def test_every_parameter_is_documented(entry):
    arguments = entry.section("Args")
    for name in entry.__signature__.parameters:
        assert f"{name}:" in arguments


@pytest.mark.thorough
@pytest.mark.every
def test_examples_of_activation(entry):
    """A certified entry has an example; what is built from others may do without."""
    parser = doctest.DocTestParser()
    examples = parser.get_doctest(entry.__doc__, GLOBALS, entry.name, None, None)
    assert examples.examples or entry.tier != "certified"
    run(examples)


@pytest.mark.thorough
@pytest.mark.parametrize("name", MODULES)
def test_examples_of_module(name):
    """Examples of functions and classes run; a module whose imports are missing is skipped."""
    module = pytest.importorskip(name, exc_type=ModuleNotFoundError)
    for examples in doctest.DocTestFinder().find(module, extraglobs=GLOBALS):
        run(examples)


@pytest.mark.thorough
def test_all_public_names_are_reachable():
    """`dir(activax)` lists what `activax.<name>` gives, submodules included."""
    for name in dir(activax):
        assert getattr(activax, name) is not None
    assert importlib.import_module("activax.theory") is activax.theory
