"""Activations of a whole vector: distributions over its elements, and lengths.

Modules:
    balanced  The matrix with sums of 1 along both of its axes.
    dense     Distributions that give every element a share.
    entmax    Distributions between softmax and hardmax, which give some elements nothing.
    lengths   Activations that keep the direction of a vector and change its length.
    shares    Shares of other functions than the exponential of each element.
    sinks     Distributions that may give away less than the whole.
    sparse    Distributions that give some elements nothing.
    tempered  Softmaxes of logits that a temperature divides, or a factor multiplies.
"""
