"""HTML, and the bundle of types, that notebooks show in place of the text of an object."""

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

T = TypeVar("T")
DRAWN_FROM, DRAWN_TO, DRAWN_POINTS = -4.0, 4.0, 161
WIDTH, HEIGHT = 240, 144  # of a curve, in pixels
TO_RIGHT = ' style="text-align:right"'
TO_LEFT = ' style="text-align:left"'


def html_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    right: Collection[str] = (),
) -> str:
    """Return a table as HTML, with every text escaped.

    Args:
        heads: the headings of the columns.
        rows: the cells of each row; floats are shown with six digits.
        caption: a line above the table.
        right: the headings of the columns of numbers, which are aligned to the right.

    Example:
        >>> from activax.core.notebook import html_table
        >>> html_table(["gain"], [[2**0.5]])[-61:]
        '<td style="text-align:left">1.41421</td></tr></tbody></table>'
    """
    sides = [TO_RIGHT if head in right else TO_LEFT for head in heads]

    def row(cells: Sequence[object], tag: str) -> str:
        marked = (
            f"<{tag}{side}>{escape(cell_text(cell))}</{tag}>"
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(marked)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    above = f"<caption{TO_LEFT}>{escape(caption)}</caption>" if caption else ""
    head = f"<thead>{row(heads, 'th')}</thead>" if any(heads) else ""
    return f"<table>{above}{head}<tbody>{body}</tbody></table>"


def cell_text(value: object) -> str:
    """Return a value as the text of a cell."""
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0:
        value = value.item()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def mime_bundle(
    shown: Any, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> dict[str, str]:
    """Return an object as the types of text that front ends choose from: the `_repr_mimebundle_`.

    Args:
        shown: an object with `_repr_html_`, and with `_repr_latex_` if it has a formula.
        include: the MIME types to return; None for all.
        exclude: the MIME types to leave out.

    Example:
        >>> from activax.core.notebook import mime_bundle
        >>> [*mime_bundle(activax.relu)]
        ['text/plain', 'text/html', 'text/latex']
        >>> mime_bundle(activax.relu, include=["text/plain"])
        {'text/plain': 'activax.relu'}
    """
    makers = {"text/plain": shown.__repr__, "text/html": shown._repr_html_}
    if latex := getattr(shown, "_repr_latex_", None):
        makers["text/latex"] = latex
    wanted = {*(makers if include is None else include)} - {*(exclude or ())}
    return {mime: make() for mime, make in makers.items() if mime in wanted}


def displayed(result: type[T]) -> type[T]:
    """Let notebooks show named tuples of a class as a table of their fields."""
    result._repr_html_ = result_html  # type: ignore[attr-defined]
    result._repr_mimebundle_ = mime_bundle  # type: ignore[attr-defined]
    return result


def result_html(result: Any) -> str:
    """Return the fields of a named tuple as HTML: numbers by name, sequences as columns."""
    fields = {name: getattr(result, name) for name in result._fields}
    columns = {name: value for name, value in fields.items() if _is_column(value)}
    pairs = [(name, value) for name, value in fields.items() if name not in columns]
    name = type(result).__name__
    parts = [html_table(["", ""], pairs, caption=name)] if pairs else []
    lengths = {len(column) for column in columns.values()}
    for length in sorted(lengths):
        same = {head: column for head, column in columns.items() if len(column) == length}
        rows = ([i, *values] for i, values in enumerate(zip(*same.values(), strict=True)))
        caption = "" if pairs else name
        parts.append(html_table(["", *same], rows, caption=caption, right=["", *same]))
    return "".join(parts)


def activation_html(activation: Any) -> str:
    """Return an activation as HTML: its facts and, if it is elementwise, its curve."""
    parameters = ", ".join(f"{k} = {cell_text(v)}" for k, v in activation.parameters.items())
    from activax.core.typesetting import as_mathml, written_formula  # not when activax is imported

    formula = written_formula(activation)
    facts = {
        "note": formula.note,
        "parameters": parameters,
        "kinks": ", ".join(map(cell_text, activation.kinks)),
        "family": f"{activation.family} ({activation.kind}, {activation.tier})",
        "paper": activation.section("Paper"),
    }
    table = html_table(["", ""], [pair for pair in facts.items() if pair[1]])
    title = f"<b>{escape(repr(activation))}</b><br>{escape(activation.summary)}"
    equations = f'<div style="width:fit-content">{as_mathml(formula)}</div>'
    return f"<div>{title}{equations}{_curves(activation)}{table}</div>"


def _is_column(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1
    return isinstance(value, tuple | list) and not hasattr(value, "_fields") and len(value) > 0


def _curves(activation: Any) -> str:
    """Return value and slope as SVG, or nothing where one curve does not show them."""
    numbers = (np.ndim(value) == 0 for value in activation.arrays.values())
    if activation.kind != "elementwise" or not all(numbers):
        return ""
    x = np.linspace(DRAWN_FROM, DRAWN_TO, DRAWN_POINTS, dtype=np.float32)
    inputs = jnp.asarray(x)
    value, slope = jax.jvp(activation, (inputs,), (jnp.ones_like(inputs),))
    value, slope = (np.asarray(y, np.float64) for y in (value, slope))
    both = np.concatenate([value, slope])
    both = both[np.isfinite(both)]
    if not both.size:
        return ""
    low, high = np.quantile(both, [0.01, 0.99])
    room = 0.08 * (high - low) or 1.0
    low, high = low - room, high + room

    def path(y: Any, style: str) -> str:
        points, pen = [], "M"
        for i, level in enumerate(y):
            if not np.isfinite(level):
                pen = "M"
                continue
            across = WIDTH * i / (DRAWN_POINTS - 1)
            down = HEIGHT * (high - np.clip(level, low, high)) / (high - low)
            points.append(f"{pen}{across:.1f} {down:.1f}")
            pen = "L"
        return f'<path d="{"".join(points)}" fill="none" {style}/>'

    axis = HEIGHT * high / (high - low)
    stroke = 'stroke="currentColor" stroke-opacity="0.3"'
    return (
        f'<br><svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>value (solid) and slope (dashed) for x from {DRAWN_FROM:g} to {DRAWN_TO:g}</title>"
        f'<path d="M{WIDTH / 2} 0V{HEIGHT}M0 {axis:.1f}H{WIDTH}" {stroke}/>'
        + path(value, 'stroke="#2f7fd6" stroke-width="2"')
        + path(slope, 'stroke="currentColor" stroke-dasharray="4 3"')
        + "</svg>"
    )
