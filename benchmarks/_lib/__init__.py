"""Parts that benchmarks share.

Modules:
    claims           Group the records of a race, and say what they allow to claim.
    compared         Name the activations that are compared with those of other libraries.
    publishing       Print tables, write and read records, and parse common options.
    compiled_loops   Repeat a function inside one compiled program.
    python_calls     Call a function from Python again and again.
    unrolled_layers  Compile a network whose layers are unrolled.
    speed_settings   Build the programs of `benchmarks.speed` in each setting.
    speed_file       Keep the records of `benchmarks.speed` in a file.
    speed_races      Plan and time the races of `benchmarks.speed`.
    speed_goals      Judge the goals of speed.
    speed_tables     Write the tables of `benchmarks.speed`.
    suite_tables     Write the tables of the suites of `activax bench`.
    highlights       Write the table of the README.
    aot_programs     Compile an activation, its gradient or a stack of layers for a device.
    interpreter      Evaluate an optimised program in NumPy.
    quantities       Name the two quantities that are judged, value and slope.
    sweep            Run many inputs through a function, and count what is wrong.
    sweep_records    Keep the records of sweeps in a file.
    order            Count neighbouring results that are in the wrong order.
    exact_rounding   Round exact results to 16 bits.
    deep_networks    Draw deep networks without skips, by ways to initialise them.
    device_layers    Time feed-forward layers by what they keep, and their memory.
    device_numbers   Judge values and slopes on the device at hand.
    device_races     Race activations with little time for compilers.
    resumable        Run many measurements in a limited time, and go on later.
    minimax          Fit polynomials and rationals with the least largest error.
"""

__all__ = [
    "aot_programs",
    "claims",
    "compared",
    "compiled_loops",
    "deep_networks",
    "device_layers",
    "device_numbers",
    "device_races",
    "exact_rounding",
    "highlights",
    "interpreter",
    "minimax",
    "order",
    "publishing",
    "python_calls",
    "quantities",
    "resumable",
    "speed_file",
    "speed_goals",
    "speed_races",
    "speed_settings",
    "speed_tables",
    "suite_tables",
    "sweep",
    "sweep_records",
    "unrolled_layers",
]
