"""Measurements of activations and of the networks that use them."""

from activax.bench.aot import Program as Program
from activax.bench.aot import compile_for as compile_for
from activax.bench.floats import critical as critical
from activax.bench.floats import delicate as delicate
from activax.bench.floats import magnitudes as magnitudes
from activax.bench.floats import neighbours as neighbours
from activax.bench.floats import ranks as ranks
from activax.bench.floats import roots as roots
from activax.bench.memory import kept as kept
from activax.bench.ulps import errors as errors
from activax.bench.ulps import precise as precise
from activax.bench.ulps import slope as slope
