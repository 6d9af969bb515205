"""Measurements of signals, gradients and units inside a network."""

from activax.core import contents as _contents
from activax.diagnostics import plot
from activax.diagnostics.cotangents import Cotangents, sink, tap
from activax.diagnostics.frameworks import functional
from activax.diagnostics.gradients import GradientFlow, gradient_flow
from activax.diagnostics.interpreter import Point
from activax.diagnostics.jacobian import Spectrum, jacobian_spectrum
from activax.diagnostics.linearity import Affinity, LinearMap, affinity, linear_map
from activax.diagnostics.merging import Statistics, merge, merge_along, merge_over
from activax.diagnostics.nonfinite import NonFinite, first_nonfinite
from activax.diagnostics.regions import LinearRegions, linear_regions
from activax.diagnostics.router import RouterLosses, router_losses
from activax.diagnostics.statistics import statistics
from activax.diagnostics.summaries import summarize
from activax.diagnostics.unit_health import unit_health
from activax.diagnostics.units import (
    Health,
    HealthReport,
    dead,
    health_init,
    health_report,
    health_update,
)
from activax.diagnostics.watch import points, sinks, watch

__all__ = [
    "Affinity",
    "Cotangents",
    "GradientFlow",
    "Health",
    "HealthReport",
    "LinearMap",
    "LinearRegions",
    "NonFinite",
    "Point",
    "RouterLosses",
    "Spectrum",
    "Statistics",
    "affinity",
    "dead",
    "first_nonfinite",
    "functional",
    "gradient_flow",
    "health_init",
    "health_report",
    "health_update",
    "jacobian_spectrum",
    "linear_map",
    "linear_regions",
    "merge",
    "merge_along",
    "merge_over",
    "plot",
    "points",
    "router_losses",
    "sink",
    "sinks",
    "statistics",
    "summarize",
    "tap",
    "unit_health",
    "watch",
]

__doc__ = _contents.index(__name__, __all__)


def __dir__() -> list[str]:
    return __all__
