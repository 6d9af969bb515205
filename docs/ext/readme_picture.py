"""Draw the picture of the README: `python -m docs.ext.readme_picture`.

The upper row has four activations with their slopes. Below stands the error of the slope of sigmoid
in float32, the largest of each bin, beside the slope of `jax.nn.sigmoid`.
"""

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import activax
from docs.ext import svg

FILE = Path(__file__).parents[1] / "pictures" / "readme.svg"
WIDTH, HEIGHT = 430, 330  # the width of a phone, so that letters are legible there
SHOWN = (activax.relu, activax.gelu, activax.silu, activax.tanh)
BINS, INPUTS = 160, 200  # and the inputs in each bin
LEFT, RIGHT = -10.0, 25.0
LEAST = 0.1  # ulp, the lower border


def errors(slope: Callable[[jax.Array], jax.Array]) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of bins, and the largest error of a slope of sigmoid in each, in ulp."""
    x = np.linspace(LEFT, RIGHT, BINS * INPUTS, dtype=np.float32)
    decay = np.exp(-np.abs(x.astype(np.float64)))
    exact = decay / (1 + decay) ** 2
    computed = np.asarray(jax.vmap(slope)(jnp.asarray(x)), np.float64)
    ulps = np.abs(computed - exact) / np.spacing(exact.astype(np.float32))
    return x.reshape(BINS, INPUTS).mean(1), ulps.reshape(BINS, INPUTS).max(1)


def draw() -> str:
    """Return the picture."""
    parts = []
    x = np.linspace(-4, 4, 321, dtype=np.float32)
    for i, activation in enumerate(SHOWN):
        panel = svg.Panel(24 + 104 * i, 20, 88, 84, (-4, 4), (-1.2, 2.2))
        slope = jax.vmap(jax.grad(activation))(x)
        parts += [
            panel.axes(numbers=i == 0),
            panel.curve(x, slope, svg.SLOPE, activation.kinks),
            panel.curve(x, activation(x), svg.VALUE),
            svg.text(panel.left, 14, activation.name),
        ]
    panel = svg.Panel(34, 168, 388, 122, (LEFT, RIGHT), (np.log10(LEAST), 8), log=True)
    parts += [panel.axes("x")]
    for slope, pen in (
        (jax.grad(jax.nn.sigmoid), svg.PEER),
        (jax.grad(activax.sigmoid), svg.OURS),
    ):
        centres, ulps = errors(slope)
        parts += [panel.curve(centres, np.log10(np.maximum(ulps, LEAST)), pen)]
    parts += [
        svg.text(24, 134, "value", pen=svg.VALUE),
        svg.text(64, 134, "slope", pen=svg.SLOPE),
        svg.text(4, 158, "error of the slope of sigmoid in float32, in units in the last place"),
        svg.text(*panel.place(3, 5.2), "jax.nn.sigmoid", pen=svg.PEER),
        svg.text(*panel.place(14.5, 0.9), "activax.sigmoid", pen=svg.OURS),
    ]
    title = (
        "Four activations with their slopes, and the error of the slope of sigmoid in float32 in "
        "activax and in jax.nn"
    )
    return svg.picture(WIDTH, HEIGHT, parts, title, colour="#767676")


if __name__ == "__main__":
    FILE.write_text(draw() + "\n")
