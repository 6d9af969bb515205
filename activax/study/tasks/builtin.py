"""Tasks that come with the package, small enough for a CPU; their data need no download."""

import functools
import pydoc_data.topics
from collections.abc import Callable

import numpy as np

from activax.study.tasks.data import characters, split_data
from activax.study.tasks.networks import mlp_network, transformer_network
from activax.study.tasks.task import Task

CHARACTERS = 40_000  # of the text; evaluation takes about as long as training with more
SINE_POINTS = 1000  # of the sine
SINE_PERIODS = 4


@functools.cache
def get_task(name: str) -> Task:
    """Return a task of this package, the same object for the same name.

    - "digits": 1,797 images of handwritten digits that scikit-learn ships, in an MLP of 3 x 128.
    - "diabetes": 442 patients of scikit-learn, a regression of 10 features, in an MLP of 2 x 64.
    - "sine": a fit of four periods of a sine at 1,000 points, in an MLP of 3 x 64.
    - "text": the next characters of the language reference that Python ships, in a Transformer of
      one block. The text differs between versions of Python, as its fingerprint tells.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> from activax.study.tasks.builtin import get_task
        >>> task = get_task("sine")
        >>> task.kind, task.data.train[0].shape, task.steps
        ('regression', (600, 1), 1000)
    """
    if name not in TASKS:
        raise ValueError(f"get_task: name must be one of {', '.join(TASKS)}; got {name!r}")
    return TASKS[name](name)


def _digits(name: str) -> Task:
    from sklearn.datasets import load_digits

    images = load_digits()
    network = functools.partial(mlp_network, outputs=10, width=128, depth=3)
    return Task(name, network, split_data(images.images, images.target), "classification")


def _diabetes(name: str) -> Task:
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    network = functools.partial(mlp_network, outputs=1, width=64, depth=2)
    return Task(name, network, split_data(x, y), "regression", steps=300, batch=64)


def _sine(name: str) -> Task:
    x = np.linspace(-1, 1, SINE_POINTS)[:, None]
    network = functools.partial(mlp_network, outputs=1, width=64, depth=3)
    data = split_data(x, np.sin(SINE_PERIODS * np.pi * x[:, 0]))
    return Task(name, network, data, "regression", steps=1000)


def _text(name: str) -> Task:
    topics = pydoc_data.topics.topics
    text = "\n".join(topics[topic] for topic in sorted(topics))[:CHARACTERS]
    data = characters(text)
    network = functools.partial(
        transformer_network, vocabulary=len({*text}), context=data.train[0].shape[1]
    )
    return Task(name, network, data, "language", steps=300, batch=16)


TASKS: dict[str, Callable[[str], Task]] = {
    "digits": _digits,
    "sine": _sine,
    "diabetes": _diabetes,
    "text": _text,
}
