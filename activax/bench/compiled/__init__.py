"""The kernels of a program that is compiled for a device that is not there.

Modules:
    targets   The devices to compile for; `specs` holds XLA's descriptions of GPUs.
    compiler  The process that compiles.
    client    The start of that process, and the requests to it.
    hlo       The kernels in the text of a program, and the memory that each reads and writes.
    sass      The machine instructions of NVIDIA kernels.
    program   `compile_for`, and the facts of a compiled program.
"""
