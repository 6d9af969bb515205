"""The memory that reverse mode needs.

Modules:
    kept       The arrays that reverse mode keeps.
    temporary  The memory that a compiled program needs beside its arguments and results.
    bits       Bits an element that an activation adds to a network, beyond an identity.
"""
