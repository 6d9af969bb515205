"""Write the README's tables from the committed measurements.

python -m benchmarks.readme           # writes them
"""

import json
import re
import statistics
from pathlib import Path
from typing import Any

from benchmarks import accuracy, digits, kernels, memory, report

README = Path(__file__).parent.parent / "README.md"
RESULTS = Path(__file__).parent / "results"


def where(record: dict[str, Any]) -> str:
    """Where and when it was measured."""
    here = record["environment"]
    versions = here["versions"]
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("jax", "torch") if versions[name])
    return f"{here['cpu']}, {here['cores']} cores, {libraries}, {here['date'][:10]}."


def means(records: list[report.Record]) -> str:
    """The geometric means over activations of the peers' times over ours."""
    ratios: dict[tuple[str, str], dict[str, list[float]]] = {}
    for (_, dtype, mode), rivals in report.races(records).items():
        for peer in ("jax.nn", "torch"):
            if peer in rivals:
                ratio = rivals[peer]["seconds"] / rivals["activax"]["seconds"]
                ratios.setdefault((dtype, mode), {}).setdefault(peer, []).append(ratio)
    rows = []
    for (dtype, mode), peers in ratios.items():
        cells = (
            f"{statistics.geometric_mean(peers[peer]):.2f} ({len(peers[peer])} activations)"
            if peer in peers else ""
            for peer in ("jax.nn", "torch")
        )  # fmt: skip
        rows.append([f"{dtype}, {mode}", *cells])
    return report.markdown_table(("time of the peer over ours", "jax.nn", "torch"), rows)


def tables() -> dict[str, str]:
    """Each table of the README by its name."""
    names = {name: name for name in ("digits", "memory", "accuracy", "kernels")}
    names["throughput"] = "throughput-cpu"
    records = {
        name: json.loads((RESULTS / f"{file}.json").read_text()) for name, file in names.items()
    }
    bodies = {
        "digits": digits.markdown(records["digits"]["table"]),
        "memory": memory.markdown(records["memory"]["records"]),
        "kernels": kernels.markdown(records["kernels"]),
        "throughput": means(records["throughput"]["records"])
        + "\n"
        + report.folded("Every activation", report.markdown(records["throughput"]["records"])),
    }
    sample = json.loads((RESULTS / "accuracy-sample.json").read_text())["records"]
    swept = {row["op"] for row in records["accuracy"]["records"]}
    both = sample + records["accuracy"]["records"]  # the later rows of an op count
    bodies["accuracy"] = (
        accuracy.markdown([row for row in both if row["op"] in swept])
        + "\n"
        + report.folded(
            "Every other elementwise activation",
            accuracy.markdown([row for row in both if row["op"] not in swept]),
        )
    )
    moved = max(map(abs, records["throughput"]["drift"].values()))
    bodies["throughput"] += f"\nDuring the run the speed of a copy moved by up to {moved:.0%}.\n"
    return {name: f"{bodies[name]}\n{where(record)}" for name, record in records.items()}


def filled(text: str) -> str:
    """The README with its tables up to date.

    Raises:
        ValueError: a table that the README has no place for.
    """
    for name, table in tables().items():
        pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        text, places = re.subn(pattern, rf"\g<1>{table}\n\g<2>", text, flags=re.DOTALL)
        if places != 1:
            raise ValueError(f"the README needs one place for the table {name!r}; has {places}")
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
