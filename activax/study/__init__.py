"""Comparisons of activations: the experiment of `activax train`, and statistics of paired runs.

Modules:
    settings    The size of the networks, and how they are trained.
    images      The images and their labels.
    experiment  The networks, their training, and what it reached.
    comparison  What differs from a reference, and what may be the best.
"""

from activax.core import contents as _contents
from activax.study.comparison import (
    Comparison,
    compare_paired,
    detectable,
    failure_rate,
    may_be_best,
)

__all__ = ["Comparison", "compare_paired", "detectable", "failure_rate", "may_be_best"]

__doc__ = _contents.index(__name__, __all__)


def __dir__() -> list[str]:
    return __all__
