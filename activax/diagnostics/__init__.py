"""What happens inside a network."""

from activax.diagnostics.jacobian import Spectrum as Spectrum
from activax.diagnostics.jacobian import jacobian_spectrum as jacobian_spectrum
from activax.diagnostics.linearity import Affinity as Affinity
from activax.diagnostics.linearity import LinearMap as LinearMap
from activax.diagnostics.linearity import affinity as affinity
from activax.diagnostics.linearity import linear_map as linear_map
from activax.diagnostics.regions import LinearRegions as LinearRegions
from activax.diagnostics.regions import linear_regions as linear_regions
from activax.diagnostics.units import dead as dead
