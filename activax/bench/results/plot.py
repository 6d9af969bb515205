"""A picture of rows: bars against the roofline."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from activax.bench.timing.row import Row


def bars(rows: Sequence[Row]) -> Any:
    """Draw a panel for each dtype and mode, with a group of bars for each operation."""
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys((row.dtype, row.mode) for row in rows))
    ops = list(dict.fromkeys(row.op for row in rows))
    names = list(dict.fromkeys(row.implementation for row in rows))
    figure = Figure(figsize=(4 * len(panels), 1.5 + 0.22 * len(ops) * len(names)),
                    layout="constrained")  # fmt: skip
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, panel in zip(axes, panels, strict=True):
        for i, name in enumerate(names):
            own = [r for r in rows if (r.dtype, r.mode, r.implementation) == (*panel, name)]
            at = [ops.index(row.op) + 0.8 * (i / len(names) - 0.5) for row in own]
            percent = [row.percent_of_roofline for row in own]
            spread = [
                [0.0, 0.0] if r.starved else [p - p * r.seconds / r.high, p * r.seconds / r.low - p]
                for p, r in zip(percent, own, strict=True)
            ]
            axis.barh(at, percent, 0.8 / len(names), xerr=np.transpose(spread), label=name,
                      color=f"C{i}", error_kw={"elinewidth": 0.8})  # fmt: skip
        axis.axvline(100, color="black", linewidth=0.8)
        axis.set(title=", ".join(panel), xlabel="% of the roofline", yticks=range(len(ops)))
        axis.set_yticklabels(ops)
        axis.grid(axis="x", alpha=0.3)
    axes[0].invert_yaxis()
    axes[-1].legend()
    return figure
