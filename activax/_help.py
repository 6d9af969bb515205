"""The index of a package: the part of its docstring that `help` shows for each public name."""

import sys
from collections.abc import Collection

from activax._activation import Activation
from activax._definition import PACKAGE


def index(package: str, names: Collection[str], **others: str) -> str:
    """Return the docstring of a package, followed by a line for each public name.

    The names are grouped by the module that defines them, under the summary of that module. The
    first group holds the names from private modules and `others`.

    Args:
        package: the full name of the package.
        names: its public names.
        **others: the lines of public names without a docstring, such as constants.
    """
    module = sys.modules[package]
    groups: dict[str, dict[str, str]] = {"": {}}
    for name, value in vars(module).items():
        if name in others:
            groups[""][name] = others[name]
        elif name in names:
            groups.setdefault(_heading(package, value), {})[name] = _line(name, value)
    parts = [(module.__doc__ or "").rstrip()]
    for heading, lines in groups.items():
        width = max(map(len, lines), default=0)
        rows = (f"    {name:{width}}  {line}" for name, line in lines.items())
        parts.append("\n".join(filter(None, [heading, *rows])))
    return "\n\n".join(filter(None, parts)) + "\n"


def _heading(package: str, value: object) -> str:
    """Return the summary of the public module that defines the value."""
    family = f"{PACKAGE}.functions.{value.family}" if isinstance(value, Activation) else ""
    module = family or getattr(value, "__module__", package)
    is_public = module.startswith(f"{package}.") and not module.startswith(f"{package}._")
    return _summary(sys.modules[module]) if is_public else ""


def _line(name: str, value: object) -> str:
    if isinstance(value, Activation):
        return value.summary if name == value.name else f"Another name of {value.name}."
    return _summary(value)


def _summary(value: object) -> str:
    """Return the first line of the docstring, which `python -OO` removes."""
    return (value.__doc__ or "").partition("\n")[0]
