"""The cost of `import activax`, and the direction of imports between its modules."""

import ast
import graphlib
import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence

import pytest

import activax

PACKAGE = pathlib.Path(activax.__file__).parent
SHARE = 0.1  # of the time that JAX takes to import

# The parts of each folder. A module imports only from its own part and from parts on earlier lines.
# The empty name is the folder itself.
LEVELS = {
    (): (
        ("numerics",),
        ("core",),
        ("functions", "saving"),
        ("catalogue",),
        ("theory",),
        ("checking", "initializers"),
        ("nn",),
        ("sharding",),
        ("diagnostics",),
        ("bench",),
        ("atlas", "training"),
        ("study",),
        ("",),
        ("cli",),
        ("__main__",),
    ),
    ("bench",): (
        ("accuracy", "compiled", "workloads"),
        ("memory",),
        ("timing",),
        ("results",),
        ("ranking",),
        ("",),
    ),
    ("study",): (
        ("cells", "comparison", "digits"),
        ("plan", "tasks"),
        ("results",),
        ("report", "training", "workers"),
        ("runs",),
        ("cluster",),
        ("",),
    ),
    ("cli",): (
        ("arguments", "errors", "interrupts", "streams"),
        ("atlas",),
        ("bench", "doctor", "listing", "show", "study", "theory", "tour", "train"),
        ("",),
    ),
}
# What the guide of JAX to primitives uses; one module defines a primitive.
PRIMITIVE = {"jax.extend.core.Primitive"} | {
    f"jax.interpreters.{n}" for n in ("ad", "batching", "mlir")
}
OPTIONAL = {"optax", "chex", "rich", "uniplot", "matplotlib", "sklearn", "scipy", "mpmath"}
OPTIONAL |= {"optuna", "sqlalchemy", "psycopg", "submitit", "pyarrow", "orbax"}
FILES = sorted(PACKAGE.rglob("*.py"))


def python(code: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_is_cheap():
    code = "from time import process_time as now; start = now(); import jax, jax.numpy; "
    code += "middle = now(); import activax; print((now() - middle) / (middle - start))"
    # Bytecode is allowed, as in installed packages; the least of five is free of other load.
    shares = (float(python(code, PYTHONDONTWRITEBYTECODE="")) for _ in range(5))
    assert any(share < SHARE for share in shares)


def test_import_starts_no_backend():
    """Any use of a backend raises where the platform does not exist."""
    python("import activax; activax.elu.bind(alpha=0.5)", JAX_PLATFORMS="nowhere")
    with pytest.raises(AssertionError, match="nowhere"):
        python("import activax; activax.elu(1.0)", JAX_PLATFORMS="nowhere")


def test_import_brings_nothing_that_jax_does_not():
    code = "import sys, jax, jax.numpy; old = set(sys.modules); import activax; "
    new = python(code + "print(*(set(sys.modules) - old))").split()
    assert {name.partition(".")[0] for name in new} & OPTIONAL == set()
    assert "activax.nn" not in new


def imports(file: pathlib.Path) -> set[str]:
    """Return the full names that a file imports, at its top or in a function."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part(path: Sequence[str], folder: tuple[str, ...]) -> str:
    """Return the part of a folder that a path leads to, or the empty name for the folder itself."""
    name = path[len(folder)] if len(path) > len(folder) else ""
    return name if any(name in names for names in LEVELS[folder]) else ""


def level(name: str, folder: tuple[str, ...]) -> int:
    return next(i for i, names in enumerate(LEVELS[folder]) if name in names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_direction_of_imports(file):
    own = file.relative_to(PACKAGE).with_suffix("").parts
    folders = [folder for folder in LEVELS if own[: len(folder)] == folder]
    for folder in folders:
        assert own[len(folder)] in (part(own, folder), "__init__"), "the part has no level"
    for name in imports(file):
        root, *path = name.split(".")
        for folder in folders if root == "activax" else ():
            if tuple(path[: len(folder)]) == folder:
                importer, imported = part(own, folder), part(path, folder)
                before = level(imported, folder) < level(importer, folder)
                assert before or imported == importer, f"{importer} imports {name}"
        if root == "jax":
            private = ("jax._src", "jax.interpreters", "jax.extend.core")
            allowed = PRIMITIVE if own == ("numerics", "conversion") else set()
            assert name in allowed or not name.startswith(private), f"{name}: private"
        if root == "optax":
            assert own[0] in ("training", "study")


def test_no_imports_in_circles():
    modules = {
        str(f.relative_to(PACKAGE.parent).with_suffix("")).replace(os.sep, "."): f for f in FILES
    }
    rooms = {name for name in modules if name.endswith("__init__")}  # these collect public names
    graph = {
        name: {known for i in imports(file) for known in (i, i.rpartition(".")[0])} & modules.keys()
        for name, file in modules.items()
        if name not in rooms
    }
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError
