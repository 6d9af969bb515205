"""Write the tables of the README, the pages of `docs` and RESULTS.md from committed results.

python -m benchmarks.readme
"""

import json
import re
from pathlib import Path
from typing import Any

from activax.bench.results import files
from activax.catalogue import absent
from benchmarks import (
    accuracy,
    allocation,
    aot,
    deep_training,
    diagnostics,
    digits,
    dispatch,
    few_bits,
    format_errors,
    memory,
    propagation,
    sharding,
    startup,
    stored_steps,
    study,
    training_step,
)
from benchmarks._lib import highlights, speed_tables, suite_tables
from benchmarks._lib.publishing import RESULTS
from examples import lessons

PICTURES = Path(lessons.__path__[0]) / "pictures"
ROOT = Path(__file__).parents[1]
# The rows of long tables that the pages show.
HEADLINE = (
    *("relu", "sigmoid", "tanh", "softplus", "elu", "gelu", "gelu_tanh", "silu", "mish"),
    *("softmax", "swiglu"),
)


def read(name: str) -> dict[str, Any]:
    """Return the record of a committed file."""
    record: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return record


def where(record: dict[str, Any]) -> str:
    """Return the machine, the versions and the date of a record."""
    here = record.get("environment") or record["context"]["activax"]
    versions = here["versions"]
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("jax", "torch") if versions[name])
    return f"{here['cpu']}, {here['cores']} cores, {libraries}, {here['date'][:10]}."


def headline(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that the pages show."""
    return [row for row in rows if row["op"] in HEADLINE]


def tables() -> dict[str, dict[str, str]]:
    """Return the tables of each document by name, each with its machine and date.

    The keys are the documents that have tables, as paths in the repository.
    """
    files = {
        name: read(name) for name in ("digits", "memory", "accuracy", "speed", "dispatch",
                                      "startup", "training-step", "few-bits", "propagation",
                                      "deep-training", "diagnostics", "study", "study-all",
                                      "sharding", "format-errors", "stored-steps", "formats")
    } | {
        "highlights": read("speed"), "throughput": read("throughput-act"),
        "allocation": read("allocation-donated"),
        "aot": read("aot-h200"), "aot-v5e": read("aot-v5e"),
    }  # fmt: skip
    swept = files["accuracy"]["records"]
    sample = read("accuracy-sample")["records"]
    errors = [row for row in sample if row["implementation"] != "activax"] + swept
    errors.sort(key=lambda row: list(dict.fromkeys(r["op"] for r in sample)).index(row["op"]))
    kept, raced, calls = (files[name]["records"] for name in ("memory", "speed", "dispatch"))
    rows, here = suite_tables.committed()
    bodies = {
        "README.md": {
            "digits": digits.markdown(files["digits"]["table"]),
            "highlights": highlights.markdown(errors, kept, raced),
        },
        "docs/guide/choose.md": {
            "study": study.markdown(files["study"]["records"]),
            "study-all": study.markdown(files["study-all"]["records"]),
        },
        "docs/guide/initialise.md": {
            "propagation": propagation.summary(files["propagation"]["records"]),
            "deep-training": deep_training.markdown(files["deep-training"]["records"]),
        },
        "docs/guide/memory.md": {
            "memory": memory.markdown(headline(kept)),
            "format-errors": format_errors.markdown(files["format-errors"]["records"]),
            "few-bits": few_bits.summary(files["few-bits"]["records"]),
            "formats": few_bits.summary(files["formats"]["records"]),
            "training-step": training_step.markdown(),
            "stored-steps": stored_steps.markdown(files["stored-steps"]["records"]),
        },
        "docs/accuracy.md": {
            "accuracy": accuracy.markdown(headline(errors)),
        },
        "docs/speed.md": {
            "speed": speed_tables.short(raced),
            "allocation": allocation.markdown(allocation.committed()),
            "aot": aot.summary(files["aot"]),
        },
        "docs/lessons.md": {},
        "benchmarks/RESULTS.md": {
            "accuracy": accuracy.markdown(errors),
            "memory": memory.markdown(kept),
            "speed": speed_tables.markdown(raced),
            "throughput": suite_tables.markdown(rows, here),
            "few-bits": few_bits.markdown(files["few-bits"]["records"]),
            "diagnostics": diagnostics.markdown(files["diagnostics"]["records"]),
            "study-all": study.ranking(files["study-all"]["records"]),
            "propagation": propagation.markdown(files["propagation"]["records"]),
            "dispatch": dispatch.markdown(calls),
            "startup": startup.markdown(files["startup"]["records"]),
            "aot": aot.markdown(files["aot"]),
            "aot-v5e": aot.summary(files["aot-v5e"]),
        },
        "docs/guide/sharding.md": {"sharding": sharding.markdown(files["sharding"]["records"])},
    }
    filled = {
        document: {name: f"{body}\n{where(files[name])}" for name, body in named.items()}
        for document, named in bodies.items()
    }
    filled["docs/lessons.md"]["gallery"] = gallery()
    filled["docs/limits.md"] = {"absent": absent.reasons()}
    return filled


def gallery() -> str:
    """Return the picture of each lesson beside its claim and the number that it measured."""
    lines = ["| | |\n| --- | --- |\n"]
    for name in lessons.NAMES:
        said = json.loads((PICTURES / f"{name}.json").read_text())
        lesson, claim = (" ".join(said[key].split()).replace("|", r"\|") for key in said)
        lines.append(
            f"| ![{lesson}](../examples/lessons/pictures/{name}.png) "
            f"| **{lesson}** Measured: {claim}. [`{name}`](../examples/lessons/{name}.py) |\n"
        )
    return "".join(lines).rstrip()


def filled(text: str, tables: dict[str, str]) -> str:
    """Return a text with its tables up to date.

    Raises:
        ValueError: the text does not have exactly one place for a table.
    """
    for name, table in tables.items():
        pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        text, places = re.subn(pattern, rf"\g<1>{table}\n\g<2>", text, flags=re.DOTALL)
        if places != 1:
            raise ValueError(
                f"filled: the text must have one place '<!-- table: {name} -->'; it has {places}"
            )
    return text


if __name__ == "__main__":
    for document, named in tables().items():
        text = (ROOT / document).read_text()
        files.write(ROOT / document, filled(text, named), mark=text.partition("\n")[0])
