"""Parts that benchmarks share.

Modules:
    claims          Group the records of a race, and say what they allow to claim.
    publishing      Print tables, write and read records, and parse common options.
    compiled_loops  Repeat a function inside one compiled program.
    aot_programs    Compile an activation, its gradient or a stack of layers for a device.
    sweep           Run many inputs through a function, and count what is wrong.
    sweep_records   Keep the records of sweeps in a file.
    order           Count neighbouring results that are in the wrong order.
    exact_rounding  Round exact results to 16 bits.
    deep_networks   Draw deep networks without skips, by ways to initialise them.
    device_layers   Time feed-forward layers by what they keep, and their memory.
    device_numbers  Judge values and slopes on the device at hand.
    device_races    Race activations with little time for compilers.
    interpreter     Evaluate an optimised program in NumPy.
    minimax         Fit polynomials and rationals with the least largest error.
    resumable       Run many measurements in a limited time, and go on later.
"""

__all__ = [
    "aot_programs",
    "claims",
    "compiled_loops",
    "deep_networks",
    "device_layers",
    "device_numbers",
    "device_races",
    "exact_rounding",
    "interpreter",
    "minimax",
    "order",
    "publishing",
    "resumable",
    "sweep",
    "sweep_records",
]
