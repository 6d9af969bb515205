"""The index of a package: the part of its docstring that `help` shows for each public name."""

import sys
from collections.abc import Collection, Mapping
from types import MappingProxyType

from activax.core.definition import PACKAGE


def index(
    package: str,
    names: Collection[str],
    more: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    **others: str,
) -> str:
    """Return the docstring of a package, followed by a line for each public name.

    The names are grouped by the module that defines them, or the folder of it, under the summary
    of that. The first group holds `others`.

    Args:
        package: the full name of the package.
        names: its public names.
        more: further groups: under each heading the names and their lines.
        **others: the lines of public names without a docstring, such as constants.
    """
    module = sys.modules[package]
    groups: dict[str, dict[str, str]] = {"": {}}
    for name, value in vars(module).items():
        if name in others:
            groups[""][name] = others[name]
        elif name in names:
            groups.setdefault(_heading(package, value), {})[name] = _summary(value)
    groups.update((heading, dict(lines)) for heading, lines in more.items())
    parts = [(module.__doc__ or "").rstrip()]
    for heading, lines in groups.items():
        width = max(map(len, lines), default=0)
        rows = (f"    {name:{width}}  {line}" for name, line in lines.items())
        parts.append("\n".join(filter(None, [heading, *rows])))
    return "\n\n".join(filter(None, parts)) + "\n"


def _heading(package: str, value: object) -> str:
    """Return the summary of the module or the folder in the package that defines the value."""
    module = getattr(value, "__module__", package)
    if package == PACKAGE:
        module = ".".join(module.split(".")[:2])
    return _summary(sys.modules[module]) if module.startswith(f"{package}.") else ""


def _summary(value: object) -> str:
    """Return the first line of the docstring, which `python -OO` removes."""
    return (value.__doc__ or "").partition("\n")[0]
