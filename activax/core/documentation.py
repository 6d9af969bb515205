"""The docstring of an activation: the text of its author, and what its declaration says."""

import inspect
import re
from collections.abc import Iterable, Mapping

from activax.core.ranges import Ranges, ranges_section

_ALONG_AXIS = """Raises:
    TypeError: an argument that is complex or not an array, or an unknown parameter.
    ValueError: a number outside of its parameter's range; an axis that the input does not have."""

RAISES = {
    "elementwise": """Raises:
    TypeError: an argument that is complex or not an array, or an unknown parameter.
    ValueError: a number outside of its parameter's range, or an array that does not broadcast
        against the input.""",
    "complex": """Raises:
    TypeError: an argument that is not an array, a complex parameter, or an unknown parameter.
    ValueError: a number outside of its parameter's range, or an array that does not broadcast
        against the input.""",
    "vector": _ALONG_AXIS,
    "reduction": _ALONG_AXIS,
    "expansion": _ALONG_AXIS,
    "matrix": _ALONG_AXIS,
    "gated": """Raises:
    TypeError: an argument that is complex or not an array, or an unknown parameter.
    ValueError: a number outside of its parameter's range; gate and value of different shapes; one
        array without a layout, or of odd size.""",
}
INPUTS = {
    "complex": {"z": "an array of any shape, complex or real."},
    "elementwise": {"x": "an array of any shape and real dtype."},
    "vector": {"x": "an array of real dtype."},
    "reduction": {"x": "an array of real dtype."},
    "expansion": {"x": "an array of real dtype."},
    "matrix": {"x": "an array of real dtype."},
    "gated": {
        "gate": "an array of any shape and real dtype; or gate and value, packed along `axis`.",
        "value": "an array of the shape of gate.",
        "layout": 'the order in a packed array: "gate_value", "value_gate" or "interleaved".\n'
        "    There is no default where published models differ. Along an axis that devices split,\n"
        '    only "interleaved" sends nothing.',
        "axis": "the packed axis.",
    },
}
HEADING = re.compile(r"^([A-Z]\w+):$", re.MULTILINE)


def document(
    text: str | None,
    kind: str,
    signature: inspect.Signature,
    ranges: Ranges,
    carrying: Iterable[str],
    formula: str | None = None,
) -> str:
    """Return a docstring with the sections that the author left out.

    Args:
        text: the docstring of the declared function.
        kind: the kind of the activation.
        signature: its signature.
        ranges: the range of each parameter that is a real number.
        carrying: the parameters that may be arrays.
        formula: the right side of the formula, where it follows from how the activation is built.
    """
    sections = _sections(inspect.cleandoc(text or ""))
    if formula:
        sections.setdefault("Formula", f"    {formula}")
    written = _entries(sections.get("Args", ""))
    entries = {**INPUTS[kind], **written}
    shown = [f"{name}: {entries[name]}" for name in signature.parameters if name in entries]
    sections["Args"] = "\n".join(f"    {line}" for entry in shown for line in entry.split("\n"))
    order = ["", "Formula", "Args", *(s for s in sections if s not in ("", "Formula", "Args"))]
    parts = [
        f"{heading}:\n{sections[heading]}" if heading else sections[heading]
        for heading in order
        if sections.get(heading)
    ]
    return "\n\n".join([*parts, *ranges_section(ranges, [*carrying]), RAISES[kind]])


def _sections(text: str) -> dict[str, str]:
    """Return the text under each heading; under "" what stands before the first."""
    before, *rest = HEADING.split(text)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return {"": before.strip(), **{name: body.strip("\n").rstrip() for name, body in pairs}}


def _entries(section: str) -> Mapping[str, str]:
    """Return the text of each entry of an Args section, continued lines indented by four."""
    found = re.split(r"^    (\*{0,2}\w+): ", section, flags=re.MULTILINE)[1:]
    texts = (re.sub(r"\n        ", "\n    ", text.rstrip()) for text in found[1::2])
    return dict(zip(found[::2], texts, strict=True))
