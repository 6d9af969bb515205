"""Measurements of activations and of the networks that use them.

Modules:
    accuracy   The error of a function, beside the same function in float64.
    compiled   The kernels of a program that is compiled for a device that is not there.
    workloads  The programs that are measured: functions, their modes, and their traffic.
    memory     The memory that reverse mode needs.
    timing     The time that programs take, beside each other and the best speeds of the machine.
    results    The records of measurements: in files, in tables and in pictures.
    ranking    A ranking of what activations may keep, by what a network needs with it.
"""

from activax.bench.accuracy.floats import critical, delicate, magnitudes, neighbours, ranks, roots
from activax.bench.accuracy.slopes import SlopeError, slope_error
from activax.bench.accuracy.ulps import errors, near, precise, slope
from activax.bench.compiled.program import Program, compile_for
from activax.bench.memory.bits import Layers, Positions, layers, positions
from activax.bench.memory.kept import kept
from activax.bench.memory.temporary import temporary
from activax.bench.ranking import Ranked, Ranking, rank
from activax.bench.timing.measure import Effort, compare, measure
from activax.bench.timing.roofline import Roofline
from activax.bench.timing.row import Row
from activax.bench.workloads.flops import matrix_flops
from activax.bench.workloads.torch_programs import TorchFunction
from activax.core import contents as _contents

__all__ = [
    "Effort",
    "Layers",
    "Positions",
    "Program",
    "Ranked",
    "Ranking",
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
