"""The 1,797 images of handwritten digits that scikit-learn ships."""

import functools
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLASSES = 10


class Images(NamedTuple):
    """Standardised pixels, and labels."""

    x: Any
    y: Any


@functools.cache
def digits() -> tuple[Images, Images]:
    """Return the images to train on, and a quarter of all that is held out."""
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=0.25, stratify=y, random_state=0
    )
    mean, scale = x_train.mean(), x_train.std()
    split = ((x_train, y_train), (x_test, y_test))
    train, test = (Images(((x - mean) / scale).astype(np.float32), y) for x, y in split)
    return train, test
