"""What happens inside a network."""

from activax.diagnostics.cotangents import Cotangents as Cotangents
from activax.diagnostics.cotangents import sink as sink
from activax.diagnostics.cotangents import tap as tap
from activax.diagnostics.gradients import GradientFlow as GradientFlow
from activax.diagnostics.gradients import gradient_flow as gradient_flow
from activax.diagnostics.nonfinite import NonFinite as NonFinite
from activax.diagnostics.nonfinite import first_nonfinite as first_nonfinite
from activax.diagnostics.statistics import Statistics as Statistics
from activax.diagnostics.statistics import merge as merge
from activax.diagnostics.statistics import merge_along as merge_along
from activax.diagnostics.statistics import merge_over as merge_over
from activax.diagnostics.statistics import statistics as statistics
from activax.diagnostics.statistics import summarize as summarize
from activax.diagnostics.units import Health as Health
from activax.diagnostics.units import HealthReport as HealthReport
from activax.diagnostics.units import dead as dead
from activax.diagnostics.units import health_init as health_init
from activax.diagnostics.units import health_report as health_report
from activax.diagnostics.units import health_update as health_update
