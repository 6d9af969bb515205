"""Activations of the form x g(x), where the gate g rises from 0 to 1, and their kin.

Modules:
    units      Sigmoid linear units, the approximations of gelu, mish and lisht.
    logistic   Units whose gate is the logistic function of a line, or is built on it.
    nested     Units whose gate is one saturating function of another.
    adaptive   Units like mish whose gate has parameters.
    expanded   Units with the distribution function of another variable, or a wider range.
    bent       Units that are even or odd, that bend between lines, or add a wave to silu.
    joined     Units that join silu with another piece, or compose it with a function.
    shifted    Units like swish whose gate is shifted, scaled or raised to a power.
    tanh_soft  Units of a softplus and a factor that saturates.
    powers     A unit whose gate has a power that falls to 0 far out.
"""
