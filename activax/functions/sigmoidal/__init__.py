"""Activations that saturate on both sides, and their relatives.

Modules:
    logistic    The logistic sigmoid, its logarithm, and its generalisations with parameters.
    hyperbolic  The hyperbolic tangent, scaled, bent and penalized.
    algebraic   Sigmoids of quotients and roots, which saturate as powers of 1/x.
    asymmetric  Sigmoids that approach their two limits at different rates.
    smooth      Error functions, arc tangents, and polynomials between two constants.
    caps        Activations that cap logits, or take the place of a normalisation.
    sums        Sums, products and compositions of sigmoids.
"""
