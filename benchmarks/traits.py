"""Compute what `activax.find` and `activax.similar` know of elementwise activations.

    python -m benchmarks.traits           # writes traits.py and shapes.py in activax/catalogue
    python -m benchmarks.traits --fn elu  # only these rows

Both are taken at the default parameters, the traits by `activax.theory.traits`. Activations that
are not finite everywhere have none. Afterwards run `python -m benchmarks.index`, which puts the
traits into the index.
"""

import argparse
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import activax
from activax import Activation
from activax.bench.results import files
from activax.catalogue import shapes as kept_shapes
from activax.catalogue import traits as kept_traits
from activax.catalogue.search import shape_of
from activax.cli import arguments
from activax.theory import traits
from benchmarks._lib.tracked import tracked

MARK = "Written by `python -m benchmarks.traits`."
TRAITS_HEAD = f'''"""The traits of elementwise activations at their default parameters.

{MARK}"""

from math import inf

# Of each activation those of `activax.theory.Traits`, in order.
TRAITS = {{
'''
SHAPES_HEAD = f'''"""The values of elementwise activations, by which the nearest ones are found.

{MARK}"""

# fmt: off
# The values at the default parameters at the points of `activax.catalogue.search.shape_of`.
SHAPES = {{
'''


def has_traits(activation: Activation[...]) -> bool:
    """Return whether an activation is elementwise and finite at all finite inputs."""
    return activation.kind == "elementwise" and activation.domain == (-math.inf, math.inf)


def text(head: str, rows: Mapping[str, Sequence[float]]) -> str:
    """Return the text of a generated file."""
    lines = []
    for name in sorted(rows):
        row = f'"{name}": {tuple(rows[name])!r},'
        lines += textwrap.wrap(row, 96, initial_indent=" " * 4, subsequent_indent=" " * 8)
    return "\n".join([head.rstrip("\n"), *lines, "}", ""])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.traits", description=__doc__.partition("\n")[0]
    )
    arguments.add_activations(parser, one=arguments.elementwise_argument, help="default: all")
    options = parser.parse_args(argv)
    every = {a.name: a for a in activax.catalog.values() if has_traits(a)}
    chosen = [a for a in options.activations or every.values() if has_traits(a)]
    found, shapes = (
        {name: row for name, row in rows.items() if name in every}
        for rows in (kept_traits.TRAITS, kept_shapes.SHAPES)
    )
    for a in tracked(chosen):
        found[a.name] = traits(a)
        shapes[a.name] = [float(f"{value:.7g}") for value in shape_of(a)]
    for module, head, rows in (
        (kept_traits, TRAITS_HEAD, found),
        (kept_shapes, SHAPES_HEAD, shapes),
    ):
        files.write(Path(module.__file__), text(head, rows), MARK)


if __name__ == "__main__":
    main()
