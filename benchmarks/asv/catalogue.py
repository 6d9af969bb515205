"""The time, the kept bits and the share of the roofline of every activation."""

import jax

import activax
from activax.bench import Effort, kept, measure
from activax.bench.timing.jax_programs import JaxProgram
from activax.bench.timing.rotation import concrete
from activax.bench.workloads.modes import MODES
from activax.bench.workloads.suites import chosen

FUNCTIONS = [activation.name for suite in ("act", "glu") for activation in chosen(suite)]
DTYPES = ["float32", "bfloat16"]
SHAPE = (1024, 1024)


def specs(name: str, dtype: str) -> list[jax.ShapeDtypeStruct]:
    """Return the inputs of an activation."""
    return [jax.ShapeDtypeStruct(SHAPE, dtype)] * activax.get(name).inputs


class Speed:
    """The time of a call that writes into the buffers of the last results."""

    params = (FUNCTIONS, DTYPES, ["forward", "backward"])
    param_names = ("activation", "dtype", "mode")

    def setup(self, name: str, dtype: str, mode: str) -> None:
        work = MODES[mode](activax.get(name), tuple(concrete(specs(name, dtype))))
        self.program = JaxProgram(work.function, work.arguments)
        self.program(calls=1)

    def time_call(self, name: str, dtype: str, mode: str) -> None:
        self.program(calls=1)


class RooflineShare:
    """The speed in percent of that of a copy with the same traffic, timed in turn with it."""

    params = (FUNCTIONS, DTYPES)
    param_names = ("activation", "dtype")
    unit = "%"

    def track_percent_of_roofline(self, name: str, dtype: str) -> float:
        effort = Effort(repeats=9, sample_s=0.005)
        return measure(activax.get(name), *specs(name, dtype), effort=effort).percent_of_roofline


class Memory:
    """The bits that reverse mode keeps, arguments included."""

    params = (FUNCTIONS, DTYPES)
    param_names = ("activation", "dtype")
    unit = "bits an element"

    def track_kept_bits(self, name: str, dtype: str) -> float:
        arrays = kept(activax.get(name), *specs(name, dtype), arguments=True)
        return 8 * sum(array.nbytes for array in arrays) / (SHAPE[0] * SHAPE[1])
