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
    minimax         Fit polynomials and rationals with the least largest error.
"""

__all__ = [
    "aot_programs",
    "claims",
    "compiled_loops",
    "deep_networks",
    "exact_rounding",
    "minimax",
    "order",
    "publishing",
    "sweep",
    "sweep_records",
]
