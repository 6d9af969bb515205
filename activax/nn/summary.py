"""The table of a network's layers, with shapes and numbers of parameters."""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import jax

from activax.core.notebook import html_table, mime_bundle
from activax.nn.checks import check_example
from activax.nn.layer import Example, Layer, Params, as_layer, init
from activax.nn.layer import apply as apply_layer

COLUMNS = ("path", "layer", "output", "parameters", "bytes")
NUMBERS = {"parameters", "bytes"}  # the columns of numbers
WIDEST = 60  # characters of a layer in the table


class SummaryRow(NamedTuple):
    """A layer without layers inside."""

    path: str  # of its parameters, such as "1/0"
    layer: str
    output: Any  # a tree of `jax.ShapeDtypeStruct`
    parameters: int
    bytes: int


@dataclasses.dataclass(frozen=True, repr=False)
class Summary:
    """The layers of a network; prints as a table.

    Attributes:
        rows: a Row for each layer, in the order of computation.
        parameters: the number of all parameters.
        bytes: the memory of all parameters.
    """

    rows: tuple[SummaryRow, ...]
    parameters: int
    bytes: int

    def __repr__(self) -> str:
        return aligned([COLUMNS, *self._cells()], right=NUMBERS)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return html_table(COLUMNS, self._cells(), right=NUMBERS)

    _repr_mimebundle_ = mime_bundle

    def _cells(self) -> list[tuple[str, ...]]:
        rows = [(r.path, _short(r.layer), _shapes(r.output), *_counts(r)) for r in self.rows]
        return [*rows, ("total", "", "", *_counts(self))]


def summary(network: Any, example: Example) -> Summary:
    """List the layers of a network with the shapes of their outputs and their parameters.

    Nothing is computed: the network is traced for shapes.

    Args:
        network: a Layer, an activation or a function of one array.
        example: an array or a `jax.ShapeDtypeStruct` like the inputs of the network.

    Returns:
        A `Summary`, which prints as a table and has `rows`, `parameters` and `bytes`. A layer that
        `scan` repeats has one row, with the parameters of all repetitions.

    Raises:
        TypeError: a network that is no layer, or an example without shape and dtype.

    Example:
        >>> from activax.nn import dense, layer_norm, residual, serial, summary
        >>> body = residual(layer_norm(), dense(128), activax.gelu)
        >>> network = serial(embed=dense(128), body=body, head=dense(10))
        >>> summary(network, jax.ShapeDtypeStruct((8, 64), "float32"))
        path    layer            output           parameters    bytes
        embed   nn.dense(128)    float32[8, 128]       8,320   33,280
        body/0  nn.layer_norm()  float32[8, 128]         256    1,024
        body/1  nn.dense(128)    float32[8, 128]      16,512   66,048
        body/2  activax.gelu     float32[8, 128]           0        0
        head    nn.dense(10)     float32[8, 10]        1,290    5,160
        total                                         26,378  105,512
    """
    layer = as_layer(network, "summary: network")
    check_example("summary", example, single=False)
    rows: list[SummaryRow] = []

    def trace(key: jax.Array, x: Any) -> None:
        rows.extend(_rows(layer, init(layer, key, x, None)[0], x))

    jax.eval_shape(trace, jax.eval_shape(lambda: jax.random.key(0)), example)
    return Summary(tuple(rows), sum(r.parameters for r in rows), sum(r.bytes for r in rows))


def _rows(
    layer: Layer, params: Params, x: Any, path: tuple[str, ...] = (), times: int = 1
) -> Iterator[SummaryRow]:
    if layer.parts is not None:
        for part in layer.parts(params, x):
            inner = path if part.name is None else (*path, str(part.name))
            yield from _rows(part.layer, part.params, part.x, inner, times * part.times)
        return
    leaves = jax.tree.leaves(params)
    output = jax.eval_shape(lambda params, x: apply_layer(layer, params, x, None), params, x)
    yield SummaryRow(
        "/".join(path),
        f"{times} x {layer!r}" if times > 1 else repr(layer),
        output,
        times * sum(leaf.size for leaf in leaves),
        times * sum(leaf.size * leaf.dtype.itemsize for leaf in leaves),
    )


def aligned(lines: Sequence[Sequence[str]], right: Collection[str]) -> str:
    """Return a table as text; the first line holds the heads, and `right` those of numbers."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if head in right else cell.ljust(width)
            for head, cell, width in zip(lines[0], line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."


def _shapes(output: Any) -> str:
    return ", ".join(f"{leaf.dtype}{list(leaf.shape)}" for leaf in jax.tree.leaves(output))


def _counts(sizes: SummaryRow | Summary) -> tuple[str, str]:
    return f"{sizes.parameters:,}", f"{sizes.bytes:,}"
