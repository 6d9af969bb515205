"""The API reference: a page for each public module, with every public name of it.

The groups on a page are those that `help` shows: the index of the module's docstring.
"""

import importlib
import inspect
import re
from types import ModuleType

import activax

MODULES = (
    "activax",
    *(f"activax.{name}" for name in activax._SUBMODULES),
    "activax.diagnostics.plot",
)


def names(module: ModuleType) -> list[str]:
    """Return the public names of a module that are no modules, activations apart."""
    listed = activax._TOOLS if module is activax else module.__all__
    return [name for name in listed if not inspect.ismodule(getattr(module, name))]


def groups(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return the lines of public names by heading, as the docstring of the module has them."""
    public = {*names(module)}
    found: dict[str, dict[str, str]] = {}
    heading = ""
    for line in (module.__doc__ or "").splitlines():
        if row := re.fullmatch(r"    (\w+)  +(\S.*)", line):
            if row[1] in public:
                found.setdefault(heading, {})[row[1]] = row[2]
        else:
            heading = line.strip()
    rest = {name: getattr(module, name).__doc__ for name in public if name not in _flat(found)}
    return found | ({"": rest} if rest else {})


def _flat(groups: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: line for lines in groups.values() for name, line in lines.items()}


def directive(module: ModuleType, name: str, line: str) -> str:
    """Return the directive that documents a name: by its docstring, or by its line in the index."""
    value, place = getattr(module, name), f"{module.__name__}.{name}"
    if inspect.isclass(value):
        return f".. autoclass:: {place}\n   :members:\n"
    if inspect.isroutine(value) or hasattr(value, "__wrapped__"):
        return f".. autofunction:: {place}\n"
    return f".. py:data:: {place}\n\n   {line}\n"


def page(module: ModuleType) -> str:
    """Return the page of a module."""
    title = f"# {module.__name__}"
    summary = inspect.cleandoc(module.__doc__ or "").partition("\n\n")[0]
    parts = [title, summary]
    for heading, lines in groups(module).items():
        body = "\n".join(directive(module, name, line) for name, line in lines.items())
        parts += [f"## {heading.rstrip('.')}"] * bool(heading)
        parts += [f"```{{eval-rst}}\n{body}```"]
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """Return the text of each page of the reference by its name."""
    return {name: page(importlib.import_module(name)) for name in MODULES}


def public() -> set[str]:
    """Return the full name of everything that the site has to document, activations included."""
    tools = {f"{name}.{one}" for name in MODULES for one in names(importlib.import_module(name))}
    return tools | {f"activax.{name}" for name in activax.catalog}


def escape(lines: list[str]) -> list[str]:
    """Return lines with what reStructuredText would read as marks escaped: |x|, 2 * x, `x`s.

    Examples stay as they are, and a table of Markdown becomes a block of text.
    """
    out: list[str] = []
    example = False
    for line in lines:
        if line.startswith("|"):
            first = not (out and out[-1].startswith("    |"))
            out += [*["::", ""] * first, f"    {line}"]
            continue
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        parts = line.split("`")
        if not example:
            parts[::2] = [re.sub(r"(?<!\\)([*|])", r"\\\1", part) for part in parts[::2]]
            parts[2::2] = [re.sub(r"^(?=\w)", r"\\ ", part) for part in parts[2::2]]
        out.append("`".join(parts))
    return out
