"""Node, which runs the functions of `activax.atlas` without a browser."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from activax.bench.accuracy.floats import Floats

PROGRAM = """
const { readFileSync, openSync, writeSync } = require("node:fs");
const [functions, inputs, outputs] = process.argv.slice(2);
const bytes = readFileSync(inputs);
const x = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
const file = openSync(outputs, "w");
for (const [text, parameters] of JSON.parse(readFileSync(functions))) {
  const f = eval(text);
  writeSync(file, new Uint8Array(x.map((value) => f(value, ...parameters)).buffer));
}
"""


def installed() -> bool:
    """Return whether there is a Node to run."""
    return shutil.which("node") is not None


def evaluate(functions: Sequence[tuple[str, Sequence[float]]], x: Floats) -> Floats:
    """Return the results of arrow functions, one row a function, in double precision.

    Args:
        functions: the text of each function and its arguments after x.
        x: the numbers at which each is called.
    """
    arithmetic = resources.files("activax.atlas").joinpath("page", "arithmetic.js").read_text()
    with tempfile.TemporaryDirectory() as folder:
        program, given, inputs, outputs = (
            Path(folder) / name for name in ("program.js", "functions.json", "x", "y")
        )
        program.write_text(arithmetic + PROGRAM)
        given.write_text(json.dumps([(text, list(others)) for text, others in functions]))
        inputs.write_bytes(np.asarray(x, np.float64).tobytes())
        subprocess.run(["node", *map(str, (program, given, inputs, outputs))], check=True)
        return np.fromfile(outputs).reshape(len(functions), len(x))
