"""Measure the cost of fresh memory for results on a CPU, and two remedies.

    python -m benchmarks.allocation        # measures, and writes the committed results

Three processes run `activax bench` on large arrays: one with donated results, one with fresh
results, and one with fresh results while malloc keeps the memory that it has mapped.
"""

import os
import subprocess
import sys
from pathlib import Path

from activax.bench.results import records
from activax.bench.results.tables import markdown_table
from activax.bench.timing.row import Row
from benchmarks._lib.publishing import RESULTS

SHAPE = "8192x1024"  # 32 MiB in float32
BENCH = [
    *(sys.executable, "-m", "activax", "bench", "--fn", "relu,silu,gelu", "--impl", "activax,jax"),
    *("--dtype", "float32", "--mode", "fwd", "--shape", SHAPE),
]
# Settings of malloc: map no block by itself, take memory in steps of 1 GiB, and give none back.
TUNABLES = (
    "glibc.malloc.mmap_max=0:glibc.malloc.top_pad=1073741824:"
    "glibc.malloc.trim_threshold=68719476736"
)
WAYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "donated": ([], {}),
    "fresh": (["--fresh"], {}),
    "fresh, malloc set": (["--fresh"], {"GLIBC_TUNABLES": TUNABLES}),
}


def file(way: str) -> Path:
    """Return the committed file of a way."""
    return RESULTS / f"allocation-{way.replace(', ', '-').replace(' ', '-')}.json"


def committed() -> dict[str, list[Row]]:
    """Return the committed rows of each way."""
    return {way: records.from_json(file(way).read_text())[0] for way in WAYS}


def markdown(rows: dict[str, list[Row]]) -> str:
    """Return a table with a line for each activation: GB/s and page faults of a call, by way."""
    lines = []
    for i, row in enumerate(rows["donated"]):
        each = [rows[way][i] for way in WAYS]
        cells = [f"{one.gb_per_s:.1f} ({one.page_faults:.0f})" for one in each]
        lines.append([f"`{row.op}`, {row.implementation}", *cells])
    return markdown_table((f"GB/s (page faults a call), float32 {SHAPE}", *WAYS), lines)


def main() -> int:
    for way, (flags, environment) in WAYS.items():
        command = [*BENCH, *flags, "--json", str(file(way))]
        subprocess.run(command, env={**os.environ, **environment}, check=True)
    print(markdown(committed()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
