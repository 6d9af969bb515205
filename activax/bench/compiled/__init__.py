"""The kernels of a program that is compiled for a device that is not there.

Modules:
    program   `compile_for`, and the facts of a compiled program.
    compiler  The process that compiles.
    hlo       The kernels in the text of a program, and the memory that each reads and writes.
    sass      The machine instructions of NVIDIA kernels.

The folder `specs` holds XLA's descriptions of GPUs.
"""
