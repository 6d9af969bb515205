"""Periodic activations, and others of networks that map coordinates to values.

Modules:
    waves       Functions of a sine and a cosine alone.
    trends      A wave plus or times a trend.
    hyperbolic  Hyperbolic sines and their inverses, and tanh with a trained scale.
"""
