"""The cost of `import activax`, and the direction of imports between its modules."""

import ast
import graphlib
import os
import pathlib
import subprocess
import sys

import pytest

import activax

PACKAGE = pathlib.Path(activax.__file__).parent
SHARE = 0.1  # of the time that JAX takes to import

# A module imports only from its own folder and from the folders on earlier lines.
LEVELS = (
    ("numerics",),
    ("core",),
    ("functions", "saving"),
    ("catalogue",),
    ("theory",),
    ("checking", "initializers"),
    ("nn",),
    ("diagnostics",),
    ("bench",),
    ("training",),
    ("study",),
    ("",),  # the package itself
    ("cli",),
    ("__main__",),
)
OPTIONAL = {"optax", "chex", "rich", "uniplot", "matplotlib", "sklearn", "scipy", "mpmath"}
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


def part(file: pathlib.Path) -> str:
    """Return the module or folder directly under the package."""
    top = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if top == "__init__" else top


def level(name: str) -> int:
    return next(i for i, names in enumerate(LEVELS) if name in names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_direction_of_imports(file):
    importer = part(file)
    for name in imports(file):
        root, _, rest = name.partition(".")
        if root == "activax":
            top = rest.partition(".")[0]
            known = top if any(top in names for names in LEVELS) else ""
            assert known == importer or level(known) < level(importer), f"{importer} imports {name}"
        if root == "jax":
            assert not rest.startswith(("_src", "interpreters", "extend.core")), f"{name}: private"
        if root == "optax":
            assert importer in ("training", "study")


def test_no_imports_in_circles():
    modules = {
        str(f.relative_to(PACKAGE.parent).with_suffix("")).replace(os.sep, "."): f for f in FILES
    }
    rooms = {name for name in modules if name.endswith("__init__")}  # these collect public names
    graph = {
        name: {i.rpartition(".")[0] for i in imports(file)} & modules.keys()
        for name, file in modules.items()
        if name not in rooms
    }
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError
