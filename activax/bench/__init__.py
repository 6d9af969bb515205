"""Measurements of activations and of the networks that use them."""

from activax.bench.aot import Program as Program
from activax.bench.aot import compile_for as compile_for
from activax.bench.floats import critical as critical
from activax.bench.floats import delicate as delicate
from activax.bench.floats import magnitudes as magnitudes
from activax.bench.floats import neighbours as neighbours
from activax.bench.floats import ranks as ranks
from activax.bench.floats import roots as roots
from activax.bench.measure import Effort as Effort
from activax.bench.measure import Row as Row
from activax.bench.measure import compare as compare
from activax.bench.measure import measure as measure
from activax.bench.memory import kept as kept
from activax.bench.roofline import Roofline as Roofline
from activax.bench.roofline import matrix_flops as matrix_flops
from activax.bench.torch_programs import TorchFunction as TorchFunction
from activax.bench.ulps import errors as errors
from activax.bench.ulps import near as near
from activax.bench.ulps import precise as precise
from activax.bench.ulps import slope as slope
