"""Measurements of activations and of the networks that use them."""

from activax.bench.aot import Program, compile_for
from activax.bench.floats import critical, delicate, magnitudes, neighbours, ranks, roots
from activax.bench.measure import Effort, Row, compare, measure
from activax.bench.memory import Layers, Positions, kept, layers, positions, temporary
from activax.bench.ranking import Ranked, rank
from activax.bench.roofline import Roofline, matrix_flops
from activax.bench.slopes import SlopeError, slope_error
from activax.bench.torch_programs import TorchFunction
from activax.bench.ulps import errors, near, precise, slope
from activax.core import contents as _contents

__all__ = [
    "Effort",
    "Layers",
    "Positions",
    "Program",
    "Ranked",
    "Roofline",
    "Row",
    "SlopeError",
    "TorchFunction",
    "compare",
    "compile_for",
    "critical",
    "delicate",
    "errors",
    "kept",
    "layers",
    "magnitudes",
    "matrix_flops",
    "measure",
    "near",
    "neighbours",
    "positions",
    "precise",
    "rank",
    "ranks",
    "roots",
    "slope",
    "slope_error",
    "temporary",
]

__doc__ = _contents.index(__name__, __all__)


def __dir__() -> list[str]:
    return __all__
