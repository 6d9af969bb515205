"""Write the index of the catalogue, its page and the stub: `python -m benchmarks.index`.

An activation is imported when its name is first used. What has to be known before stands in
`activax/catalogue/index.py`, and its names in other libraries in `presets.py`. From
`activax/__init__.pyi` editors and type checkers know the names and their types. The page is
`docs/catalogue.md`. `--check` only compares.
"""

import argparse
import ast
import builtins
import importlib
import inspect
import json
import math
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import activax
from activax.bench.results import files
from activax.catalogue.libraries import PACKED_LAYOUTS, PATHS
from activax.catalogue.traits import TRAITS
from activax.core import Activation
from activax.functions import FAMILIES
from activax.theory import Traits
from benchmarks._lib.quantities import QUANTITIES

ROOT = Path(activax.__file__).parent
MADE = "Written by `python -m benchmarks.index`."


def modules() -> dict[str, ModuleType]:
    """Return all modules of activations by their names below `activax.functions`, in order."""
    found = {}
    for family in FAMILIES:
        module = importlib.import_module(f"activax.functions.{family}")
        parts = [part.name for part in pkgutil.iter_modules(getattr(module, "__path__", []))]
        for name in [f"{family}.{part}" for part in parts] or [family]:
            found[name] = importlib.import_module(f"activax.functions.{name}")
    return found


def named(module: ModuleType) -> dict[str, Activation]:
    """Return the activations that a module defines, under all their names."""
    imported = {
        alias.name
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Activation) and name not in imported and not name.startswith("_")
    }


def everything() -> Iterator[tuple[str, str, Activation]]:
    """Yield the module, the name and the activation of each entry and each alias, in order."""
    for where, module in modules().items():
        for name, activation in named(module).items():
            yield where, name, activation


def traits_of(activation: Activation) -> Traits | None:
    """Return the traits that `python -m benchmarks.traits` has computed."""
    row = TRAITS.get(activation.name)
    return Traits(*row) if row else None


def year(activation: Activation) -> int | None:
    """Return the first year in the section Paper of the docstring."""
    found = re.search(r"\b(1[89]|20)\d\d\b", activation.section("Paper"))
    return int(found[0]) if found else None


def tags(activation: Activation) -> tuple[str, ...]:
    """Return the words that say what is special about an activation, in alphabetical order."""
    facts = {
        "trainable": bool(activation.trainable),
        "random": bool(activation.keys),
        "masked": "where" in activation.parameters,
        "surrogate": activation.surrogate is not None,
    }
    known = traits_of(activation)
    return tuple(
        sorted([*(tag for tag, holds in facts.items() if holds), *(known.words if known else ())])
    )


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
        '    """The facts of one activation; its module is below `activax.functions`."""',
        "",
        "    module: str",
        "    kind: str",
        "    tier: str",
        "    tags: tuple[str, ...]",
        "    smooth: int | None  # continuous derivatives, at most 2; -1 if the value jumps",
        "    year: int | None  # of the paper",
        "    summary: str",
        "",
        "    @property",
        "    def family(self) -> str:",
        '        return self.module.partition(".")[0]',
        "",
        "",
        "FAMILIES = {",
    ]
    for family in FAMILIES:
        doc = importlib.import_module(f"activax.functions.{family}").__doc__ or ""
        lines.append(f"    {family!r}: {doc.partition(chr(10))[0]!r},")
    lines += ["}", "", "INDEX = {"]
    aliases = {}
    every_tag: set[str] = set()
    for module, name, a in everything():
        if name == a.name:
            known = traits_of(a)
            smooth = known.smooth if known else None
            every_tag.update(tags(a))
            entry = module, a.kind, a.tier, tags(a), smooth, year(a), a.summary
            lines.append(f"    {name!r}: Entry{entry!r},")
        else:
            aliases[name] = a.name
    lines += ["}", "", "ALIASES = {"]
    lines += [f"    {alias!r}: {name!r}," for alias, name in aliases.items()]
    return "\n".join([*lines, "}", "", f"TAGS = {tuple(sorted(every_tag))!r}", ""])


def presets() -> str:
    """Return the text of the table of names in other libraries."""
    tables: dict[str, dict[str, object]] = {
        library: {} for libraries in PATHS.values() for library in libraries
    }
    for _, name, activation in everything():
        if name != activation.name:
            continue
        for library, names in activation.elsewhere.names.items():
            layout = {"layout": PACKED_LAYOUTS[library]} if library in PACKED_LAYOUTS else {}
            more = layout if activation.kind == "gated" else {}
            for theirs, parameters in names.items():
                config = {"name": name, **more, **parameters}
                tables[library][theirs] = config if len(config) > 1 else name
    lines = [
        '"""The names and defaults of activations in other libraries.',
        "",
        f'{MADE}"""',
        "",
        "from collections.abc import Mapping",
        "from typing import Any",
        "",
        "Preset = str | Mapping[str, Any]  # our name, or a config of `activax.get`",
        "",
        "PRESETS: Mapping[str, Mapping[str, Preset]] = {",
    ]
    for library, table in tables.items():
        lines.append(f"    {library!r}: {{")
        lines += [f"        {theirs!r}: {ours!r}," for theirs, ours in table.items()]
        lines.append("    },")
    return "\n".join([*lines, "}", ""])


def stub() -> str:
    """Return the text of the stub."""
    rooms = (activax.core, activax.saving, activax.checking)
    homes = {
        "activax.catalogue": ["cite", "find", "from_onnx", "from_torch", "get", "similar"],
        "activax": [*activax._SUBMODULES],
    }
    homes |= {room.__name__: [*room.__all__] for room in rooms}
    homes |= {module.__name__: [*named(module)] for module in modules().values()}
    lines = [f"# {MADE}", "from collections.abc import Mapping", ""]
    lines += [
        f"from {home} import {name} as {name}"
        for home in sorted(homes)
        for name in sorted(homes[home], key=lambda n: (n.islower(), n))
    ]
    defined = {name for _, name, _ in everything()}
    listed = sorted({*activax._TOOLS, *defined} - {*dir(builtins)})
    lines += ["", "__version__: str", "catalog: Mapping[str, Activation[...]]"]
    lines += ["aliases: Mapping[str, str]", "", "__all__ = ["]
    return "\n".join([*lines, *(f'    "{name}",' for name in listed), "]", ""])


def swept() -> str:
    """Return the text of the list of activations with a bound, measured at every float32."""
    records = json.loads((ROOT.parent / "benchmarks/results/accuracy.json").read_text())["records"]
    done = Counter(
        row["op"]
        for row in records
        if row["implementation"] == "activax" and row["inputs"] == 2**32
    )
    names = sorted(
        name
        for name, quantities in done.items()
        if quantities == len(QUANTITIES) and all(map(math.isfinite, activax.catalog[name].ulps))
    )
    lines = [
        '"""The activations whose value and slope were measured at every float32 and have a bound.',
        "",
        f'{MADE}"""',
        "",
        "SWEPT = {",
        *(f'    "{name}",' for name in names),
        "}",
    ]
    return "\n".join([*lines, ""])


def page() -> str:
    """Return the text of the page that lists the catalogue, by family."""
    entries = {a.name: a for _, name, a in everything() if name == a.name}
    also: dict[str, list[str]] = {}
    for _, name, a in everything():
        if name != a.name:
            also.setdefault(a.name, []).append(name)
    tiers = Counter(a.tier for a in entries.values())
    lines = [
        f"<!-- {MADE} -->",
        "# The catalogue",
        "",
        f"{len(entries)} activations: "
        + ", ".join(f"{tiers[tier]} {tier}" for tier in ("certified", "derived", "formula"))
        + ".",
        "",
        "Certified activations were measured at every float32, and all their 16-bit results are "
        "rounded correctly; derived ones are built from others, or have slopes of their own and a "
        "bound that is checked at samples; formulas are differentiated by JAX, and have no bound. "
        "Behind each name stand its tier and the year of the paper.",
    ]
    for family in FAMILIES:
        doc = importlib.import_module(f"activax.functions.{family}").__doc__ or ""
        lines += ["", f"## {family}", "", doc.partition("\n")[0], ""]
        for name, a in entries.items():
            if a.family == family:
                names = "".join(f", {other}" for other in also.get(name, ()))
                facts = ", ".join(str(fact) for fact in (a.tier, year(a)) if fact)
                formula = " ".join(a.section("Formula").split())
                lines.append(f"- **{name}**{names} ({facts}). {a.summary} `{formula}`")
    return "\n".join([*lines, ""])


def formatted(path: Path, text: str) -> str:
    """Return the text of a file as ruff formats it, if it is Python."""
    if path.suffix == ".md":
        return text
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files, or compare them with what they should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(argv).check
    stale = 0
    made = {
        ROOT / "catalogue/index.py": index,
        ROOT / "catalogue/presets.py": presets,
        ROOT / "__init__.pyi": stub,
        ROOT / "numerics/swept.py": swept,
        ROOT.parent / "docs/catalogue.md": page,
    }
    for path, write in made.items():
        raw = write()
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
