"""The time that programs take, beside each other and beside the best speeds of the machine.

Modules:
    stopwatch     Programs that run in turn, and intervals of their median times.
    rotation      Arguments that exceed the last cache together.
    jax_programs  Compiled JAX programs that write into the buffers of their last results.
    device_time   The time that an accelerator itself works.
    roofline      The best speeds of this machine.
    row           A row of measurements, and the claims that two rows allow.
    measure       `compare` and `measure`: time, traffic, memory and error of functions.
"""
