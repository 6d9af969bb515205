"""Threshold neurons and rectifiers whose slopes are surrogates.

Modules:
    neurons     The threshold neuron with a threshold and a surrogate of choice.
    surrogate   The decorator of a value with the slopes of another function.
    bounded     Threshold neurons whose surrogate slopes are those of a bounded sigmoid.
    unbounded   Threshold neurons whose surrogates are unbounded or no sigmoids, and a rectifier.
"""
