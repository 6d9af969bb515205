"""Hard units: piecewise linear or quadratic stand-ins for tanh, sigmoid, silu, mish and gelu.

Modules:
    units     Hard tanh, sigmoid, silu and mish.
    variants  Hard units with other slopes, a window, and the gelu of networks of few bits.
"""
