"""The card of one activation in the terminal: tables and lines."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table

JUMPS = ("value", "slope", "curvature")
NEARLY_ONE = 1e-9  # a number that differs from 1 by less is 1 but for rounding


def parts(card: dict[str, Any]) -> Iterable[Any]:
    """Yield the card as tables and lines."""
    moments = {
        q: found | {"mean": round(found["mean"], 15) + 0.0} for q, found in card["moments"].items()
    }
    fields = [name for name in next(iter(moments.values())) if name != "error"]
    yield _table(
        f"{card['name']}: moments, x normal of variance q",
        ("q", *("E f", "E f^2", "E f^4", "Var f", "d/dq E f^2", "E f'^2", "E f''^2")),
        [[_digits(q), *(_digits(found[name]) for name in fields)] for q, found in moments.items()],
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
    columns = ("sigma_w", "sigma_b", "q", "parallel", "curvature", "spread")
    yield _table(
        "critical points: gradients keep their size",
        ("", *columns, "a changed q"),
        [
            [label, *(_digits(point[name]) for name in columns), _fate(point)]
            for label, point in critical
            if not isinstance(point, str)
        ],
    )
    own = card["self_normalizing"]
    normalizing = own if isinstance(own, str) else _normalizing(own)
    yield _lines([*reasons, ("self-norm.", normalizing)])
    followed = (*columns[:3], "last_q", "last_rho", "gradient", "depth_q", "depth_rho")
    yield _table(
        f"through {card['depth']} layers, two inputs of correlation 0.5",
        ("", *(name.replace("_", " ") for name in followed), "ends"),
        [
            [label, *(_digits(path[name], 4) for name in followed), _end(path)]
            for label, path in card["propagation"].items()
        ],
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _lines(named: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:>13}  {text}" for name, text in named)


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
