"""Elementary functions that serve as activations, or build them.

Modules:
    absolute      The identity, the absolute value, and its smooth relatives.
    exponentials  The exponential function and its even, odd and signed parts.
    logarithms    Functions that grow as a logarithm, or are one.
    powers        Powers, and roots with the sign of the input.
"""
