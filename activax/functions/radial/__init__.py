"""Activations that depend on the distance from a point: bumps, their inverses, and wavelets.

Modules:
    bumps     Bumps, and radial functions that grow.
    wavelets  Bumps that oscillate.
"""
