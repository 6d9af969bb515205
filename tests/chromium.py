"""Chromium without a window: what a page becomes, and what it says on its console."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--enable-logging=stderr",
    "--virtual-time-budget=20000",
)  # fmt: skip
# Calls each function at all x in double precision, and leaves the bytes of the results as a page.
PROGRAM = """
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const x = new Float64Array(bytes(X).buffer);
document.body.innerHTML = FUNCTIONS.map(([text, parameters]) => {
  const f = eval(text);
  const out = new Uint8Array(x.map((value) => f(value, ...parameters)).buffer);
  let characters = "";
  for (const byte of out) characters += String.fromCharCode(byte);
  return `<pre>${btoa(characters)}</pre>`;
}).join("");
"""


class Opened(NamedTuple):
    """A page after its scripts ran.

    Attributes:
        text: its elements as HTML.
        console: a line for each message and each error of its scripts.
    """

    text: str
    console: list[str]


def program() -> str | None:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def open_page(
    path: Path, *, width: int = 1280, until: Callable[[str], bool] = lambda text: True
) -> Opened:
    """Open a file in a window that is so many pixels wide.

    On a busy machine the time of a page may pass without a frame. Then nothing is drawn, and the
    page is opened again, until its text is as wanted.
    """
    for _ in range(5):
        opened = _opened(path, width)
        if until(opened.text):
            break
    return opened


def _opened(path: Path, width: int) -> Opened:
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(
            [str(program()), *OPTIONS, f"--user-data-dir={profile}", f"--window-size={width},900",
             path.resolve().as_uri()],
            check=True, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    return Opened(run.stdout, re.findall(r"CONSOLE.*", run.stderr))


def evaluate(functions: Sequence[tuple[str, Sequence[float]]], x: np.ndarray) -> np.ndarray:
    """Return the results of arrow functions, as `benchmarks._lib.node.evaluate` does."""
    arithmetic = resources.files("activax.atlas").joinpath("page", "arithmetic.js").read_text()
    numbers = base64.b64encode(np.asarray(x, np.float64).tobytes()).decode()
    given = json.dumps([(text, list(others)) for text, others in functions])
    constants = f"const X = {json.dumps(numbers)}; const FUNCTIONS = {given};"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        script = arithmetic + constants + PROGRAM
        page.write_text(f"<!DOCTYPE html><meta charset=utf-8><body><script>{script}</script>")
        opened = open_page(page)
    assert not opened.console, opened.console
    rows = re.findall(r"<pre>(.*?)</pre>", opened.text)
    return np.stack([np.frombuffer(base64.b64decode(row)) for row in rows])
