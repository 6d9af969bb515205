"""The table of the README: accuracy, memory and speed of a few activations beside their peers."""

from collections.abc import Sequence

from activax.bench.results.tables import markdown_table
from benchmarks._lib.claims import Record, ratio
from benchmarks._lib.claims import races as by_race
from benchmarks._lib.speed_races import KEY, Race

SHOWN = ("relu", "sigmoid", "tanh", "softplus", "gelu", "gelu_tanh", "silu", "mish")
PEERS = ("activax", "jax.nn", "torch")
SETTING, MODE = "donated", "forward+backward"
DTYPES = ("bfloat16", "float32")


def markdown(errors: Sequence[Record], kept: Sequence[Record], raced: Sequence[Record]) -> str:
    """Return a line for each activation: errors of its slope, bits that it keeps, ratios of time.

    Args:
        errors: the records of `benchmarks.accuracy`.
        kept: the records of `benchmarks.memory`.
        raced: the records of `benchmarks.speed`.
    """
    worst = {
        (row["op"], row["implementation"]): row["worst"]
        for row in errors
        if row["quantity"] == "slope"
    }
    bits = {row["op"]: row for row in kept}
    races = {Race(*key): rivals for key, rivals in by_race(raced, KEY).items()}
    lines = []
    for op in SHOWN:
        ulps = (_short(worst[op, peer]) for peer in PEERS)
        stored = (f"{bits[op][column]:.0f}" for column in ("alone", "alone, jax.nn"))
        times = (
            f"{ratio(races[Race(op, dtype, SETTING, MODE)], 'jax.nn').value:.2f}"
            for dtype in DTYPES
        )
        lines.append([f"`{op}`", *ulps, *stored, *times])
    columns = ("activation", *(f"ulp, {peer}" for peer in PEERS), "bits, activax", "bits, jax.nn",
               *(f"speed, {dtype}" for dtype in DTYPES))  # fmt: skip
    return markdown_table(columns, lines)


def _short(ulps: float) -> str:
    return f"{ulps:.1f}" if ulps < 100 else f"{ulps:.0e}".replace("e+0", "e")
