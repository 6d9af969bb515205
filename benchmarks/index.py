"""Write the index of the catalogue and the stub of the package: `python -m benchmarks.index`.

An activation is imported when its name is first used. What has to be known before stands in
`activax/catalogue/index.py`; `activax/__init__.pyi` tells editors and type checkers the names and
their types. `--check` only compares.
"""

import argparse
import builtins
import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import activax
from activax.bench.results import files
from activax.core import Activation
from activax.functions import FAMILIES

ROOT = Path(activax.__file__).parent
MADE = "Written by `python -m benchmarks.index`."


def modules() -> dict[str, ModuleType]:
    """Return the modules of all families, in the order of the catalogue."""
    return {name: importlib.import_module(f"activax.functions.{name}") for name in FAMILIES}


def named(family: str, module: ModuleType) -> dict[str, Activation]:
    """Return the activations that a family defines, under all their names."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Activation) and value.family == family and not name.startswith("_")
    }


def tags(activation: Activation) -> tuple[str, ...]:
    """Return the words that say what is special about an activation."""
    facts = {
        "trainable": bool(activation.trainable),
        "random": bool(activation.keys),
        "masked": "where" in activation.parameters,
        "surrogate": activation.surrogate is not None,
    }
    return tuple(tag for tag, holds in facts.items() if holds)


def index() -> str:
    """Return the text of the index."""
    lines = [
        '"""The facts of the catalogue that are known before an activation is imported.',
        "",
        f'{MADE}"""',
        "",
        "from typing import NamedTuple",
        "",
        "",
        "class Entry(NamedTuple):",
        '    """The facts of one activation."""',
        "",
        "    family: str",
        "    kind: str",
        "    tier: str",
        "    tags: tuple[str, ...]",
        "    summary: str",
        "",
        "",
        "FAMILIES = {",
    ]
    for family, module in modules().items():
        lines.append(f"    {family!r}: {(module.__doc__ or '').partition(chr(10))[0]!r},")
    lines += ["}", "", "INDEX = {"]
    aliases = {}
    for family, module in modules().items():
        for name, a in named(family, module).items():
            if name == a.name:
                entry = family, a.kind, a.tier, tags(a), a.summary
                lines.append(f"    {name!r}: Entry{entry!r},")
            else:
                aliases[name] = a.name
    lines += ["}", "", "ALIASES = {"]
    lines += [f"    {alias!r}: {name!r}," for alias, name in aliases.items()]
    return "\n".join([*lines, "}", ""])


def stub() -> str:
    """Return the text of the stub."""
    rooms = (activax.core, activax.saving, activax.checking)
    homes = {"activax.catalogue": ["get"], "activax": [*activax._SUBMODULES]}
    homes |= {room.__name__: [*room.__all__] for room in rooms}
    homes |= {module.__name__: [*named(name, module)] for name, module in modules().items()}
    lines = [f"# {MADE}", "from collections.abc import Mapping", ""]
    lines += [
        f"from {home} import {name} as {name}"
        for home in sorted(homes)
        for name in sorted(homes[home], key=lambda n: (n.islower(), n))
    ]
    listed = sorted({*activax.__all__} - {*dir(builtins)})
    lines += ["", "__version__: str", "catalog: Mapping[str, Activation[...]]"]
    lines += ["aliases: Mapping[str, str]", "", "__all__ = ["]
    return "\n".join([*lines, *(f'    "{name}",' for name in listed), "]", ""])


def formatted(path: Path, text: str) -> str:
    """Return the text of a file as ruff formats it."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def main(argv: Sequence[str] | None = None) -> int:
    """Write both files, or compare them with what they should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(argv).check
    stale = 0
    for path, raw in ((ROOT / "catalogue/index.py", index()), (ROOT / "__init__.pyi", stub())):
        text = formatted(path, raw)
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if check:
            print(f"{path} is not what `python -m benchmarks.index` writes", file=sys.stderr)
        else:
            files.write(path, text, MADE)
    return stale if check else 0


if __name__ == "__main__":
    sys.exit(main())
