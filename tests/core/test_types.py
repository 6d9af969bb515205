"""Type checkers know the public names and the signatures of activations."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import activax

# Type checkers must refuse a statement that ends in `# error`, and accept every other statement.
STATEMENTS = """
import activax
from activax import *
from activax import abs as absolute, nn

activax.nosuch  # error
activax.exp  # error
activax.jnp  # error
activax.nn.nosuch  # error
activax.sharding.nosuch  # error
activax.theory.nosuch  # error
activax.diagnostics.nosuch  # error
activax.diagnostics.plot.nosuch  # error
activax.training.nosuch  # error
activax.initializers.nosuch  # error
activax.bench.nosuch  # error
activax.theory.moments(activax.tanh), activax.training.fit, activax.nn.dense(3), nn.Layer
activax.diagnostics.watch, activax.diagnostics.plot.histograms, activax.bench.compare
activax.sharding.specs, activax.initializers.RECIPES, activax.catalog, activax.__version__
activax.abs.kinks, absolute.kinks, relu.kinks
abs.kinks  # error
abs(-1).bit_length()
activax.softmax([1.0], axis=0)  # error
activax.elu(1.0, alpha=2.0), activax.elu(1.0, 2.0), activax.softmax(1.0, axis=0)
activax.elu(1.0, alhpa=2.0)  # error
activax.elu(1.0, alpha="2")  # error
activax.elu()  # error
activax.tanh(1.0, 2.0)  # error
activax.swiglu(1.0, 2.0), activax.swiglu(1.0, layout="gate_value")
activax.swiglu(1.0, 2.0, layuot="gate_value")  # error
activax.elu.bind(alpha=1.0).to_config()
activax.get("relu").bind().kinks
"""
# Each activation has its own type, even if a module imports another object of the same name.
for name in (*activax.catalog, *activax.aliases):
    STATEMENTS += f"activax.{name}.kinks\nactivax.{name}.nosuch  # error\n"

CHECKERS = {
    "mypy": ("mypy",),
    "strict mypy": ("mypy", "--strict"),
    "pyright": ("pyright", "--pythonpath", sys.executable),
}


SLOW = pytest.mark.slow  # without a cache mypy reads all of JAX, in 20 seconds


@pytest.mark.parametrize(
    "checker",
    [pytest.param("mypy", marks=SLOW), pytest.param("strict mypy", marks=SLOW), "pyright"],
)
def test_what_type_checkers_refuse(checker, tmp_path, pytestconfig):
    program, *options = CHECKERS[checker]
    program = shutil.which(program, path=pathlib.Path(sys.executable).parent)
    if program is None:
        pytest.skip(f"{checker} is not installed")
    if "mypy" in checker:
        cache = pytestconfig.cache.mkdir(checker.replace(" ", "-"))
        options += ["--config-file", "", "--cache-dir", str(cache)]
    file = tmp_path / "statements.py"
    file.write_text(STATEMENTS)
    root = pathlib.Path(activax.__file__).parents[1]
    run = subprocess.run(
        [program, *options, str(file)], cwd=root, capture_output=True, text=True, check=False
    )
    found = re.findall(rf"{file.name}:(\d+):.* error: ", f"{run.stdout}{run.stderr}")
    refused = set(map(int, found))
    lines = STATEMENTS.splitlines()
    expected = {i for i, line in enumerate(lines, 1) if line.endswith("# error")}
    assert {i: lines[i - 1] for i in refused ^ expected} == {}, run.stdout + run.stderr
