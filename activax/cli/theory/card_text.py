"""The card of one activation in the terminal: tables and lines."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table

JUMPS = ("value", "slope", "curvature")
NEARLY_ONE = 1e-9  # a number that differs from 1 by less is 1 but for rounding
SYMBOL, NUMBER, MEANING = 14, 12, 40  # widths of the columns of a table

# By the name of a number in the card: its symbol, and what it means.
MOMENTS = {
    "mean": ("E f", "the mean of f(x)"),
    "second": ("E f^2", "the second moment"),
    "fourth": ("E f^4", "the fourth moment"),
    "variance": ("Var f", "E f^2 - (E f)^2"),
    "growth": ("d/dq E f^2", "how E f^2 follows a change of q"),
    "slope": ("E f'^2", "the factor of squared gradients"),
    "curvature": ("E f''^2", "inf where the slope jumps"),
}
START = {
    "sigma_w": ("sigma_w", "weights: variance sigma_w^2 / fan-in"),
    "sigma_b": ("sigma_b", "biases: variance sigma_b^2"),
    "q": ("q", "the variance of pre-activations"),
}
CRITICAL = START | {
    "parallel": ("parallel", "the factor of a small change of q"),
    "curvature": ("curvature", "how fast correlations leave 1"),
    "spread": ("spread", "uneven singular values, a layer"),
    "fate": ("changed q", "where a changed q goes"),
}
FOLLOWED = START | {
    "last_q": ("last q", "the variance in the last layer"),
    "last_rho": ("last rho", "their correlation in the last layer"),
    "gradient": ("gradient", "its mean square, first over last layer"),
    "depth_q": ("depth q", "layers that a change of q lasts"),
    "depth_rho": ("depth rho", "layers after which inputs look alike"),
    "end": ("float32", "where it overflows or underflows"),
}


def parts(card: dict[str, Any], width: int) -> Iterable[Any]:
    """Yield the card as tables, whose rows say what they mean, and lines.

    Args:
        card: the numbers.
        width: the columns of the terminal. What rows mean stands below a table that fills them.
    """
    yield from _table(
        width,
        f"{card['name']}: moments of f(x), x normal of variance q",
        {
            f"q = {_digits(q)}": {**found, "mean": round(found["mean"], 15) + 0.0}
            for q, found in card["moments"].items()
        },
        MOMENTS,
    )
    least = card["minimum"]
    points = ", ".join(f"{_digits(p['x'])} ({JUMPS[p['order']]})" for p in card["breakpoints"])
    facts = {
        "gain": ", ".join(f"{_digits(value)} {kind}" for kind, value in card["gains"].items()),
        "Lipschitz": _digits(card["lipschitz"]),
        "minimum": f"{_digits(least['value'])} at {_digits(least['x'])}",
        "breakpoints": points or "none",
        "Hermite": ", ".join(_digits(round(one, 12) + 0.0, 4) for one in card["hermite"]),
    }
    yield _lines([*facts.items(), *(("note", note) for note in card["notes"])])
    critical = card["critical"].items()
    reasons = [(label, reason) for label, reason in critical if isinstance(reason, str)]
    yield from _table(
        width,
        "\ncritical points, where gradients keep their size",
        {
            label: point | {"fate": _fate(point)}
            for label, point in critical
            if not isinstance(point, str)
        },
        CRITICAL,
    )
    own = card["self_normalizing"]
    normalizing = own if isinstance(own, str) else _normalizing(own)
    yield _lines([*reasons, ("self-norm.", normalizing)])
    yield from _table(
        width,
        f"\nthrough {card['depth']} layers, for two inputs of correlation 0.5",
        {label: path | {"end": _end(path)} for label, path in card["propagation"].items()},
        FOLLOWED,
        digits=4,
    )


def _table(
    width: int,
    title: str,
    cases: Mapping[str, Mapping[str, Any]],
    rows: Mapping[str, tuple[str, str]],
    digits: int = 6,
) -> Iterable[Table | str]:
    """Yield a title, a column for each case, and what the rows mean beside or below them."""
    beside = width >= SYMBOL + NUMBER * len(cases) + MEANING
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("", no_wrap=True)
    for case in cases:
        table.add_column(case, justify="right", min_width=9, overflow="fold")
    if beside:
        table.add_column("", style="dim", no_wrap=True)
    meanings = []
    for name, (symbol, meaning) in rows.items():
        cells = [_digits(case[name], digits) for case in cases.values()]
        if any(cells):
            meanings.append((symbol, meaning))
            table.add_row(symbol, *cells, *[meaning] * beside)
    yield title
    yield table
    if not beside:
        yield _lines(meanings)


def _lines(named: Iterable[tuple[str, str]]) -> Table:
    """Return lines that begin with a name, and go on below themselves."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for name, text in named:
        table.add_row(name, text)
    return table


def _digits(value: float | str | None, digits: int = 6) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.{digits}g}"


def _fate(point: dict[str, Any]) -> str:
    stays = point["q"] > 0 and abs(point["parallel"] - 1) < NEARLY_ONE
    return "returns" if point["stable"] else "stays" if stays else "runs away"


def _normalizing(own: dict[str, Any]) -> str:
    return (
        f"{_digits(own['scale'])} f(x) {own['shift']:+.6g} keeps mean 0 and variance 1; a changed "
        f"variance {'returns' if own['stable'] else 'does not return'} "
        f"({_digits(own['parallel'], 4)} a layer), gradients times {_digits(own['chi'], 4)} a layer"
    )


def _end(path: dict[str, Any]) -> str:
    """Return the layer at which float32 overflows or underflows, as text, if there is one."""
    for name in ("overflow", "underflow"):
        if path[name] is not None:
            return f"{name} at {path[name]}"
    return ""
